package statusfeed

import (
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// cachet is a list of Cachet 3's API (JSON:API): /api/incidents or
// /api/schedules, with ?include=components,updates.
type cachet struct {
	Data     []jsontext.Value `json:"data"`
	Included []cachetThing    `json:"included"`
}

// cachetTime is in the server's time zone, which it does not tell; it is UTC
// unless somebody changed it.
type cachetTime struct {
	String stamp `json:"string"`
}

type cachetThing struct {
	ID         wire.ID `json:"id"`
	Type       string  `json:"type"` // incidents, schedules, updates, components
	Attributes struct {
		GUID    string `json:"guid"`
		Name    string `json:"name"`
		Message string `json:"message"` // Markdown
		Status  struct {
			Human string `json:"human"`
			Value *int   `json:"value"`
		} `json:"status"`
		Occurred  cachetTime `json:"occurred"`
		Published cachetTime `json:"published"`
		Created   cachetTime `json:"created"`
		Updated   cachetTime `json:"updated"`
		Scheduled cachetTime `json:"scheduled"`
		Completed cachetTime `json:"completed"`
	} `json:"attributes"`
	Relationships struct {
		Updates    cachetRefs `json:"updates"`
		Components cachetRefs `json:"components"`
	} `json:"relationships"`
}

type cachetRefs struct {
	Data []struct {
		ID wire.ID `json:"id"`
	} `json:"data"`
}

func parseCachet(raw []byte) (Answer, error) {
	var p cachet
	if err := unmarshal(raw, &p); err != nil {
		return Answer{}, err
	}
	if p.Data == nil {
		return Answer{}, errors.New("no list \"data\": this is no answer of Cachet 3")
	}
	included := map[string]cachetThing{}
	for _, t := range p.Included {
		included[t.Type+"/"+string(t.ID)] = t
	}
	var a Answer
	each(&a, p.Data, func(t *cachetThing) (hugops.Outage, error) { return t.outage(included) })
	return a, nil
}

func (t *cachetThing) outage(included map[string]cachetThing) (hugops.Outage, error) {
	at := &t.Attributes
	if t.ID == "" || t.Type != "incidents" && t.Type != "schedules" {
		return hugops.Outage{}, errors.New("neither an incident nor a schedule with an id")
	}
	o := hugops.Outage{FeedID: string(t.ID), Title: at.Name, StartedAt: first(at.Occurred.String, at.Published.String, at.Created.String)}
	last := later(o.StartedAt, at.Updated.String.Time)
	if text := plain(at.Message); text != "" {
		o.Updates = append(o.Updates, hugops.Update{At: o.StartedAt, Text: text})
	}
	var fixed time.Time
	for _, ref := range t.Relationships.Updates.Data {
		u, ok := included["updates/"+string(ref.ID)]
		if !ok {
			continue
		}
		status := cachetStatus(u.Attributes.Status.Value)
		when := u.Attributes.Created.String.Time
		if status == "resolved" {
			fixed = later(fixed, when)
		}
		o.Updates = append(o.Updates, hugops.Update{At: when, Status: status, Text: plain(u.Attributes.Message)})
	}
	for _, ref := range t.Relationships.Components.Data {
		o.Components = append(o.Components, included["components/"+string(ref.ID)].Attributes.Name)
	}
	if t.Type == "schedules" {
		// Schedules count by themselves: incident 1 and schedule 1 are two.
		o.FeedID, o.Impact = "schedule-"+o.FeedID, "maintenance"
		o.StartedAt, o.EndedAt = first(at.Scheduled.String, at.Created.String), at.Completed.String.Time
		return o, nil
	}
	if o.Severity = strings.ToLower(at.Status.Human); at.Status.Value != nil && *at.Status.Value == 4 {
		o.EndedAt = last
		if !fixed.IsZero() {
			o.EndedAt = fixed
		}
	}
	return o, nil
}

func cachetStatus(value *int) string {
	states := []string{"", "investigating", "identified", "monitoring", "resolved"}
	if value == nil || *value < 0 || *value >= len(states) {
		return ""
	}
	return states[*value]
}
