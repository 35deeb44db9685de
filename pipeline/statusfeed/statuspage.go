// Package statusfeed knows outages from the providers' status pages: parsers
// for what the pages publish, and a watcher that polls them.
//
// It owns the shapes of the feeds and the manners of polling (conditional
// requests, jitter, back-off). It refuses plain http, redirects to another host,
// private addresses and answers above 8 MiB, and it never takes an error page
// for "no incidents". It keeps nothing: outages go to a sink.
package statusfeed

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// statuspage is what incidents.json, incidents/unresolved.json,
// scheduled-maintenances.json and summary.json of an Atlassian Statuspage have
// in common; incident.io serves the same.
type statuspage struct {
	Page *struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		URL  string `json:"url"`
	} `json:"page"`
	Incidents    []incident `json:"incidents"`
	Maintenances []incident `json:"scheduled_maintenances"`
}

type incident struct {
	ID             string           `json:"id"`
	Name           string           `json:"name"`
	Status         string           `json:"status"`
	Impact         string           `json:"impact"`
	Shortlink      string           `json:"shortlink"`
	CreatedAt      time.Time        `json:"created_at"`
	StartedAt      time.Time        `json:"started_at"`
	UpdatedAt      time.Time        `json:"updated_at"`
	ResolvedAt     time.Time        `json:"resolved_at"`
	ScheduledFor   time.Time        `json:"scheduled_for"`
	ScheduledUntil time.Time        `json:"scheduled_until"`
	Updates        []incidentUpdate `json:"incident_updates"`
	Components     []component      `json:"components"`
}

type incidentUpdate struct {
	Status     string      `json:"status"`
	Body       string      `json:"body"`
	CreatedAt  time.Time   `json:"created_at"`
	DisplayAt  time.Time   `json:"display_at"`
	Components []component `json:"affected_components"`
}

type component struct {
	Name string `json:"name"`
}

// ParseStatuspage reads incidents.json of an Atlassian Statuspage, or another
// of its shapes: unresolved.json, scheduled-maintenances.json, summary.json. The
// service is pageName, or the page's own name when that is empty. Incidents
// that cannot be used are left out and named in the error, which comes together
// with the others.
func ParseStatuspage(raw []byte, pageName string) ([]hugops.Outage, error) {
	return parseStatuspage(raw, pageName, slugOf)
}

// slugOf is the lookup of those who have no registry.
func slugOf(name string) (slug, properName string) { return hugops.Slug(name), name }

func parseStatuspage(raw []byte, pageName string, lookup func(string) (slug, name string)) ([]hugops.Outage, error) {
	var p statuspage
	if err := unmarshal(raw, &p); err != nil {
		return nil, err
	}
	if p.Page == nil {
		return nil, wire.Invalidf("status page: no member \"page\": this is no Statuspage answer")
	}
	if pageName == "" {
		pageName = p.Page.Name
	}
	slug, name := lookup(pageName)
	var outages []hugops.Outage
	var errs []error
	for i := range p.Incidents {
		errs = append(errs, p.Incidents[i].add(&outages, slug, name, p.Page.URL))
	}
	for i := range p.Maintenances {
		p.Maintenances[i].Impact = "maintenance"
		errs = append(errs, p.Maintenances[i].add(&outages, slug, name, p.Page.URL))
	}
	return outages, errors.Join(errs...)
}

// unmarshal reads a feed's JSON and says so when it is a page of HTML.
func unmarshal(raw []byte, into any) error {
	if text := bytes.TrimSpace(raw); len(text) > 0 && text[0] == '<' {
		return wire.Invalidf("status page: a page of HTML or XML, where JSON was expected")
	}
	return wire.UnmarshalFile(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), into)
}

// add appends the incident as an outage.
func (in *incident) add(outages *[]hugops.Outage, slug, name, pageURL string) error {
	if in.ID == "" {
		return wire.Invalidf("incident %q: id is missing", in.Name)
	}
	o := hugops.Outage{
		ID:      outageID(slug, in.ID),
		Service: slug, ServiceName: name,
		Title:  strings.TrimSpace(in.Name),
		Impact: in.Impact,
		URL:    in.Shortlink,
	}
	if !wire.WebURL(o.URL) {
		o.URL = ""
		if wire.WebURL(pageURL) {
			o.URL = strings.TrimRight(pageURL, "/") + "/incidents/" + in.ID
		}
	}
	o.StartedAt, o.EndedAt = in.span()
	o.Updates = in.updates()
	o.Components = in.components()
	if err := o.Validate(); err != nil {
		return err
	}
	*outages = append(*outages, o)
	return nil
}

// outageID joins a service's slug and an incident's id, and leaves out what may
// not stand in an address.
func outageID(slug, id string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-", r):
			return r
		}
		return -1
	}, slug+"-"+id)
}

// span is the start and the end; the end is zero while the incident is open.
func (in *incident) span() (start, end time.Time) {
	start, end = in.StartedAt, in.ResolvedAt
	if in.Impact == "maintenance" && !in.ScheduledFor.IsZero() {
		start = in.ScheduledFor
		if in.Status != "completed" || end.Before(start) {
			end = in.ScheduledUntil
		}
	}
	if start.IsZero() {
		start = in.CreatedAt
	}
	if end.IsZero() && in.over() {
		end = in.overSince()
	}
	if !end.IsZero() && end.Before(start) {
		// Pages that write an incident up afterwards give the time of writing as
		// its start.
		start = end
		if !in.CreatedAt.IsZero() && in.CreatedAt.Before(end) {
			start = in.CreatedAt
		}
	}
	return start.UTC(), end.UTC()
}

func (in *incident) over() bool {
	return in.Status == "resolved" || in.Status == "postmortem" || in.Status == "completed"
}

// overSince is the time of the first notice that says so, for pages that leave
// resolved_at out.
func (in *incident) overSince() time.Time {
	end := in.UpdatedAt
	for _, u := range in.Updates {
		if (u.Status == "resolved" || u.Status == "completed") && !u.at().IsZero() && (end.IsZero() || u.at().Before(end)) {
			end = u.at()
		}
	}
	return end
}

// at is the time that readers are shown.
func (u *incidentUpdate) at() time.Time {
	if !u.DisplayAt.IsZero() {
		return u.DisplayAt
	}
	return u.CreatedAt
}

// updates returns the notices, oldest first, as plain text.
func (in *incident) updates() []hugops.Update {
	var updates []hugops.Update
	for _, u := range in.Updates {
		if u.at().IsZero() {
			continue
		}
		text, _ := wire.HTMLText(u.Body)
		updates = append(updates, hugops.Update{At: u.at().UTC(), Status: u.Status, Text: text})
	}
	sortUpdates(updates)
	return updates
}

// sortUpdates sorts by time; feeds list the newest first, so those of one time
// are turned round.
func sortUpdates(updates []hugops.Update) {
	slices.Reverse(updates)
	slices.SortStableFunc(updates, func(a, b hugops.Update) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
}

// components returns every component named, each once, in the order of the
// notices.
func (in *incident) components() []string {
	var names []string
	add := func(list []component) {
		for _, c := range list {
			if name := strings.TrimSpace(c.Name); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	add(in.Components)
	for i := len(in.Updates) - 1; i >= 0; i-- {
		add(in.Updates[i].Components)
	}
	return names
}

// describe names an entry of an import in an error.
func describe(index int, id string) string {
	if id == "" {
		return fmt.Sprintf("outage %d", index+1)
	}
	return fmt.Sprintf("outage %d (%s)", index+1, id)
}
