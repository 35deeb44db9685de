package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// embedCode is what the owner of a page copies: of one outage (ID), or of whatever goes
// on for a service (Service) if ID is "".
type embedCode struct {
	Base, ID, Service       string
	Show, Theme, Lang, Size string // "" is the default of each
}

// attribute writes an attribute of HTML, or nothing for an empty value.
func attribute(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + `="` + template.HTMLEscapeString(value) + `"`
}

// Tag is the custom element.
func (e embedCode) Tag() string {
	what := attribute("outage", e.ID)
	if e.ID == "" {
		what = attribute("service", e.Service)
	}
	return "<hugops-index" + what + attribute("show", e.Show) + attribute("size", e.Size) + attribute("theme", e.Theme) + attribute("lang", e.Lang) + "></hugops-index>"
}

// ScriptTag is the script of the custom element.
func (e embedCode) ScriptTag() string {
	return `<script async src="` + e.Base + `/widget.js"></script>`
}

// Script is the custom element with its script.
func (e embedCode) Script() string { return e.ScriptTag() + "\n" + e.Tag() }

// name is the part of addresses that says what is shown.
func (e embedCode) name() string {
	if e.ID != "" {
		return e.ID
	}
	return "service/" + url.PathEscape(e.Service)
}

// query is what follows an address, of the parameters that are set.
func query(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// FramePath is the page for an iframe, without the site's address.
func (e embedCode) FramePath() string {
	return "/embed/" + e.name() + query("show", e.Show, "theme", e.Theme, "lang", e.Lang)
}

// BadgePath is the badge, with an extension.
func (e embedCode) BadgePath(ext string) string {
	return "/badge/" + e.name() + ext + query("show", e.Show, "lang", e.Lang)
}

// Page is the page that embeds link to.
func (e embedCode) Page() string {
	if e.ID != "" {
		return e.Base + "/outages/" + e.ID
	}
	return e.Base + servicePath(e.Service)
}

func servicePath(slug string) string { return "/services/" + url.PathEscape(slug) }

// Frame is the iframe.
func (e embedCode) Frame() string {
	return frameTag(e.Base+e.FramePath(), "100%", frameHeight)
}

// frameHeight is that of the widget in an iframe; below frameNarrow pixels of width it
// is frameTall.
const (
	frameHeight = 122
	frameTall   = 184
	frameNarrow = 424
)

func frameTag(src, width string, height int) string {
	return `<iframe src="` + template.HTMLEscapeString(src) + `" width="` + width + `" height="` + fmt.Sprint(height) +
		`" title="How people are meeting this outage" loading="lazy"></iframe>`
}

// Badge is Markdown for a read-me or a message.
func (e embedCode) Badge() string {
	return "[![" + e.alt() + "](" + e.Base + e.BadgePath(".svg") + ")](" + e.Page() + ")"
}

// Link is Markdown for where pictures are not allowed.
func (e embedCode) Link() string { return "[How people are meeting this outage](" + e.Page() + ")" }

// Mail is HTML for mail: a picture that every mail program shows, twice its size.
func (e embedCode) Mail() string {
	return `<a href="` + template.HTMLEscapeString(e.Page()) + `"><img src="` + template.HTMLEscapeString(e.Base+e.BadgePath(".png")) + `" height="20" alt="` + e.alt() + `" style="border:0"></a>`
}

func (e embedCode) alt() string {
	if e.Show == "hugs" {
		return "Hugs for the team"
	}
	return "Empathy index"
}

// Shields is the badge as shields.io draws it, in Markdown.
func (e embedCode) Shields() string {
	return "![" + e.alt() + "](https://img.shields.io/endpoint?url=" + url.QueryEscape(e.Base+e.BadgePath(".json")) + ")"
}

// embedHelp is the page that makes embed codes, for the outage or service that is
// asked for.
func (s *site) embedHelp(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	newest, err := s.outagePage(r, now, hugops.OutageQuery{Limit: 40})
	if err != nil {
		return nil, err
	}
	v := embedView{Rows: newRows(newest.Summaries, now), Known: s.Services, Langs: languageChoices(s.words)}
	if err := v.choose(r.URL.Query(), s.base(r), s.words); err != nil {
		return nil, err
	}
	if err := s.preview(r, &v, now); err != nil {
		return nil, err
	}
	return s.render(r, "embed", cacheShort, view{
		Title: "For status pages", Nav: "embed", Data: v, Demo: slices.ContainsFunc(v.Rows, func(r row) bool { return r.Demo }),
		Description: "A small widget, an iframe, badges and a card for status pages: no cookies, no third parties, hugs only if you like.",
	})
}

// embedView is the page that makes embed codes.
type embedView struct {
	Code    embedCode
	Rows    []row            // outages to choose from
	Known   []hugops.Service // services to choose from
	Langs   []choice
	Sample  bool   // there is something to show
	AllWell string // the service for which nothing goes on
}

// choice is one option of a form.
type choice struct{ Value, Name string }

// languageNames are languages in their own words.
var languageNames = map[string]string{
	"de": "Deutsch", "en": "English", "es": "Español", "fr": "Français", "ja": "日本語", "nl": "Nederlands", "pt": "Português",
}

func languageChoices(l lexicons) []choice {
	var out []choice
	for _, code := range l.codes() {
		out = append(out, choice{code, languageNames[code]})
	}
	return out
}

// choose reads the form.
func (v *embedView) choose(q url.Values, base string, words lexicons) error {
	v.Code = embedCode{Base: base, ID: q.Get("outage"), Service: q.Get("service"), Show: q.Get("show"), Theme: q.Get("theme"), Lang: q.Get("lang"), Size: q.Get("size")}
	for _, c := range []struct {
		name  string
		value *string
		may   []string
	}{
		{"show", &v.Code.Show, []string{"index", "hugs"}}, {"theme", &v.Code.Theme, []string{"light", "dark"}},
		{"size", &v.Code.Size, []string{"box", "line"}}, {"lang", &v.Code.Lang, words.codes()},
	} {
		if *c.value != "" && !slices.Contains(c.may, *c.value) {
			return badRequest(c.name + " is " + strings.Join(c.may, " or ") + ", or empty.")
		}
	}
	if v.Code.Show == "index" {
		v.Code.Show = ""
	}
	if v.Code.Size == "box" {
		v.Code.Size = ""
	}
	if v.Code.ID == "" && v.Code.Service == "" && len(v.Rows) > 0 {
		v.Code.ID = v.Rows[0].ID
	}
	return nil
}

// preview looks up what was chosen.
func (s *site) preview(r *http.Request, v *embedView, now time.Time) error {
	var found *shown
	var err error
	switch {
	case v.Code.ID != "":
		found, err = s.ofOutage(r, v.Code.ID, now)
	case v.Code.Service != "":
		v.Code.Service = slugOf(v.Code.Service, s.Services)
		found, err = s.ofService(r, v.Code.Service, now)
	default:
		v.Code.ID = "your-outage"
		return nil
	}
	if unknown(err) {
		return badRequest("We know no outage and no service of this name: take one from the lists on /embed.")
	}
	v.Sample = found != nil
	if err == nil && found == nil {
		v.AllWell = v.Code.Service
	}
	if found != nil && !slices.ContainsFunc(v.Rows, func(r row) bool { return r.ID == found.Outage.ID }) {
		v.Rows = append(v.Rows, newRow(found.Summary, now))
	}
	return err
}

// slugOf finds a service by what a visitor typed: its slug or its name.
func slugOf(typed string, known []hugops.Service) string {
	for _, s := range known {
		if strings.EqualFold(s.Name, strings.TrimSpace(typed)) {
			return s.Slug
		}
	}
	return hugops.Slug(typed)
}

// frameView is the widget as a page.
type frameView struct {
	row
	Words lexicon
	Open  bool
	Hugs  bool   // support only
	Theme string // "", light or dark
	More  int    // others of the service that go on
	At    time.Time
}

// Title is what stands above the figure.
func (v frameView) Title() string {
	switch {
	case v.Hugs:
		return v.Words.Say("team")
	case v.Open:
		return v.Words.Say("now")
	}
	return v.Words.Say("then")
}

// Range is the interval as a sentence, Span as three words.
func (v frameView) Range() string { return v.put("range") }
func (v frameView) Span() string  { return v.put("span") }
func (v frameView) put(key string) string {
	return v.Words.Say(key, "l", fmt.Sprint(v.Figure.Lower), "u", fmt.Sprint(v.Figure.Upper))
}

// Many reports whether enough people sent a hug to count them.
func (v frameView) Many() bool { return v.Figure.Support >= fewest }

// Others says how many other outages of the service go on.
func (v frameView) Others() string { return v.Words.Say("more", "n", fmt.Sprint(v.More)) }

// ServicePath is the page of the service.
func (v frameView) ServicePath() string { return servicePath(v.Slug) }

// frameOutage and frameService are the only pages that others may frame: aggregates
// only. They work without script; with it they ask for themselves once a minute. (A
// refresh would take readers with a screen reader back to the top each time: WCAG 2.2,
// failure F41.)
func (s *site) frameOutage(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	found, err := s.ofOutage(r, r.PathValue("id"), now)
	if err != nil {
		return nil, err
	}
	return s.frame(r, found, now)
}

func (s *site) frameService(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	found, err := s.ofService(r, r.PathValue("slug"), now)
	if err != nil {
		return nil, err
	}
	return s.frame(r, found, now)
}

// frame answers with a figure, or with an empty page when all is well.
func (s *site) frame(r *http.Request, found *shown, now time.Time) (*answer, error) {
	q := r.URL.Query()
	v := frameView{Words: s.words.of(q.Get("lang")), Hugs: q.Get("show") == "hugs", At: now}
	if t := q.Get("theme"); t == "light" || t == "dark" {
		v.Theme = t
	}
	title := r.PathValue("slug") + ": " + v.Words.Badge["well"]
	if found != nil {
		v.row, v.Open, v.More = newRow(found.Summary, now), found.Outage.OpenAt(now), found.More
		v.Figure = v.Words.In(v.Figure)
		title = v.Service + ": " + v.row.Title
	}
	return s.render(r, "frame", cacheShort, view{Title: title, Demo: v.Demo, Data: v})
}
