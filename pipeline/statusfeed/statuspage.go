package statusfeed

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// statuspage is what incidents.json, incidents/unresolved.json,
// scheduled-maintenances.json and summary.json of an Atlassian Statuspage have
// in common. There are no further pages: ?page=2 returns the same bytes.
type statuspage struct {
	Page *struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		URL       string `json:"url"`
		UpdatedAt stamp  `json:"updated_at"`
	} `json:"page"`
	Status jsontext.Value `json:"status"` // in a summary, which lists no incident that is over
	// A summary without incidents may leave the two out; incident.io writes null.
	Incidents    []jsontext.Value `json:"incidents"`
	Maintenances []jsontext.Value `json:"scheduled_maintenances"`
}

type incident struct {
	ID             wire.ID            `json:"id"`
	Name           string             `json:"name"`
	Status         string             `json:"status"`
	Impact         string             `json:"impact"`
	Shortlink      string             `json:"shortlink"`
	CreatedAt      stamp              `json:"created_at"`
	StartedAt      stamp              `json:"started_at"`
	UpdatedAt      stamp              `json:"updated_at"`
	ResolvedAt     stamp              `json:"resolved_at"`
	ScheduledFor   stamp              `json:"scheduled_for"`
	ScheduledUntil stamp              `json:"scheduled_until"`
	Updates        []incidentUpdate   `json:"incident_updates"`
	Components     wire.Soft[[]named] `json:"components"`
	maintenance    bool               // from the list of maintenances
}

type incidentUpdate struct {
	Status     string             `json:"status"`
	Body       string             `json:"body"`
	CreatedAt  stamp              `json:"created_at"`
	DisplayAt  stamp              `json:"display_at"`
	Components wire.Soft[[]named] `json:"affected_components"`
}

// parseStatuspage reads any of the shapes of an Atlassian Statuspage.
func parseStatuspage(raw []byte) (Answer, error) {
	var p statuspage
	if err := unmarshal(raw, &p); err != nil {
		return Answer{}, err
	}
	if p.Page == nil {
		return Answer{}, errors.New("no member \"page\": this is no Statuspage answer")
	}
	a := Answer{Name: p.Page.Name, Built: p.Page.UpdatedAt.Time, Ongoing: p.Status != nil}
	each(&a, p.Incidents, func(in *incident) (hugops.Outage, error) { return in.outage(p.Page.URL) })
	each(&a, p.Maintenances, func(in *incident) (hugops.Outage, error) {
		in.maintenance = true
		return in.outage(p.Page.URL)
	})
	return a, nil
}

func (in *incident) outage(pageURL string) (hugops.Outage, error) {
	if in.ID == "" {
		return hugops.Outage{}, errors.New("id is missing")
	}
	o := hugops.Outage{FeedID: string(in.ID), Title: in.Name, Impact: in.Impact, URL: in.Shortlink}
	if in.maintenance {
		o.Impact = "maintenance"
		if in.Impact != "maintenance" {
			o.Severity = in.Impact
		}
	}
	if !wire.WebURL(o.URL) && wire.WebURL(pageURL) {
		o.URL = strings.TrimRight(pageURL, "/") + "/incidents/" + string(in.ID)
	}
	o.StartedAt, o.EndedAt = in.span()
	o.Components = names(in.Components.V)
	for _, u := range slices.Backward(in.Updates) {
		o.Components = append(o.Components, names(u.Components.V)...)
	}
	for _, u := range in.Updates {
		o.Updates = append(o.Updates, hugops.Update{At: u.at(), Status: u.Status, Text: plain(u.Body)})
	}
	newestFirst(o.Updates)
	return o, nil
}

// span is the start and the end; the end is zero while the incident is open.
// What is planned ends as it is planned until it has begun.
func (in *incident) span() (start, end time.Time) {
	start, end = in.StartedAt.Time, in.ResolvedAt.Time
	if planned := in.ScheduledFor.Time; !planned.IsZero() && (in.maintenance || in.Impact == "maintenance") {
		start = planned
		switch {
		case in.Status == "scheduled":
			end = in.ScheduledUntil.Time
		case in.over() && end.Before(start):
			end = in.ScheduledUntil.Time
		}
	}
	if start.IsZero() {
		start = in.begun()
	}
	if end.IsZero() && in.over() {
		end = in.overSince()
	}
	if !end.IsZero() && end.Before(start) {
		// Pages that write an incident up afterwards give the time of writing as
		// its start.
		start = end
		if begun := in.begun(); !begun.IsZero() && begun.Before(end) {
			start = begun
		}
	}
	return start, end
}

// begun is the time of the first notice, or that of the making when it is earlier.
func (in *incident) begun() time.Time {
	begun := in.CreatedAt.Time
	for _, u := range in.Updates {
		if at := u.at(); begun.IsZero() || !at.IsZero() && at.Before(begun) {
			begun = at
		}
	}
	return begun
}

func (in *incident) over() bool {
	return in.Status == "resolved" || in.Status == "postmortem" || in.Status == "completed"
}

// overSince is the time of the first notice that says so, for pages that leave
// resolved_at out.
func (in *incident) overSince() time.Time {
	end := in.UpdatedAt.Time
	for _, u := range in.Updates {
		if (u.Status == "resolved" || u.Status == "completed") && !u.at().IsZero() && (end.IsZero() || u.at().Before(end)) {
			end = u.at()
		}
	}
	return end
}

// at is the time that readers are shown.
func (u *incidentUpdate) at() time.Time { return first(u.DisplayAt, u.CreatedAt) }
