package statusfeed

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// instatus is summary.json of an Instatus page, which lists only what goes on or
// is planned; a list without members is left out.
type instatus struct {
	Page *struct {
		Name   string `json:"name"`
		URL    string `json:"url"`
		Status word   `json:"status"` // UP, HASISSUES, UNDERMAINTENANCE
	} `json:"page"`
	Incidents    []jsontext.Value `json:"activeIncidents"`
	Maintenances []jsontext.Value `json:"activeMaintenances"`
}

type instatusEvent struct {
	ID       wire.ID `json:"id"`
	Name     string  `json:"name"`
	Started  stamp   `json:"started"` // incidents
	Start    stamp   `json:"start"`   // maintenances
	Status   word    `json:"status"`
	Impact   word    `json:"impact"`
	URL      string  `json:"url"`
	Duration wire.ID `json:"duration"` // minutes, as a string or a number
	Updated  stamp   `json:"updatedAt"`
}

func parseInstatus(raw []byte) (Answer, error) {
	var p instatus
	if err := unmarshal(raw, &p); err != nil {
		return Answer{}, err
	}
	if p.Page == nil || p.Page.Status == "" {
		return Answer{}, errors.New("no member \"page\" with a status: this is no Instatus summary")
	}
	a := Answer{Name: p.Page.Name, Ongoing: true}
	each(&a, p.Incidents, func(e *instatusEvent) (hugops.Outage, error) { return e.outage(false) })
	each(&a, p.Maintenances, func(e *instatusEvent) (hugops.Outage, error) { return e.outage(true) })
	return a, nil
}

// outage takes the id from the address where the older shape has none.
func (e *instatusEvent) outage(maintenance bool) (hugops.Outage, error) {
	id := string(e.ID)
	if id == "" {
		id = lastSegment(e.URL)
	}
	if id == "" {
		return hugops.Outage{}, errors.New("neither an id nor an address that has one")
	}
	o := hugops.Outage{FeedID: id, Title: e.Name, URL: e.URL, Severity: string(e.Impact), StartedAt: first(e.Started, e.Start, e.Updated)}
	if maintenance {
		o.Impact = "maintenance"
		if minutes, err := strconv.ParseFloat(string(e.Duration), 64); err == nil && minutes >= 0 && minutes < 1e6 && e.Status != "INPROGRESS" {
			o.EndedAt = o.StartedAt.Add(time.Duration(minutes * float64(time.Minute)))
		}
		return o, nil
	}
	switch e.Impact {
	case "MAJOROUTAGE":
		o.Impact = "major"
	case "PARTIALOUTAGE", "MINOROUTAGE", "DEGRADEDPERFORMANCE":
		o.Impact = "minor"
	case "OPERATIONAL":
		o.Impact = "none"
	}
	if e.Status == "RESOLVED" {
		o.EndedAt = later(o.StartedAt, e.Updated.Time)
	}
	if !e.Updated.IsZero() {
		o.Updates = []hugops.Update{{At: e.Updated.Time, Status: strings.ToLower(string(e.Status))}}
	}
	return o, nil
}

// word is a word of a fixed set, which one shape of the feed writes as a string
// and another as an object with the word within. It is kept in capitals.
type word string

// UnmarshalJSON accepts a string, null or an object with "status" or "value".
func (w *word) UnmarshalJSON(raw []byte) error {
	var s string
	if raw[0] == '{' {
		var o struct {
			Status wire.Soft[string] `json:"status"`
			Value  wire.Soft[string] `json:"value"`
		}
		if err := wire.Unmarshal(raw, &o); err != nil {
			return err
		}
		s = o.Status.V + o.Value.V
	} else if err := wire.Unmarshal(raw, &s); err != nil {
		return err
	}
	*w = word(strings.ToUpper(strings.NewReplacer("_", "", " ", "").Replace(s)))
	return nil
}

// lastSegment is the last part of an address's path, "" when there is none.
func lastSegment(address string) string {
	_, path, _ := strings.Cut(address, "://")
	path, _, _ = strings.Cut(path, "?")
	path = strings.TrimRight(path, "/")
	if at := strings.LastIndexByte(path, '/'); at >= 0 {
		return path[at+1:]
	}
	return ""
}
