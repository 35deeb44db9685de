// Package statusfeed knows outages from the providers' status pages: a parser
// for each kind of feed, a watcher that polls them, and a way to find out of
// which kind a page is.
//
// It owns the shapes of the feeds and the manners of polling (conditional
// requests, jitter, back-off, one request a host at a time). It refuses plain
// http, redirects to another host, private addresses and answers above 8 MiB,
// and it never takes an error page for "no incidents". It keeps nothing: outages
// and what was seen of each feed go to sinks.
package statusfeed

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// Answer is what one answer of a feed says.
type Answer struct {
	// Name is what the feed calls the service, "" when it does not tell.
	Name string
	// Built is when the provider wrote the answer, zero when it does not tell.
	Built time.Time
	// Ongoing says that the feed lists only what goes on or is planned: what is
	// gone from it is over.
	Ongoing bool
	// Outages are the incidents and maintenances in the answer's order.
	Outages []hugops.Outage
	// Bad are the incidents that cannot be used, each with a reason; they take
	// no other with them.
	Bad []Malformed
}

// Malformed is one incident that cannot be used.
type Malformed struct {
	Raw []byte // as the provider sent it
	Err error
}

// Page is one status page.
type Page struct {
	Service string // slug
	Name    string // what people call the service
	// URL is the page's address ("https://www.githubstatus.com") or that of one of
	// its feeds.
	URL string
	// Kind is one of Kinds; "" is statuspage.
	Kind string
}

// kind is one kind of status page.
type kind struct {
	name string
	// feeds are the addresses that are polled, from that of the page: a path
	// (below the page's own) or an address. None: the page's address is the feed's.
	feeds []string
	// parse reads one answer of any of the feeds. It returns an error when the
	// bytes are no such feed.
	parse func(raw []byte) (Answer, error)
	// clock is how old Answer.Built may be, for feeds in which it moves with the
	// clock; 0 for others.
	clock time.Duration
	// find is a mark in the page's HTML out of which the feed's address is made.
	find func(html []byte) (address string)
}

// kinds are all kinds, in the order in which Detect tries them.
var kinds = []kind{
	{name: "statuspage", feeds: []string{"/api/v2/incidents.json", "/api/v2/scheduled-maintenances.json"}, parse: parseStatuspage},
	{name: "incidentio", feeds: []string{"/api/v2/incidents.json", "/api/v2/summary.json"}, parse: parseIncidentIO},
	{name: "instatus", feeds: []string{"/summary.json"}, parse: parseInstatus},
	{name: "betterstack", feeds: []string{"/index.json"}, parse: parseBetterStack},
	{name: "google", feeds: []string{"/incidents.json"}, parse: parseGoogle},
	{name: "aws", feeds: []string{"https://health.aws.amazon.com/public/currentevents"}, parse: parseAWS, clock: 6 * time.Hour},
	{name: "azure", feeds: []string{"https://rssfeed.azure.status.microsoft/en-us/status/feed/"}, parse: parseAzure, clock: 6 * time.Hour},
	{name: "slack", feeds: []string{"/api/v2.0.0/current", "/api/v2.0.0/history"}, parse: parseSlack},
	{name: "statusio", parse: parseStatusIO, find: statusIOAddress},
	{name: "cachet", feeds: []string{"/api/incidents?per_page=50&include=components,updates", "/api/schedules?per_page=50&include=components,updates"}, parse: parseCachet},
	{name: "heroku", feeds: []string{"/api/v4/incidents"}, parse: parseHeroku},
	{name: "atom", feeds: []string{"/history.atom"}, parse: parseAtom},
	{name: "rss", feeds: []string{"/history.rss"}, parse: parseRSS},
}

// Kinds lists the names of all kinds of status pages that are read.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// Reads reports whether pages of a kind can be read.
func Reads(name string) bool { return slices.Contains(Kinds(), name) }

func kindOf(name string) (kind, error) {
	if name == "" {
		name = "statuspage"
	}
	for _, k := range kinds {
		if k.name == name {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("%q is no kind of status page: choose one of %s", name, strings.Join(Kinds(), ", "))
}

// addresses are the feeds of a page of the kind. The address of a feed itself
// stands for it alone.
func (k kind) addresses(page string) ([]string, error) {
	u, err := url.Parse(page)
	if err == nil && u.User != nil {
		return nil, fmt.Errorf("%s: an address of a status page has no user and no password", u.Host)
	}
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is no https address", page)
	}
	if len(k.feeds) == 0 || isFeed(u) {
		return []string{u.String()}, nil
	}
	u.RawQuery, u.Fragment = "", ""
	base := strings.TrimRight(u.String(), "/")
	all := make([]string, len(k.feeds))
	for i, feed := range k.feeds {
		if strings.HasPrefix(feed, "/") {
			feed = base + feed
		}
		all[i] = feed
	}
	return all, nil
}

func isFeedAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && isFeed(u)
}

// isFeed tells the address of a feed from that of a page.
func isFeed(u *url.URL) bool {
	for _, end := range []string{".json", ".rss", ".atom", ".xml", "/currentevents", "/current", "/history", "/feed", "/feed/"} {
		if strings.HasSuffix(u.Path, end) {
			return true
		}
	}
	return strings.Contains(u.Path, "/api/")
}

// Parse reads one answer of a feed of a kind. The outages are those of the page:
// their ids are made of its service's slug and the provider's ids. The error says
// that the bytes are no such feed; single incidents that cannot be used are in
// Answer.Bad.
func Parse(name string, raw []byte, page Page) (Answer, error) {
	k, err := kindOf(name)
	if err != nil {
		return Answer{}, err
	}
	a, err := k.read(raw)
	if err != nil {
		return Answer{}, err
	}
	a.assign(page)
	return a, nil
}

// read parses one answer. What is left are outages with the provider's ids.
func (k kind) read(raw []byte) (Answer, error) {
	text, err := utf8Of(raw)
	if err != nil {
		return Answer{}, wire.Invalidf("%s feed: %w", k.name, err)
	}
	a, err := k.parse(text)
	if err != nil {
		return Answer{}, wire.Invalidf("%s feed: %w", k.name, err)
	}
	return a, nil
}

// assign gives the outages their service and their ids, and moves those that
// are invalid to Bad. An incident that is listed twice counts once.
func (a *Answer) assign(page Page) {
	all := a.Outages
	a.Outages = make([]hugops.Outage, 0, len(all))
	listed := make(map[string]bool, len(all))
	for _, o := range all {
		o.Service, o.ServiceName, o.Source = page.Service, page.Name, page.URL
		o.URL = absolute(o.URL, page.URL)
		o.Feed = FeedName(page.Service)
		o.ID = outageID(page.Service, o.FeedID)
		if listed[o.ID] {
			continue
		}
		err := o.Validate()
		if o.FeedID == "" {
			err = errors.New("id is missing")
		}
		if err != nil {
			a.Bad = append(a.Bad, Malformed{o.Raw, err})
			continue
		}
		listed[o.ID] = true
		a.Outages = append(a.Outages, o)
	}
}

// absolute completes an address that begins with the page's own path.
func absolute(address, page string) string {
	if !strings.HasPrefix(address, "/") {
		return address
	}
	if !wire.WebURL(page) {
		return ""
	}
	if at := strings.LastIndexByte(page, '/'); isFeedAddress(page) {
		page = page[:at]
	}
	return strings.TrimRight(page, "/") + address
}

// FeedName is the name of a service's status feed in the ledger and with its
// outages: "status:github".
func FeedName(service string) string { return "status:" + service }
