package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"embed"

	"github.com/hugops/hugops"
)

//go:embed templates/*.html
var templateFiles embed.FS

// parseTemplates gives every page a set of its own: the shared parts with the
// page's "main" in the layout.
func (s *site) parseTemplates() (map[string]*template.Template, error) {
	shared := template.New("").Funcs(template.FuncMap{
		"asset": s.assets.url, "count": count, "clock": clock, "date": date, "num": num, "people": people,
		"iso": stamp,
	})
	shared, err := shared.ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/chart.html")
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".html")
		t, err := template.Must(shared.Clone()).ParseFS(templateFiles, f)
		if err != nil {
			return nil, err
		}
		pages[name] = t
	}
	return pages, nil
}

// view is what every page tells the layout; Data is the page's own.
type view struct {
	Title, Description string
	Nav                string // which word of the navigation is here
	Demo               bool   // something on the page is invented
	Live               bool   // figures move: script may fetch the page again
	Chart              bool   // there is a chart: script may draw it anew
	Base               string // public address of the site
	Version            string
	Data               any
}

// render executes a page into an answer.
func (s *site) render(r *http.Request, name, cache string, v view) (*answer, error) {
	v.Base, v.Version = s.base(r), hugops.Version
	if name != "outage" && name != "frame" { // those know it of their own outage
		v.Demo = v.Demo || s.showsDemo(r)
	}
	var b bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&b, "layout", v); err != nil {
		return nil, fmt.Errorf("rendering %s: %w", name, err)
	}
	return &answer{Type: "text/html; charset=utf-8", Cache: cache, Body: b.Bytes()}, nil
}

// showsDemo reports whether the site shows any invented outage, which every page
// then says.
func (s *site) showsDemo(r *http.Request) bool {
	all, err := s.summaries(r, s.Now().UTC())
	return err == nil && slices.ContainsFunc(all, func(sum hugops.Summary) bool { return sum.Outage.Demo })
}

// errorPage is the page that says what is not there, and whose fault it is.
func (s *site) errorPage(r *http.Request, k kind, code int, sentence string) (*answer, error) {
	name := "error"
	if k == asEmbed {
		name = "frame-error"
	}
	heading := headings[code]
	if heading == "" {
		heading = http.StatusText(code) + "."
	}
	a, err := s.render(r, name, cacheNever, view{Title: heading, Data: struct {
		Code              int
		Heading, Sentence string
		Ours              bool
		Now               time.Time
	}{code, heading, sentence, code >= 500, s.Now().UTC()}})
	if err != nil {
		return nil, err
	}
	a.Code = code
	return a, nil
}

// prose answers a page that holds words only.
func (s *site) prose(name string) action {
	words := map[string][2]string{
		"data":    {"Data", "The figures of hugops as CSV and JSON: counts and indexes only, never a post or a name."},
		"privacy": {"Privacy", "What hugops keeps of those who visit and of those who post: little, and never shown."},
		"opt-out": {"Leave me out", "How to tell hugops, on each network, that your posts are not to be counted."},
	}[name]
	return func(r *http.Request) (*answer, error) {
		return s.render(r, name, cacheProse, view{Title: words[0], Description: words[1], Nav: name, Data: s.contact})
	}
}

// contact is how people reach whoever runs the site, as a link.
type contact struct{ Href, Text string }

// readContact takes an e-mail address or an https address; "" is none.
func readContact(s string) (*contact, error) {
	if s == "" {
		return nil, nil
	}
	if u, err := url.Parse(s); err == nil && u.Scheme == "https" && u.Host != "" {
		return &contact{s, strings.TrimPrefix(s, "https://")}, nil
	}
	if a, err := mail.ParseAddress(s); err == nil && a.Name == "" && a.Address == s {
		return &contact{"mailto:" + s, s}, nil
	}
	return nil, fmt.Errorf("web: contact %q is neither an e-mail address nor an https address: give one like hello@hugops.example or https://hugops.example/contact", s)
}

// host is what a Host header may look like; anything else is not repeated.
var host = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]{1,5})?$|^\[[0-9a-fA-F:]+\](:[0-9]{1,5})?$`)

// longestHost is the longest name of the DNS with a port (RFC 1035, 2.3.4). Each link of
// an answer repeats it.
const longestHost = 253 + len(":65535")

// base is the public address of the site: the configured one, or the request's.
func (s *site) base(r *http.Request) string {
	if s.Public != "" {
		return s.Public
	}
	name := r.Host
	if len(name) > longestHost || !host.MatchString(name) {
		name = "localhost"
		if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
			name = a.String()
		}
	}
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + name
	}
	return "http://" + name
}

// most is how many outages one answer looks at.
const most = 500

// summaries asks for the newest outages.
func (s *site) summaries(r *http.Request, now time.Time) ([]hugops.Summary, error) {
	page, err := s.outagePage(r, now, hugops.OutageQuery{Limit: most})
	return page.Summaries, err
}

// outagePage asks for outages. What has not begun, and what was suspected and turned
// out to be another one, is not shown whatever the store says.
func (s *site) outagePage(r *http.Request, now time.Time, q hugops.OutageQuery) (hugops.OutagePage, error) {
	page, err := s.Store.OutagePage(r.Context(), now, q)
	if err != nil {
		return page, fmt.Errorf("listing outages: %w", err)
	}
	page.Summaries = slices.DeleteFunc(page.Summaries, func(sum hugops.Summary) bool {
		return sum.Outage.StartedAt.After(now) || sum.Outage.MergedInto != ""
	})
	return page, nil
}

// detail asks for the outage in the request's path. One that was suspected and
// turned out to be another one is that other one.
func (s *site) detail(r *http.Request, now time.Time) (hugops.Detail, error) {
	return s.detailOf(r, r.PathValue("id"), now)
}

func (s *site) detailOf(r *http.Request, id string, now time.Time) (hugops.Detail, error) {
	if probe := (hugops.Outage{ID: id, Service: "-", StartedAt: now}); probe.Validate() != nil {
		return hugops.Detail{}, fmt.Errorf("outage %q: %w", clip(id, 40), hugops.ErrNotFound)
	}
	d, err := s.Store.Detail(r.Context(), id, now)
	if into := d.Outage.MergedInto; err == nil && into != "" {
		d, err = s.Store.Detail(r.Context(), into, now)
	}
	if err != nil {
		return d, fmt.Errorf("outage %s: %w", id, err)
	}
	if d.Outage.StartedAt.After(now) {
		return d, fmt.Errorf("outage %s has not begun: %w", id, hugops.ErrNotFound)
	}
	tellQuiet(r, &d.Summary, now)
	return d, nil
}
