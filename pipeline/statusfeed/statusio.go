package statusfeed

import (
	"errors"
	"regexp"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// statusIO is the answer of Status.io's public API
// (https://kb.status.io/developers/public-status-api/), which lists what goes on
// and what is planned.
type statusIO struct {
	Result *struct {
		Overall *struct {
			Updated stamp `json:"updated"`
			Code    int   `json:"status_code"`
		} `json:"status_overall"`
		Incidents   []jsontext.Value `json:"incidents"`
		Maintenance wire.Soft[struct {
			Active   []jsontext.Value `json:"active"`
			Upcoming []jsontext.Value `json:"upcoming"`
		}] `json:"maintenance"`
	} `json:"result"`
}

type statusIOEvent struct {
	ID         wire.ID            `json:"_id"`
	Name       string             `json:"name"`
	Opened     stamp              `json:"datetime_open"`
	Closed     stamp              `json:"datetime_closed"`
	PlanStart  stamp              `json:"datetime_planned_start"`
	PlanEnd    stamp              `json:"datetime_planned_end"`
	Components wire.Soft[[]named] `json:"components_affected"`
	Containers wire.Soft[[]named] `json:"containers_affected"`
	Messages   []struct {
		At      stamp  `json:"datetime"`
		Details string `json:"details"`
		State   int    `json:"state"`
		Status  int    `json:"status"`
	} `json:"messages"`
}

func parseStatusIO(raw []byte) (Answer, error) {
	var p statusIO
	if err := unmarshal(raw, &p); err != nil {
		return Answer{}, err
	}
	if p.Result == nil || p.Result.Overall == nil {
		return Answer{}, errors.New("no member \"result\" with a \"status_overall\": this is no answer of Status.io")
	}
	a := Answer{Ongoing: true}
	each(&a, p.Result.Incidents, func(e *statusIOEvent) (hugops.Outage, error) { return e.incident() })
	each(&a, p.Result.Maintenance.V.Active, func(e *statusIOEvent) (hugops.Outage, error) { return e.maintenance(true) })
	each(&a, p.Result.Maintenance.V.Upcoming, func(e *statusIOEvent) (hugops.Outage, error) { return e.maintenance(false) })
	return a, nil
}

func (e *statusIOEvent) incident() (hugops.Outage, error) {
	o, err := e.outage(map[int]string{100: "investigating", 200: "identified", 300: "monitoring", 400: "resolved"})
	o.EndedAt = e.Closed.Time
	if n := len(o.Updates); n > 0 && o.EndedAt.IsZero() && o.Updates[n-1].Status == "resolved" {
		o.EndedAt = o.Updates[n-1].At
	}
	return o, err
}

func (e *statusIOEvent) maintenance(active bool) (hugops.Outage, error) {
	o, err := e.outage(map[int]string{100: "scheduled", 200: "in_progress", 300: "verifying", 400: "completed"})
	o.Impact, o.StartedAt = "maintenance", first(e.PlanStart, e.Opened)
	if !active {
		o.EndedAt = e.PlanEnd.Time
	}
	return o, err
}

// outage has the worst impact that a message tells: 100 operational, 200 planned
// maintenance, 300 degraded, 400 partial, 500 full disruption, 600 security.
func (e *statusIOEvent) outage(states map[int]string) (hugops.Outage, error) {
	if e.ID == "" {
		return hugops.Outage{}, errors.New("_id is missing")
	}
	o := hugops.Outage{FeedID: string(e.ID), Title: e.Name, StartedAt: e.Opened.Time, Components: names(e.Components.V), Regions: names(e.Containers.V)}
	for _, m := range e.Messages {
		o.Updates = append(o.Updates, hugops.Update{At: m.At.Time, Status: states[m.State], Text: plain(m.Details)})
		o.Impact = worse(o.Impact, map[int]string{100: "none", 300: "minor", 400: "major", 500: "critical", 600: "critical"}[m.Status])
		if m.Status == 600 {
			o.Severity = "security"
		}
		if o.StartedAt.IsZero() {
			o.StartedAt = m.At.Time
		}
	}
	return tidy(o), nil
}

var statusIOPage = regexp.MustCompile(`(?i)(?:page_?id["']?\s*[:=]\s*["']?|/1\.0/(?:status|summary)/|/pages/(?:history|incident|maintenance)/)([0-9a-f]{24})\b`)

// statusIOAddress is the feed of the page whose HTML names its id.
func statusIOAddress(html []byte) string {
	m := statusIOPage.FindSubmatch(html)
	if m == nil {
		return ""
	}
	return "https://status-api.hostedstatus.com/1.0/status/" + string(m[1])
}
