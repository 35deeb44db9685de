package statusfeed

import (
	"bytes"
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// herokuCurrent is /api/v4/current-status; /api/v4/incidents is an array of the
// same incidents.
type herokuCurrent struct {
	Status    []jsontext.Value `json:"status"`
	Incidents []jsontext.Value `json:"incidents"`
}

// herokuIncident: "resolved" is false on incidents that are resolved, so only
// state counts.
type herokuIncident struct {
	ID      wire.ID            `json:"id"`
	Title   string             `json:"title"`
	State   string             `json:"state"`
	Created stamp              `json:"created_at"`
	Updated stamp              `json:"updated_at"`
	URL     string             `json:"full_url"`
	Tags    []string           `json:"tags"` // regions
	Systems wire.Soft[[]named] `json:"systems"`
	Updates []struct {
		Created stamp  `json:"created_at"`
		Text    string `json:"contents"`
		Type    string `json:"update_type"`
	} `json:"updates"`
}

func parseHeroku(raw []byte) (Answer, error) {
	a := Answer{Name: "Heroku"}
	var list []jsontext.Value
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		if err := unmarshal(raw, &list); err != nil {
			return Answer{}, err
		}
	} else {
		var c herokuCurrent
		if err := unmarshal(raw, &c); err != nil {
			return Answer{}, err
		}
		if c.Status == nil || c.Incidents == nil {
			return Answer{}, errors.New("neither incidents nor a current status")
		}
		list, a.Ongoing = c.Incidents, true
	}
	each(&a, list, (*herokuIncident).outage)
	return a, nil
}

func (in *herokuIncident) outage() (hugops.Outage, error) {
	if in.ID == "" || in.State == "" {
		return hugops.Outage{}, errors.New("id or state is missing")
	}
	o := hugops.Outage{FeedID: string(in.ID), Title: in.Title, URL: in.URL, StartedAt: in.Created.Time, Regions: in.Tags, Components: names(in.Systems.V)}
	for _, u := range in.Updates {
		o.Updates = append(o.Updates, hugops.Update{At: u.Created.Time, Status: u.Type, Text: plain(u.Text)})
		o.EndedAt = later(o.EndedAt, u.Created.Time)
	}
	newestFirst(o.Updates)
	if in.State != "resolved" {
		o.EndedAt = first() // open
	} else if o.EndedAt.IsZero() {
		o.EndedAt = in.Updated.Time
	}
	return o, nil
}
