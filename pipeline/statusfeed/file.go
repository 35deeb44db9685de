package statusfeed

import (
	"bytes"
	"cmp"
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

// known reports whether an impact is one of those that hugops has.
func known(impact string) bool { return slices.Contains(impacts, impact) }

// FileOptions say what a file may not tell.
type FileOptions struct {
	// Find turns the name of a service into its page: slug, proper name, and the
	// address of its status page or "". Nil makes a slug of any name.
	Find func(name string) Page
	// Kind is that of the feed that the file is an answer of; "" finds out.
	Kind string
	// Service is whose outages they are; "" takes the file's word.
	Service string
}

// ParseFile reads a file of outages: either
//
//	{"outages":[{"id","service","title","started_at","ended_at","url",
//	  "parent","impact","components","demo","updates":[{"at","status","text"}]}]}
//
// with times in RFC 3339, of which ended_at and all after it may be missing, or
// one answer of a status feed as it is, or JSON lines (parseLines). When anything
// is wrong nothing is returned, and the error names each entry and member at
// fault.
func ParseFile(raw []byte, opt FileOptions) ([]hugops.Outage, error) {
	if opt.Find == nil {
		opt.Find = func(name string) Page { return Page{Service: hugops.Slug(name), Name: name} }
	}
	kind := cmp.Or(opt.Kind, Sniff(raw))
	if kind != "" {
		return parsePayload(kind, raw, opt)
	}
	var file struct {
		Outages []jsontext.Value `json:"outages"`
	}
	err := unmarshal(raw, &file)
	switch {
	case file.Outages != nil && err == nil:
		return parseOwn(file.Outages, opt)
	case isLines(raw):
		return parseLines(raw, opt)
	case err != nil && bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")):
		return nil, wire.Invalidf("outages: %w", err)
	}
	return nil, wire.Invalidf(`outages: neither {"outages": [ … ]} nor an answer of a status feed that is known; --kind says which (%s)`, strings.Join(Kinds(), ", "))
}

// parsePayload reads one answer of a status feed.
func parsePayload(name string, raw []byte, opt FileOptions) ([]hugops.Outage, error) {
	k, err := kindOf(name)
	if err != nil {
		return nil, err
	}
	a, err := k.read(raw)
	if err != nil {
		return nil, err
	}
	service := cmp.Or(opt.Service, a.Name)
	if service == "" {
		return nil, wire.Invalidf("outages: the %s feed does not tell whose it is: say it with --service", name)
	}
	a.assign(opt.Find(service))
	var errs []error
	for _, bad := range a.Bad {
		errs = append(errs, wire.Invalidf("%w", bad.Err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for i := range a.Outages {
		a.Outages[i].Source = "file"
	}
	return a.Outages, nil
}

func parseOwn(entries []jsontext.Value, opt FileOptions) ([]hugops.Outage, error) {
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
		o, err := e.outage(opt)
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
func (e *entry) outage(opt FileOptions) (hugops.Outage, error) {
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
	if !known(e.Impact) {
		errs = append(errs, fmt.Errorf("impact %q is none of none, minor, major, critical, maintenance", e.Impact))
	}
	o := hugops.Outage{ID: e.ID, Title: strings.TrimSpace(e.Title), StartedAt: e.StartedAt.UTC(), EndedAt: e.EndedAt.UTC(),
		Parent: e.Parent, URL: e.URL, Impact: e.Impact, Components: e.Components, Demo: e.Demo, Source: "file"}
	if e.Demo {
		o.Source = "demo"
	}
	page := opt.Find(strings.TrimSpace(e.Service))
	o.Service, o.ServiceName = page.Service, page.Name
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

// describe names an entry of an import in an error.
func describe(index int, id string) string {
	if id == "" {
		return fmt.Sprintf("outage %d", index+1)
	}
	return fmt.Sprintf("outage %d (%s)", index+1, id)
}
