package statusfeed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/hugops/hugops/pipeline/wire"
)

// Finding is what Detect found out about a page.
type Finding struct {
	Kind  string   // one of Kinds, "" when no feed was found
	URL   string   // the page's address
	Feeds []string // the addresses that would be polled
	Name  string   // what the feed calls the service, "" when it does not tell
	Count int      // incidents in the feed that answered
	Tried []string // every address that was asked, and what it answered
}

// fixedHosts serve pages whose feeds lie elsewhere.
var fixedHosts = map[string]string{
	"health.aws.amazon.com": "aws", "status.aws.amazon.com": "aws",
	"azure.status.microsoft": "azure", "status.azure.com": "azure",
}

// Two things make an answer believable that several kinds could have given, such
// as an empty array: a word in the page's HTML, and the page's own domain.
var (
	words   = map[string]string{"statuspage": "statuspage.io", "incidentio": "incident.io", "cachet": "cachet"}
	domains = map[string]string{"google": ".google.com", "slack": "slack-status.com", "heroku": ".heroku.com"}
)

// Detect finds out of which kind a status page is: it reads the page and asks at
// the addresses where each kind has its feeds. Client is nil for one that dials
// public addresses only. The error says why the page could not be asked; finding
// nothing is none.
func Detect(ctx context.Context, client *http.Client, address string) (Finding, error) {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err == nil && u.User != nil {
		return Finding{}, wire.Invalidf("status page: %s: an address of a status page has no user and no password", u.Host)
	}
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return Finding{}, wire.Invalidf("status page: %q is no https address", address)
	}
	d := &detection{fetcher: newFetcher(safeClient(client))}
	d.URL = strings.TrimRight(address, "/")
	err = d.run(ctx, u)
	return d.Finding, err
}

type detection struct {
	Finding
	fetcher *fetcher
	page    []byte // the page's HTML
}

func (d *detection) run(ctx context.Context, u *url.URL) error {
	page, err := d.get(ctx, d.URL)
	if status := (*errStatus)(nil); err != nil && !errors.As(err, &status) {
		return err // no such host, another host, …: the other addresses would fare no better
	}
	d.page = page
	if name := Sniff(page); name != "" {
		return d.found(name, page, []string{d.URL})
	}
	if name := fixedHosts[u.Hostname()]; name != "" {
		return d.probe(ctx, name)
	}
	if address := statusIOAddress(page); address != "" {
		if raw, _ := d.get(ctx, address); Sniff(raw) == "statusio" {
			return d.found("statusio", raw, []string{address})
		}
	}
	for _, k := range kinds {
		if d.Kind == "" && len(k.feeds) > 0 && strings.HasPrefix(k.feeds[0], "/") {
			if err := d.probe(ctx, k.name); err != nil {
				return err
			}
		}
	}
	if d.Kind == "" {
		return d.linked(ctx, u)
	}
	return nil
}

// probe asks for the first feed of a kind.
func (d *detection) probe(ctx context.Context, name string) error {
	k, err := kindOf(name)
	if err != nil {
		return err
	}
	addresses, err := k.addresses(d.URL)
	if err != nil || d.asked(addresses[0]) {
		return err
	}
	raw, err := d.get(ctx, addresses[0])
	if err != nil {
		return ctx.Err()
	}
	switch got := Sniff(raw); {
	case got == "statuspage" && bytes.Contains(d.page, []byte(words["incidentio"])):
		name = "incidentio"
	case got == name:
	case got != "" && slices.Contains([]string{"statuspage", "incidentio"}, got) && slices.Contains([]string{"statuspage", "incidentio"}, name):
		name = got
	case got == "" && validAs(name, raw) != "" && d.believable(name):
	default:
		d.Tried[len(d.Tried)-1] += ", which is no feed of kind " + name
		return nil
	}
	if k, err = kindOf(name); err != nil {
		return err
	}
	if addresses, err = k.addresses(d.URL); err != nil {
		return err
	}
	return d.found(name, raw, addresses)
}

// believable reports whether the page speaks for the kind.
func (d *detection) believable(name string) bool {
	u, err := url.Parse(d.URL)
	if err != nil {
		return false
	}
	word, domain := words[name], domains[name]
	return fixedHosts[u.Hostname()] == name || domain != "" && strings.HasSuffix(u.Hostname(), domain) ||
		word != "" && bytes.Contains(bytes.ToLower(d.page), []byte(word))
}

// linked follows the feeds that the page's HTML names, on its own host.
func (d *detection) linked(ctx context.Context, page *url.URL) error {
	for _, href := range feedLinks(d.page) {
		at, err := page.Parse(href)
		if err != nil || at.Scheme != "https" || at.Host != page.Host || d.asked(at.String()) {
			continue
		}
		raw, err := d.get(ctx, at.String())
		if err != nil && ctx.Err() != nil {
			return err
		}
		if name := Sniff(raw); name != "" {
			return d.found(name, raw, []string{at.String()})
		}
	}
	return nil
}

// feedLinks are the addresses of <link rel="alternate"> of Atom and RSS, Atom
// first.
func feedLinks(page []byte) []string {
	var atoms, others []string
	t := html.NewTokenizer(bytes.NewReader(page))
	t.SetMaxBuf(wire.MaxBytes)
	for t.Next() != html.ErrorToken {
		token := t.Token()
		if token.DataAtom != atom.Link {
			continue
		}
		var kind, href string
		for _, a := range token.Attr {
			switch a.Key {
			case "type":
				kind = a.Val
			case "href":
				href = a.Val
			}
		}
		switch kind {
		case "application/atom+xml":
			atoms = append(atoms, href)
		case "application/rss+xml":
			others = append(others, href)
		}
	}
	const most = 3
	all := append(atoms, others...)
	return all[:min(len(all), most)]
}

// found takes the answer that settled it.
func (d *detection) found(name string, raw []byte, feeds []string) error {
	k, err := kindOf(name)
	if err != nil {
		return err
	}
	a, err := k.read(raw)
	if err != nil {
		return err
	}
	d.Kind, d.Feeds, d.Name, d.Count = name, feeds, a.Name, len(a.Outages)
	return nil
}

func (d *detection) asked(address string) bool {
	return slices.ContainsFunc(d.Tried, func(tried string) bool { return strings.HasPrefix(tried, address+": ") })
}

// get asks for an address, and notes what it answered.
func (d *detection) get(ctx context.Context, address string) (body []byte, err error) {
	err = d.fetcher.ask(ctx, address, "", "", func(r *response) error {
		body = r.body
		return nil
	})
	if err != nil {
		d.Tried = append(d.Tried, address+": "+strings.TrimPrefix(err.Error(), fmt.Sprintf("Get %q: ", address)))
		return nil, err
	}
	d.Tried = append(d.Tried, fmt.Sprintf("%s: %d bytes", address, len(body)))
	return body, nil
}
