package web

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/hugops/hugops"
)

// everyPage is every template in every state that the fixtures know.
func everyPage(t *testing.T) map[string][]byte {
	t.Helper()
	store := fixtures()
	store.details = append(store.details, hostile())
	store.coverage = append(store.coverage, minutes(`mastodon:"><script>alert(4)</script>`, hugops.Mastodon, hugops.CoverageLive, "14:00", "14:20")...)
	h, empty := newSite(t, store), newSite(t, &shelf{})
	broken := newSite(t, &shelf{err: fmt.Errorf("broken")})
	noModel := newSite(t, store, func(c *Config) { c.Errors = hugops.ErrorModel{} })
	out := map[string][]byte{
		"empty /": get(t, empty, "/").Body.Bytes(), "empty /embed": get(t, empty, "/embed").Body.Bytes(),
		"broken /": get(t, broken, "/").Body.Bytes(), "broken /sources": get(t, broken, "/sources").Body.Bytes(), "no model /methodology": get(t, noModel, "/methodology").Body.Bytes(),
		"empty search": get(t, h, "/?q=nobody&days=7").Body.Bytes(), "hostile search": get(t, h, "/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").Body.Bytes(),
	}
	paths := []string{"/", "/?after=2026-11-22T00:00:00Z,x", "/methodology", "/sources", "/data", "/embed", "/privacy", "/opt-out", "/nothing", "/embed/unknown", "/embed?outage=nimbus-2026-11-22&show=hugs&theme=dark&lang=de&size=line", "/embed?service=nimbus-cloud", "/embed?service=Thicket+Code", "/embed?outage=hostile.1", "/embed?service=%22%3E%3Cscript%3E",
		"/embed/service/nimbus-cloud?lang=ja", "/embed/service/thicket-code", "/embed/service/unknown",
		"/services/nimbus-cloud", "/services/nimbus-mail", "/services/pennywhistle-pay", "/services/pennywhistle-pay?after=2026-11-22T00:00:00Z,x"}
	for _, d := range store.details {
		paths = append(paths, "/outages/"+d.Outage.ID, "/embed/"+d.Outage.ID, "/embed/"+d.Outage.ID+"?show=hugs&theme=dark")
	}
	for _, p := range paths {
		out[p] = get(t, h, p).Body.Bytes()
	}
	return out
}

// TestEveryPage reads each page as a browser does, and holds what all must keep:
// nothing that the Content-Security-Policy would refuse, nothing from elsewhere,
// one heading, unique names, words for every picture.
func TestEveryPage(t *testing.T) {
	for name, body := range everyPage(t) {
		t.Run(name, func(t *testing.T) {
			doc, err := html.Parse(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			p := pageCheck{t: t, ids: map[string]bool{}}
			p.walk(doc)
			framed := bytes.Contains(body, []byte("/assets/frame."))
			if p.h1 != 1 && !framed {
				t.Errorf("%d headings of the first order, want 1", p.h1)
			}
			if framed && !bytes.Contains(body, []byte(`<script defer src="/assets/frame.`)) {
				t.Error("the page for iframes cannot renew itself")
			}
			if bytes.Contains(body, []byte("ZgotmplZ")) {
				t.Error("a template puts a foreign value where it may not stand")
			}
		})
	}
}

type pageCheck struct {
	t   *testing.T
	ids map[string]bool
	h1  int
}

func (p *pageCheck) walk(n *html.Node) {
	if n.Type == html.ElementNode {
		p.element(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		p.walk(c)
	}
}

func (p *pageCheck) element(n *html.Node) {
	attr := map[string]string{}
	for _, a := range n.Attr {
		attr[a.Key] = a.Val
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
			p.t.Errorf("<%s> has the attribute %s", n.Data, a.Key)
		}
	}
	switch n.Data {
	case "h1":
		p.h1++
	case "style":
		p.t.Error("an inline style sheet")
	case "script":
		if n.FirstChild != nil || !strings.HasPrefix(attr["src"], "/") {
			p.t.Errorf("script from %q, or inline", attr["src"])
		}
	case "img":
		if attr["alt"] == "" || !strings.HasPrefix(attr["src"], "/") {
			p.t.Errorf("picture %q without words, or from elsewhere", attr["src"])
		}
	case "svg":
		inner := n.Parent != nil && n.Parent.Namespace == "svg"
		if !inner && attr["aria-hidden"] != "true" && (attr["role"] != "img" || attr["aria-label"] == "") {
			p.t.Error("a drawing without words")
		}
	case "input", "select":
		if attr["aria-label"] == "" {
			p.t.Errorf("<%s name=%s> without a label", n.Data, attr["name"])
		}
	}
	if id, ok := attr["id"]; ok {
		if p.ids[id] {
			p.t.Errorf("id %q twice", id)
		}
		p.ids[id] = true
	}
	if href, ok := attr["href"]; ok && n.Data == "a" {
		u, err := url.Parse(href)
		if err != nil || !slices.Contains([]string{"", "https", "http"}, u.Scheme) {
			p.t.Errorf("link to %q", href)
		}
	}
}

// TestHostile: what a status page may send stands on the page as words.
func TestHostile(t *testing.T) {
	h := newSite(t, &shelf{details: []hugops.Detail{hostile()}})
	for _, path := range []string{"/", "/outages/hostile.1", "/embed/hostile.1", "/badge/hostile.1.svg", "/badge/hostile.1.json", "/card/hostile.1.svg", "/widget/hostile.1", "/oembed?url=https://hugops.example/outages/hostile.1&format=xml", "/embed", "/embed?outage=hostile.1"} {
		body := get(t, h, path).Body.String()
		for _, bad := range []string{"<script>", "<img src=x", "<b>bold", "javascript:", "\u202e", "</style>"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s contains %q", path, bad)
			}
		}
	}
	if body := get(t, h, "/outages/hostile.1").Body.String(); !strings.Contains(body, "שלום") || !strings.Contains(body, "&lt;script&gt;") {
		t.Error("the hostile outage is not on its page at all")
	}
	if body := get(t, h, "/api/v1/outages/hostile.1").Body.String(); strings.Contains(body, "javascript:") || strings.Contains(body, "<script>") {
		t.Errorf("API: %s", body)
	}
}

