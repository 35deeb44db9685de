package statusfeed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// entry is one outage of an import file. A member that is none of these is an
// error: a mistyped ended_at would leave an outage open for ever.
type entry struct {
	ID          string        `json:"id"`
	Service     string        `json:"service"`
	ServiceName string        `json:"service_name"`
	Title       string        `json:"title"`
	StartedAt   time.Time     `json:"started_at"`
	EndedAt     time.Time     `json:"ended_at"`
	Parent      string        `json:"parent"`
	URL         string        `json:"url"`
	Impact      string        `json:"impact"`
	Components  []string      `json:"components"`
	Demo        bool          `json:"demo"`
	Source      string        `json:"source"`
	Updates     []entryUpdate `json:"updates"`
}

type entryUpdate struct {
	At     time.Time `json:"at"`
	Status string    `json:"status"`
	Text   string    `json:"text"`
}

var impacts = []string{"", "none", "minor", "major", "critical", "maintenance"}

// ParseFile reads a file of outages: either
//
//	{"outages":[{"id","service","title","started_at","ended_at","url",
//	  "parent","impact","components","demo","updates":[{"at","status","text"}]}]}
//
// with times in RFC 3339, of which ended_at and all after it may be missing, or
// a Statuspage incidents.json as it is. Lookup turns the name of a service into
// its slug and its proper name; nil makes a slug of any name. When anything is wrong
// nothing is returned, and the error names each entry and member at fault.
func ParseFile(raw []byte, lookup func(string) (slug, name string)) ([]hugops.Outage, error) {
	if lookup == nil {
		lookup = slugOf
	}
	var file struct {
		Outages []jsontext.Value `json:"outages"`
		Page    jsontext.Value   `json:"page"`
	}
	if err := unmarshal(raw, &file); err != nil {
		return nil, err
	}
	switch {
	case file.Outages != nil:
		return parseEntries(file.Outages, lookup)
	case file.Page != nil:
		outages, err := parseStatuspage(raw, "", lookup)
		if err != nil {
			return nil, err
		}
		for i := range outages {
			outages[i].Source = "file"
		}
		return outages, nil
	}
	return nil, wire.Invalidf(`outages: neither {"outages": [ … ]} nor a Statuspage incidents.json`)
}

func parseEntries(entries []jsontext.Value, lookup func(string) (slug, name string)) ([]hugops.Outage, error) {
	outages := make([]hugops.Outage, 0, len(entries))
	seen := map[string]int{}
	var errs []error
	for i, raw := range entries {
		var e entry
		err := json.Unmarshal(raw, &e, json.RejectUnknownMembers(true))
		if err != nil {
			errs = append(errs, wire.Invalidf("%s: %w", describe(i, e.ID), err))
			continue
		}
		o, err := e.outage(lookup)
		if first, twice := seen[o.ID]; twice && o.ID != "" {
			err = errors.Join(err, fmt.Errorf("id is that of outage %d as well", first+1))
		}
		seen[o.ID] = i
		if err != nil {
			errs = append(errs, wire.Invalidf("%s: %w", describe(i, e.ID), err))
			continue
		}
		outages = append(outages, o)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return outages, nil
}

// outage checks the entry, all of it, and turns it into an outage.
func (e *entry) outage(lookup func(string) (slug, name string)) (hugops.Outage, error) {
	var errs []error
	missing := func(is bool, member string) {
		if is {
			errs = append(errs, errors.New(member+" is missing"))
		}
	}
	missing(e.ID == "", "id")
	missing(strings.TrimSpace(e.Service) == "", "service")
	missing(strings.TrimSpace(e.Title) == "", "title")
	missing(e.StartedAt.IsZero(), "started_at")
	if e.URL != "" && !wire.WebURL(e.URL) {
		errs = append(errs, fmt.Errorf("url %q is no web address", e.URL))
	}
	if !slices.Contains(impacts, e.Impact) {
		errs = append(errs, fmt.Errorf("impact %q is none of none, minor, major, critical, maintenance", e.Impact))
	}
	o := hugops.Outage{ID: e.ID, Title: strings.TrimSpace(e.Title), StartedAt: e.StartedAt.UTC(), EndedAt: e.EndedAt.UTC(),
		Parent: e.Parent, URL: e.URL, Impact: e.Impact, Components: e.Components, Demo: e.Demo, Source: "file"}
	if e.Demo {
		o.Source = "demo"
	}
	o.Service, o.ServiceName = lookup(strings.TrimSpace(e.Service))
	if e.ServiceName != "" {
		o.ServiceName = e.ServiceName
	}
	for i, u := range e.Updates {
		missing(u.At.IsZero(), fmt.Sprintf("updates[%d].at", i))
		o.Updates = append(o.Updates, hugops.Update{At: u.At.UTC(), Status: u.Status, Text: strings.TrimSpace(u.Text)})
	}
	slices.SortStableFunc(o.Updates, func(a, b hugops.Update) int { return a.At.Compare(b.At) })
	if len(errs) == 0 {
		errs = append(errs, o.Validate())
	}
	return o, errors.Join(errs...)
}
