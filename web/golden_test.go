package web

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hugops/hugops"
)

var update = flag.Bool("update", false, "write the golden files anew; read the difference before you commit it")

// hashed is the part of an asset's address that changes with every edit of it.
var hashed = regexp.MustCompile(`(/assets/[A-Za-z.]+)\.[0-9a-f]{10}\.`)

// golden compares with testdata/name, or writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	got = hashed.ReplaceAll(got, []byte("$1."))
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run go test ./web -update", err)
	}
	if bytes.Equal(got, want) {
		return
	}
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			t.Errorf("%s differs in line %d:\n got %s\nwant %s", file, i+1, g[i], w[i])
			return
		}
	}
	t.Errorf("%s has %d lines, want %d", file, len(g), len(w))
}

// TestGoldenAnswers are the site's states as a browser or a program gets them.
func TestGoldenAnswers(t *testing.T) {
	h, empty := newSite(t, fixtures()), newSite(t, &shelf{})
	for name, path := range map[string]string{
		"home.html":             "/",
		"home-search.html":      "/?q=PAY+card&days=7",
		"outage-ongoing.html":   "/outages/nimbus-2026-11-22",
		"outage-lost.html":      "/outages/chatterbee-7",
		"outage-suspected.html": "/outages/suspected-larkspur-mail-2026-11-22-1340",
		"outage-few.html":       "/outages/hopscotch-3",
		"outage-over.html":      "/outages/pennywhistle-pay-1",
		"outage-unseen.html":    "/outages/teapot-video-2",
		"service.html":          "/services/nimbus-cloud",
		"service-quiet.html":    "/services/nimbus-mail",
		"opt-out.html":          "/opt-out",
		"methodology.html":      "/methodology",
		"sources.html":          "/sources",
		"embed.html":            "/embed",
		"error.html":            "/nothing",
		"frame.html":            "/embed/nimbus-2026-11-22",
		"frame-few.html":        "/embed/hopscotch-3?theme=dark",
		"frame-hugs.html":       "/embed/pennywhistle-pay-1?show=hugs",
		"frame-unknown.html":    "/embed/unknown",
		"frame-service.html":    "/embed/service/nimbus-cloud?lang=fr",
		"frame-well.html":       "/embed/service/thicket-code",
		"embed-service.html":    "/embed?service=Thicket+Code&show=hugs&theme=dark&lang=de",
		"widget.json":           "/widget/nimbus-2026-11-22",
		"widget-few.json":       "/widget/hopscotch-3",
		"widget-well.json":      "/widget/service/thicket-code",
		"badge-well.svg":        "/badge/service/thicket-code.svg",
		"badge-ja.svg":          "/badge/service/nimbus-cloud.svg?lang=ja",
		"badge.json":            "/badge/nimbus-2026-11-22.json",
		"badge-unknown.json":    "/badge/unknown.json",
		"card-few.svg":          "/card/hopscotch-3.svg",
		"oembed.json":           "/oembed?url=https://hugops.example/outages/nimbus-2026-11-22",
		"oembed.xml":            "/oembed?url=https://hugops.example/services/nimbus-cloud&format=xml&maxwidth=300",
		"outages.atom":          "/outages.atom",
		"updates.atom":          "/outages/nimbus-2026-11-22/updates.atom",
		"updates-none.atom":     "/outages/hopscotch-3/updates.atom",
		"badge.svg":             "/badge/nimbus-2026-11-22.svg",
		"badge-few.svg":         "/badge/hopscotch-3.svg",
		"badge-hugs.svg":        "/badge/nimbus-2026-11-22.svg?show=hugs",
		"badge-unknown.svg":     "/badge/unknown.svg",
		"api-outages.json":      "/api/v1/outages",
		"api-outage.json":       "/api/v1/outages/nimbus-2026-11-22",
		"api-outage-few.json":   "/api/v1/outages/hopscotch-3",
		"api-series.json":       "/api/v1/outages/hopscotch-3/series?bucket=5m",
		"api-series.csv":        "/api/v1/outages/hopscotch-3/series.csv",
		"api-coverage.csv":      "/api/v1/outages/nimbus-2026-11-22/coverage.csv",
		"api-sources.json":      "/api/v1/sources",
		"api-problem.json":      "/api/v1/outages/unknown",
		"api-outages-open.json": "/api/v1/outages?service=nimbus-cloud&open=true&limit=1",
		"api-outages-page.json": "/api/v1/outages?limit=1&q=mail",
		"api-services.json":     "/api/v1/services?limit=2",
		"api-service.json":      "/api/v1/services/hopscotch-dns",
		"api-invalid.json":      "/api/v1/outages?sevice=github",
		"problem.html":          "/problems/invalid-parameter",
	} {
		t.Run(name, func(t *testing.T) {
			body := get(t, h, path).Body.Bytes()
			if filepath.Ext(name) == ".json" {
				var b bytes.Buffer
				if err := json.Indent(&b, body, "", " "); err != nil {
					t.Fatal(err)
				}
				body = b.Bytes()
			}
			golden(t, name, body)
		})
	}
	golden(t, "home-empty.html", get(t, empty, "/").Body.Bytes())
	golden(t, "sources-empty.html", get(t, empty, "/sources").Body.Bytes())
}