// TestDemoIsSaid: every page that shows an invented outage says so, no other does.
func TestDemoIsSaid(t *testing.T) {
	invented, genuine := nimbus(), nimbus()
	genuine.Outage.Demo = false
	for _, path := range []string{"/", "/outages/nimbus-2026-11-22", "/embed", "/embed/nimbus-2026-11-22", "/embed/nimbus-2026-11-22?show=hugs"} {
		if body := get(t, newSite(t, &shelf{details: []hugops.Detail{invented}}), path).Body.String(); !strings.Contains(body, ">Demo<") {
			t.Errorf("%s does not say that it is a demo", path)
		}
		if body := get(t, newSite(t, &shelf{details: []hugops.Detail{genuine}}), path).Body.String(); strings.Contains(body, ">Demo<") {
			t.Errorf("%s says that a true outage is a demo", path)
		}
	}
}

// TestAssets: each is found under the address that pages use, and stays for ever.
func TestAssets(t *testing.T) {
	h := newSite(t, fixtures())
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"site.css", "site.js", "drawing.js", "chart.js", "uPlot.iife.min.js", "uPlot.min.css", "uPlot.LICENSE.txt", "frame.css", "frame.js", "embed.js", "favicon.svg"} {
		w := get(t, h, a.url(name))
		if w.Code != 200 || w.Header().Get("Cache-Control") != cacheEver || w.Body.Len() == 0 {
			t.Errorf("%s: %d, %s, %d bytes", name, w.Code, w.Header().Get("Cache-Control"), w.Body.Len())
		}
	}
}

// TestScripts: none has a means of keeping or leaking anything, or a way to turn
// foreign words into markup.
func TestScripts(t *testing.T) {
	for _, name := range []string{"widget.js", "frame.js", "embed.js", "site.js", "drawing.js", "chart.js"} {
		src, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "document.cookie", "localStorage", "sessionStorage", "indexedDB", "eval(", "new Function", "sendBeacon", "importScripts", ".style.cssText"} {
			if bytes.Contains(src, []byte(bad)) {
				t.Errorf("%s uses %s", name, bad)
			}
		}
		if n := bytes.Count(src, []byte("http:")) + bytes.Count(src, []byte("https:")); name != "site.js" && n != bytes.Count(src, []byte("http://www.w3.org/2000/svg")) {
			t.Errorf("%s names an address other than its own", name)
		}
	}
}
