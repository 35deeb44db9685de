package statusfeed

import (
	"bytes"
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// slackCurrent is the answer of Slack's /current; /history is an array of the
// same incidents.
type slackCurrent struct {
	Status    string           `json:"status"` // ok, active
	UpdatedAt stamp            `json:"date_updated"`
	Active    []jsontext.Value `json:"active_incidents"`
}

type slackIncident struct {
	ID       wire.ID  `json:"id"` // a string in the documents, a number on the wire
	Title    string   `json:"title"`
	Type     string   `json:"type"`   // incident, notice, outage
	Status   string   `json:"status"` // active, resolved, scheduled, completed, cancelled
	URL      string   `json:"url"`
	Services []string `json:"services"`
	Created  stamp    `json:"date_created"`
	Updated  stamp    `json:"date_updated"`
	Notes    []struct {
		Created stamp  `json:"date_created"`
		Body    string `json:"body"` // HTML
	} `json:"notes"`
}

func parseSlack(raw []byte) (Answer, error) {
	a := Answer{Name: "Slack"}
	var list []jsontext.Value
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		if err := unmarshal(raw, &list); err != nil {
			return Answer{}, err
		}
	} else {
		var c slackCurrent
		if err := unmarshal(raw, &c); err != nil {
			return Answer{}, err
		}
		if c.Status == "" || c.Active == nil {
			return Answer{}, errors.New("neither a history nor a status with its active incidents")
		}
		list, a.Ongoing = c.Active, true
	}
	each(&a, list, (*slackIncident).outage)
	return a, nil
}

func (in *slackIncident) outage() (hugops.Outage, error) {
	if in.ID == "" {
		return hugops.Outage{}, errors.New("id is missing")
	}
	o := hugops.Outage{FeedID: string(in.ID), Title: in.Title, URL: in.URL, Components: in.Services, Severity: in.Type, StartedAt: in.Created.Time}
	switch in.Type {
	case "outage":
		o.Impact = "critical"
	case "incident":
		o.Impact = "minor"
	case "notice":
		o.Impact = "none"
	}
	for _, n := range in.Notes {
		o.Updates = append(o.Updates, hugops.Update{At: n.Created.Time, Text: plain(n.Body)})
	}
	switch in.Status {
	case "scheduled":
		o.Impact = "maintenance"
	case "completed", "cancelled":
		o.Impact, o.EndedAt = "maintenance", in.Updated.Time
	case "resolved":
		o.EndedAt = in.Updated.Time
	}
	return o, nil
}
