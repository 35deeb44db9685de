package web

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/hugops/hugops"
)

// embedCode is what the owner of a page copies.
type embedCode struct{ Base, ID, Service string }

// Script is the custom element; its attributes are quoted for HTML.
func (e embedCode) Script() string {
	return `<script async src="` + e.Base + `/widget.js"></script>` + "\n" +
		`<hugops-index outage="` + e.ID + `"></hugops-index>`
}

// ServiceScript shows whatever is open for one service, and nothing otherwise.
func (e embedCode) ServiceScript() string {
	return `<script async src="` + e.Base + `/widget.js"></script>` + "\n" +
		`<hugops-index service="` + template.HTMLEscapeString(e.Service) + `"></hugops-index>`
}

// Frame is the iframe without script.
func (e embedCode) Frame() string {
	return `<iframe src="` + e.Base + `/embed/` + e.ID + `" width="100%" height="122" title="How people are meeting this outage" loading="lazy"></iframe>`
}

// Badge is Markdown for a read-me.
func (e embedCode) Badge() string {
	return `[![empathy](` + e.Base + `/badge/` + e.ID + `.svg)](` + e.Base + `/outages/` + e.ID + `)`
}

// embedHelp shows how to put the widget on a page, with the newest outage in it.
func (s *site) embedHelp(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	all, err := s.summaries(r, now)
	if err != nil {
		return nil, err
	}
	data := struct {
		Code   embedCode
		Sample *row
	}{Code: embedCode{s.base(r), "your-outage", "your-service"}}
	if lead := leadOf(all, now); lead != nil {
		sample := newRow(*lead, now)
		data.Sample, data.Code = &sample, embedCode{s.base(r), sample.ID, sample.Slug}
	}
	return s.render(r, "embed", cacheShort, view{
		Title: "For status pages", Nav: "embed", Demo: data.Sample != nil && data.Sample.Demo, Data: data,
		Description: "A small widget, an iframe and a badge for status pages: no cookies, no third parties, hugs only if you like.",
	})
}

// frameView is the widget as a page.
type frameView struct {
	row
	Open  bool
	Hugs  bool   // support only
	Theme string // "", light or dark
}

// frame is the only page that others may frame: aggregates only, no script.
func (s *site) frame(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	d, err := s.detail(r, now)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	v := frameView{row: newRow(d.Summary, now), Open: d.Outage.OpenAt(now), Hugs: q.Get("show") == "hugs"}
	if t := q.Get("theme"); t == "light" || t == "dark" {
		v.Theme = t
	}
	return s.render(r, "frame", cacheShort, view{Title: v.Service + ": " + v.Title, Demo: v.Demo, Data: v})
}

// badgeView is the geometry of a badge of two words.
type badgeView struct {
	Left, Right, Label   string
	LeftW, RightW, Total int
	Ground               string
}

// badge answers /badge/{id}.svg: the index with its range, or with ?show=hugs the
// number of people who sent support. An outage that nobody knows has a badge too:
// a picture in a read-me must not break.
func (s *site) badge(r *http.Request) (*answer, error) {
	id, ok := strings.CutSuffix(r.PathValue("file"), ".svg")
	if !ok {
		return nil, errNoPage
	}
	now := s.Now().UTC()
	v, code := newBadge("empathy", "no outage", false, "hugops: no such outage"), 0
	d, err := s.detailOf(r, id, now)
	switch {
	case errors.Is(err, hugops.ErrNotFound):
		code = http.StatusNotFound
	case err != nil:
		return nil, err
	default:
		v = badgeOf(newRow(d.Summary, now), r.URL.Query().Get("show") == "hugs")
	}
	var b bytes.Buffer
	if err := s.pages["badge"].ExecuteTemplate(&b, "badge", v); err != nil {
		return nil, fmt.Errorf("rendering badge: %w", err)
	}
	return &answer{Code: code, Type: "image/svg+xml", Cache: "public, max-age=60", Body: bytes.TrimSpace(b.Bytes())}, nil
}

func badgeOf(r row, hugs bool) badgeView {
	what, f := r.Service+": ", r.Figure
	if r.Demo {
		what = "Demo, " + what
	}
	left := func(word string) string {
		if r.Demo {
			return word + ", demo"
		}
		return word
	}
	switch {
	case hugs && f.Support >= fewest:
		return newBadge(left("hugs"), count(f.Support), true, what+people(f.Support)+" sent support")
	case hugs:
		return newBadge(left("hugs"), "welcome", true, what+"send the first hugs")
	case f.Enough:
		value := count(f.Value) + " (" + f.Range() + ")"
		return newBadge(left("empathy"), value, true, what+f.Label)
	}
	return newBadge(left("empathy"), "not enough posts", false, what+f.Verdict.Short)
}

func newBadge(left, right string, current bool, label string) badgeView {
	v := badgeView{Left: left, Right: right, Label: label, LeftW: textWidth(left), RightW: textWidth(right), Ground: "#5C5466"}
	if current {
		v.Ground = "#8A2A6B"
	}
	v.Total = 25 + v.LeftW + 6 + 8 + v.RightW + 8
	return v
}

// Split is where the two halves of the badge meet.
func (v badgeView) Split() int { return v.LeftW + 31 }

// RightX is where the second word begins.
func (v badgeView) RightX() int { return v.Split() + 8 }

// RightRect is the width of the second half without its round corners.
func (v badgeView) RightRect() int { return v.Total - v.Split() - 3 }

// textWidth is about how wide a word stands in 11 px Verdana; textLength in the
// SVG makes it exact whatever the font.
func textWidth(s string) int {
	w := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("ijl.,'|", r):
			w += 3.6
		case strings.ContainsRune("ft(r)- ", r):
			w += 4.7
		case strings.ContainsRune("mwMW", r):
			w += 9.6
		case r >= '0' && r <= '9' || r >= utf8.RuneSelf:
			w += 7
		default:
			w += 6.6
		}
	}
	return int(w + 0.5)
}