// TestContract decodes the API strictly into the shapes that doc.go shows.
func TestContract(t *testing.T) {
	h := newSite(t, fixtures())
	strict := func(path string, into any) {
		t.Helper()
		d := json.NewDecoder(get(t, h, path).Body)
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	var l apiPage
	strict("/api/v1/outages", &l)
	if len(l.Outages) != 7 {
		t.Fatalf("%d outages, want 7: the one that became another one is not listed", len(l.Outages))
	}
	few, guess, young, going, over := l.Outages[0], l.Outages[1], l.Outages[2], l.Outages[3], l.Outages[4]
	if !guess.Suspected || few.Suspected {
		t.Errorf("suspected: %v, %v", guess.Suspected, few.Suspected)
	}
	if few.Index.Enough || few.Index.Value != nil || few.Index.Lower != nil || few.Index.Upper != nil || few.Index.Sided != 18 {
		t.Errorf("below 30 people: %+v", few.Index)
	}
	if !young.Open || young.EndedAt != nil {
		t.Errorf("open outage: open %v, ended %v", young.Open, young.EndedAt)
	}
	if !going.Open || going.EndedAt != nil {
		t.Errorf("an end in the future is shown: open %v, ended %v", going.Open, going.EndedAt)
	}
	if over.Open || over.EndedAt == nil || !over.EndedAt.Equal(at("12:00")) {
		t.Errorf("outage that is over: open %v, ended %v", over.Open, over.EndedAt)
	}
	if *going.Index.Value != 72.1 || *going.Index.Lower != 66.2 || *going.Index.Upper != 77.8 || going.Links.Widget != "https://hugops.example/embed/nimbus-2026-11-22" {
		t.Errorf("index %+v, links %+v", going.Index, going.Links)
	}
	var d apiDetail
	strict("/api/v1/outages/nimbus-2026-11-22", &d)
	if len(d.Updates) != 4 || len(d.ByLanguage) != 5 || len(d.Coverage) != 5 || d.Model != "stance-2026-11" {
		t.Errorf("%d updates, %d languages, %d stretches, model %s", len(d.Updates), len(d.ByLanguage), len(d.Coverage), d.Model)
	}
	for _, s := range d.ByLanguage {
		if s.Key == "eo" {
			t.Error("a group of one person is shown")
		}
	}
	var s apiSeries
	strict("/api/v1/outages/nimbus-2026-11-22/series?bucket=10m", &s)
	if s.BucketSeconds != 600 || len(s.Series) == 0 {
		t.Errorf("series: %d seconds, %d rows", s.BucketSeconds, len(s.Series))
	}
}

// TestNotBegun: an outage of the future is not there.
func TestNotBegun(t *testing.T) {
	d := thicket()
	d.Outage.StartedAt, d.Outage.EndedAt = noon.Add(1), hugops.Outage{}.EndedAt
	h := newSite(t, &shelf{details: []hugops.Detail{d}})
	for _, path := range []string{"/outages/thicket-12", "/api/v1/outages/thicket-12", "/embed/thicket-12", "/badge/thicket-12.svg", "/card/thicket-12.png", "/widget/thicket-12", "/api/v1/outages/thicket-12/series.csv"} {
		if w := get(t, h, path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if body := get(t, h, "/api/v1/outages").Body.String(); body != "{\"outages\":[],\"next\":null}\n" {
		t.Errorf("list: %s", body)
	}
}

// TestMerged: a suspected outage that turned out to be another one is that one, in
// every shape.
func TestMerged(t *testing.T) {
	h := newSite(t, fixtures())
	for _, path := range []string{"/outages/%s", "/api/v1/outages/%s", "/api/v1/outages/%s/coverage.csv", "/embed/%s", "/badge/%s.svg", "/card/%s.svg", "/widget/%s"} {
		got := get(t, h, fmt.Sprintf(path, "suspected-nimbus-cloud-2026-11-22-1110")).Body.String()
		if want := get(t, h, fmt.Sprintf(path, "nimbus-2026-11-22")).Body.String(); got != want {
			t.Errorf("%s differs from the outage that it became", path)
		}
	}
}

// TestFeeds: a feed is well formed whatever stands in an outage, has one id an
// entry, and changes its times with what providers say, not with posts.
func TestFeeds(t *testing.T) {
	store := fixtures()
	store.details = append(store.details, hostile())
	h := newSite(t, store)
	for _, path := range []string{"/outages.atom", "/outages/hostile.1/updates.atom", "/outages/nimbus-2026-11-22/updates.atom"} {
		w := get(t, h, path)
		var f atomFeed
		if err := xml.Unmarshal(w.Body.Bytes(), &f); err != nil || w.Code != 200 || w.Header().Get("Content-Type") != "application/atom+xml; charset=utf-8" {
			t.Errorf("%s: %d %s, %v", path, w.Code, w.Header().Get("Content-Type"), err)
			continue
		}
		ids := map[string]bool{}
		for _, e := range f.Entries {
			if ids[e.ID] || e.Updated > f.Updated || e.Updated > stamp(noon) || e.Title == "" {
				t.Errorf("%s: entry %+v of a feed of %s", path, e, f.Updated)
			}
			ids[e.ID] = true
		}
	}
	before := get(t, h, "/outages.atom").Body.String()
	store.details[0].Posts++
	store.details[0].LastPost = noon
	if after := get(t, h, "/outages.atom").Body.String(); after != before {
		t.Error("a post that changes no figure changes the feed")
	}
	if w := get(t, h, "/outages/unknown/updates.atom"); w.Code != 404 {
		t.Errorf("unknown outage: %d", w.Code)
	}
}
