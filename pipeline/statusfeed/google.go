package statusfeed

import (
	"cmp"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// googleIncident is one member of incidents.json of Google Cloud, Firebase and
// Google Workspace: a bare array of the incidents of some months. An incident is
// open while it has no end; the status of its updates does not tell.
type googleIncident struct {
	ID      wire.ID `json:"id"`
	Begin   stamp   `json:"begin"`
	Created stamp   `json:"created"`
	End     stamp   `json:"end"`
	Desc    string  `json:"external_desc"` // Markdown
	Updates []struct {
		Created stamp   `json:"created"`
		When    stamp   `json:"when"`
		Text    string  `json:"text"` // Markdown
		Status  string  `json:"status"`
		Places  []named `json:"affected_locations"`
	} `json:"updates"`
	StatusImpact string             `json:"status_impact"`
	Severity     string             `json:"severity"` // low, medium, high
	ServiceName  string             `json:"service_name"`
	Products     wire.Soft[[]named] `json:"affected_products"`
	URI          string             `json:"uri"`
	Places       wire.Soft[[]named] `json:"currently_affected_locations"`
	Before       wire.Soft[[]named] `json:"previously_affected_locations"`
}

func parseGoogle(raw []byte) (Answer, error) {
	var list []jsontext.Value
	if err := unmarshal(raw, &list); err != nil {
		return Answer{}, err
	}
	if list == nil {
		return Answer{}, errors.New("no array of incidents")
	}
	var a Answer
	each(&a, list, func(in *googleIncident) (hugops.Outage, error) {
		if in.Places.V != nil {
			a.Name = "Google Cloud" // Workspace names no places
		}
		return in.outage()
	})
	return a, nil
}

func (in *googleIncident) outage() (hugops.Outage, error) {
	if in.ID == "" || in.Begin.IsZero() && in.Created.IsZero() {
		return hugops.Outage{}, errors.New("id or begin is missing")
	}
	o := hugops.Outage{FeedID: string(in.ID), Title: headline(in.Desc), Impact: googleImpact(in.StatusImpact), Severity: in.Severity,
		StartedAt: first(in.Begin, in.Created), EndedAt: in.End.Time, Components: names(in.Products.V),
		Regions: append(names(in.Places.V), names(in.Before.V)...)}
	if len(o.Components) == 0 && in.ServiceName != "Multiple Products" {
		o.Components = []string{in.ServiceName}
	}
	if strings.HasPrefix(in.URI, "incidents/") {
		o.URL = "/" + in.URI
	}
	for _, u := range in.Updates {
		o.Updates = append(o.Updates, hugops.Update{At: first(u.When, u.Created), Status: strings.ToLower(u.Status), Text: unmark(u.Text)})
		o.Regions = append(o.Regions, names(u.Places)...)
	}
	newestFirst(o.Updates)
	o.Title = cmp.Or(o.Title, in.ServiceName)
	return o, nil
}

func googleImpact(status string) string {
	switch status {
	case "SERVICE_OUTAGE":
		return "critical"
	case "SERVICE_DISRUPTION":
		return "major"
	case "SERVICE_INFORMATION":
		return "minor"
	}
	return ""
}

// headline is the first line of a description in Markdown that says something:
// Workspace begins with the line "**Title:**".
func headline(markdown string) string {
	for line := range strings.Lines(unmark(markdown)) {
		line = strings.TrimSpace(line)
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(line, "Title:"), "Summary:"))
		if line != "" {
			return line
		}
	}
	return ""
}

var marks = strings.NewReplacer("**", "", `\#`, "#", `\*`, "*", `\_`, "_", `\-`, "-", `\.`, ".")

// unmark takes the commonest marks out of Markdown; the words stay as they are.
func unmark(markdown string) string { return marks.Replace(markdown) }
