package statusfeed

import (
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// incidentio is the answer of the Widget API of an incident.io page
// (/api/v1/summary), which lists only what goes on or is planned. The page's
// /api/v2/ answers are those of a Statuspage.
type incidentio struct {
	Title       string           `json:"page_title"`
	URL         string           `json:"page_url"`
	Ongoing     []jsontext.Value `json:"ongoing_incidents"`
	Maintaining []jsontext.Value `json:"in_progress_maintenances"`
	Scheduled   []jsontext.Value `json:"scheduled_maintenances"`
}

type widgetEvent struct {
	ID         wire.ID            `json:"id"`
	Name       string             `json:"name"`
	Status     string             `json:"status"`
	URL        string             `json:"url"`
	Impact     string             `json:"current_worst_impact"`
	Components wire.Soft[[]named] `json:"affected_components"`
	UpdatedAt  stamp              `json:"last_update_at"`
	Message    string             `json:"last_update_message"`
	CreatedAt  stamp              `json:"created_at"`
	StartedAt  stamp              `json:"started_at"`
	StartsAt   stamp              `json:"starts_at"`
	EndsAt     stamp              `json:"ends_at"`
	PlannedEnd stamp              `json:"scheduled_end_at"`
}

// parseIncidentIO reads a Statuspage's answer or that of the Widget API.
func parseIncidentIO(raw []byte) (Answer, error) {
	var p incidentio
	if err := unmarshal(raw, &p); err != nil {
		return Answer{}, err
	}
	if p.Ongoing == nil && p.Maintaining == nil {
		return parseStatuspage(raw)
	}
	a := Answer{Name: p.Title, Ongoing: true}
	each(&a, p.Ongoing, func(e *widgetEvent) (hugops.Outage, error) { return e.outage(false) })
	each(&a, p.Maintaining, func(e *widgetEvent) (hugops.Outage, error) { return e.outage(true) })
	each(&a, p.Scheduled, func(e *widgetEvent) (hugops.Outage, error) { return e.outage(true) })
	return a, nil
}

func (e *widgetEvent) outage(maintenance bool) (hugops.Outage, error) {
	if e.ID == "" {
		return hugops.Outage{}, errors.New("id is missing")
	}
	o := hugops.Outage{FeedID: string(e.ID), Title: e.Name, URL: e.URL, Components: names(e.Components.V), Severity: e.Impact,
		Impact: widgetImpact(e.Impact), StartedAt: first(e.StartedAt, e.StartsAt, e.CreatedAt, stamp{made(string(e.ID), e.UpdatedAt.Time)})}
	if maintenance {
		o.Impact = "maintenance"
		if e.Status == "maintenance_scheduled" {
			o.EndedAt = first(e.EndsAt, e.PlannedEnd)
		}
	}
	if text := plain(e.Message); text != "" {
		o.Updates = []hugops.Update{{At: e.UpdatedAt.Time, Status: strings.TrimPrefix(e.Status, "maintenance_"), Text: text}}
	}
	return o, nil
}

// made is when an incident was made, which the Widget API does not tell: its id
// is a ULID, whose first ten characters are the milliseconds since 1970. Where
// that gives no time of the year before the last update, it is the update's.
func made(id string, updated time.Time) time.Time {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	if len(id) != 26 {
		return updated
	}
	var ms int64
	for _, c := range id[:10] {
		ms = ms<<5 | int64(max(0, strings.IndexRune(digits, c)))
	}
	at := time.UnixMilli(ms).UTC()
	if at.After(updated) || at.Before(updated.AddDate(-1, 0, 0)) {
		return updated
	}
	return at
}

// widgetImpact turns the state of a component into an impact.
func widgetImpact(state string) string {
	switch state {
	case "full_outage", "major_outage":
		return "critical"
	case "partial_outage":
		return "major"
	case "degraded_performance":
		return "minor"
	}
	return ""
}
