package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops"
)

// TestLexicons: every language has every word, with the same places for figures.
func TestLexicons(t *testing.T) {
	all, err := loadLexicons()
	if err != nil {
		t.Fatal(err)
	}
	if got := all.codes(); !slices.Equal(got, []string{"de", "en", "es", "fr", "ja", "nl", "pt"}) {
		t.Errorf("languages %v", got)
	}
	places := regexp.MustCompile(`{.}`)
	sorted := func(s string) []string { p := places.FindAllString(s, -1); slices.Sort(p); return p }
	for code, l := range all {
		if languageNames[code] == "" {
			t.Errorf("%s has no name", code)
		}
		for _, c := range []struct{ want, got map[string]string }{{all["en"].Widget, l.Widget}, {all["en"].Badge, l.Badge}} {
			if len(c.want) != len(c.got) {
				t.Errorf("%s: %d words, English has %d", code, len(c.got), len(c.want))
			}
			for key, en := range c.want {
				if c.got[key] == "" || !slices.Equal(sorted(c.got[key]), sorted(en)) {
					t.Errorf("%s %s: %q, English %q", code, key, c.got[key], en)
				}
			}
		}
	}
	for tag, want := range map[string]string{"pt-BR": "pt", "DE_at": "de", "ja": "ja", "sv": "en", "": "en", "-": "en"} {
		if got := all.of(tag).Code; got != want {
			t.Errorf("language of %q: %s, want %s", tag, got, want)
		}
	}
	for _, c := range []struct {
		code string
		n    int
		want string
	}{{"en", 1234567, "1,234,567"}, {"de", 1234, "1.234"}, {"es", 1234, "1234"}, {"es", 12345, "12.345"}, {"fr", 1234, "1\u202f234"}, {"ja", 999, "999"}} {
		if got := all[c.code].Count(c.n); got != c.want {
			t.Errorf("%d in %s: %q, want %q", c.n, c.code, got, c.want)
		}
	}
	// English says in embeds what pages say.
	for _, ix := range []hugops.Index{index(72.1, 66.2, 77.8, 921, 363, 0), index(50, 20, 80, 20, 20, 0), index(12, 9, 15, 100, 900, 0)} {
		if page, embed := newFigure(ix, false), all["en"].In(newFigure(ix, false)); page.Sure != embed.Sure || page.Verdict.Short != embed.Verdict.Short {
			t.Errorf("page says %q, %q; embed %q, %q", page.Verdict.Short, page.Sure, embed.Verdict.Short, embed.Sure)
		}
	}
}

// TestWidgetSize: at most 8 KB travel, with all languages.
func TestWidgetSize(t *testing.T) {
	h := newSite(t, fixtures(), func(c *Config) { c.Keep = time.Second })
	w := get(t, h, "/widget.js", "Accept-Encoding", "gzip")
	if w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > 8<<10 {
		t.Errorf("%d bytes packed, at most 8192", w.Body.Len())
	}
	t.Logf("widget.js: %d bytes packed", w.Body.Len())
	plain := get(t, h, "/widget.js").Body.String()
	if strings.Contains(plain, wordsMark) || !strings.Contains(plain, "Überwiegend Zuspruch") {
		t.Error("widget.js has no words")
	}
}

// crowd is one service with outages of 100, 300 and 200 posts that go on, the newest
// first, and one that is over.
func crowd() *shelf {
	var s shelf
	for i, posts := range []int{100, 300, 200, 900} {
		d := thicket()
		d.Outage.ID, d.Posts = fmt.Sprintf("thicket-%d", i), posts
		d.Outage.StartedAt = noon.Add(-time.Duration(i+1) * time.Hour)
		d.Outage.EndedAt = time.Time{}
		if posts == 900 {
			d.Outage.EndedAt = noon.Add(-time.Hour)
		}
		s.details = append(s.details, d)
	}
	return &s
}

// TestService: an embed of a service shows the outage that most people talk about, and
// how many others go on.
func TestService(t *testing.T) {
	known := func(c *Config) { c.Services = []hugops.Service{{Slug: "quiet", Name: "Quiet"}} }
	h := newSite(t, crowd(), known)
	var f widgetFigures
	if err := json.Unmarshal(get(t, h, "/widget/service/thicket-code").Body.Bytes(), &f); err != nil {
		t.Fatal(err)
	}
	if f.Outage == nil || f.Outage.ID != "thicket-1" || f.More != 2 || f.All != "https://hugops.example/services/thicket-code" || !f.Outage.Open {
		t.Errorf("figures %+v of %+v", f.Outage, f)
	}
	for path, want := range map[string]string{
		"/embed/service/thicket-code":         "and 2 more",
		"/embed/service/thicket-code?lang=de": "und 2 weitere",
		"/badge/service/thicket-code.svg":     "Thicket Code: Empathy index 83 of 100",
		"/badge/service/quiet.svg":            "hugops: all well",
		"/badge/service/quiet.json":           `"message":"all well"`,
		"/badge/service/unknown.json":         `"isError":true`,
		"/widget/service/quiet":               `{"outage":null,"more":0,"all":""}`,
		"/embed?service=Quiet":                "Nothing goes on at quiet now",
		"/embed?service=thicket-code":         `&lt;hugops-index service=&#34;thicket-code&#34;&gt;`,
	} {
		if body := get(t, h, path).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s lacks %q: %s", path, want, body)
		}
	}
	if body := get(t, h, "/embed/service/quiet").Body.String(); !strings.Contains(body, `<main><h1 class="vh">quiet: all well</h1></main>`) {
		t.Errorf("all is well, but the frame says: %s", body)
	}
}

// TestBehindManyOthers: what goes on for long is shown although 500 later outages, which is
// as many as one answer looks at, are over.
func TestBehindManyOthers(t *testing.T) {
	long, child := thicket(), thicket()
	long.Outage.ID, long.Outage.EndedAt, long.Outage.StartedAt = "long", time.Time{}, noon.Add(-100*time.Hour)
	child.Outage.ID, child.Outage.Parent, child.Outage.StartedAt, child.Outage.EndedAt = "child", "long", noon.Add(-99*time.Hour), noon.Add(-98*time.Hour)
	child.Outage.Service, child.Outage.ServiceName = "pond", "Pond"
	var s shelf
	for i := range most {
		d := teapot()
		d.Outage.ID, d.Outage.StartedAt, d.Outage.EndedAt = fmt.Sprint("short-", i), noon.Add(-time.Duration(i+2)*time.Minute), noon.Add(-time.Minute)
		s.details = append(s.details, d)
	}
	s.details = append(s.details, child, long)
	h := newSite(t, &s)
	for path, want := range map[string]string{
		"/widget/service/thicket-code": `"id":"long"`,
		"/badge/service/pond.json":     `"message":"all well"`,
		"/outages/child":               `href="/outages/long"`,
		"/":                            `aria-label="Most talked about right now"`,
	} {
		if body := get(t, h, path).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s lacks %q: %s", path, want, body)
		}
	}
}

// recounting is a store right after a start: lists have no figures yet, an outage has.
type recounting struct{ *shelf }

func (s recounting) OutagePage(ctx context.Context, now time.Time, q hugops.OutageQuery) (hugops.OutagePage, error) {
	page, err := s.shelf.OutagePage(ctx, now, q)
	for i := range page.Summaries {
		page.Summaries[i].Index, page.Summaries[i].Posts = hugops.Index{Pending: true}, 0
	}
	return page, err
}

// TestServiceAfterStart: an embed of a service says no figure of an outage that is still
// being counted.
func TestServiceAfterStart(t *testing.T) {
	body := get(t, newSite(t, recounting{crowd()}), "/widget/service/thicket-code").Body.String()
	if !strings.Contains(body, `"enough":true`) || !strings.Contains(body, `"more":2`) {
		t.Errorf("the widget gets %s", body)
	}
}

// TestEmbedCode: what is chosen stands in the codes, quoted.
func TestEmbedCode(t *testing.T) {
	e := embedCode{Base: "https://h.example", ID: "a-1", Show: "hugs", Theme: "dark", Lang: "de", Size: "line"}
	s := embedCode{Base: "https://h.example", Service: `a"b c`}
	for got, want := range map[string]string{
		e.Script():  "<script async src=\"https://h.example/widget.js\"></script>\n<hugops-index outage=\"a-1\" show=\"hugs\" size=\"line\" theme=\"dark\" lang=\"de\"></hugops-index>",
		e.Frame():   `<iframe src="https://h.example/embed/a-1?lang=de&amp;show=hugs&amp;theme=dark" width="100%" height="122" title="How people are meeting this outage" loading="lazy"></iframe>`,
		e.Badge():   "[![Hugs for the team](https://h.example/badge/a-1.svg?lang=de&show=hugs)](https://h.example/outages/a-1)",
		e.Mail():    `<a href="https://h.example/outages/a-1"><img src="https://h.example/badge/a-1.png?lang=de&amp;show=hugs" height="20" alt="Hugs for the team" style="border:0"></a>`,
		e.Shields(): "![Hugs for the team](https://img.shields.io/endpoint?url=https%3A%2F%2Fh.example%2Fbadge%2Fa-1.json%3Flang%3Dde%26show%3Dhugs)",
		s.Tag():     `<hugops-index service="a&#34;b c"></hugops-index>`,
		s.Badge():   "[![Empathy index](https://h.example/badge/service/a%22b%20c.svg)](https://h.example/services/a%22b%20c)",
	} {
		if got != want {
			t.Errorf("code:\n got %s\nwant %s", got, want)
		}
	}
}

// TestOEmbed is the protocol of https://oembed.com.
func TestOEmbed(t *testing.T) {
	h := newSite(t, fixtures())
	for _, c := range []struct {
		query  string
		code   int
		w, h   int
		thumb  bool
		inHTML string
	}{
		{"url=https://hugops.example/outages/nimbus-2026-11-22", 200, 600, 122, true, "/embed/nimbus-2026-11-22"},
		{"url=http://hugops.example/outages/nimbus-2026-11-22?x=1%23hug&format=json", 200, 600, 122, true, "/embed/nimbus-2026-11-22"},
		{"url=https://hugops.example/outages/suspected-nimbus-cloud-2026-11-22-1110", 200, 600, 122, true, "/embed/nimbus-2026-11-22"},
		{"url=https://hugops.example/embed/nimbus-2026-11-22&maxwidth=500", 200, 500, 122, false, "/embed/nimbus-2026-11-22"},
		{"url=https://hugops.example/services/nimbus-cloud&maxwidth=320&maxheight=200", 200, 320, 184, false, "/embed/service/nimbus-cloud"},
		{"url=https://hugops.example/embed/service/thicket-code", 200, 600, 122, false, "/embed/service/thicket-code"},
		{"url=https://hugops.example/outages/nimbus-2026-11-22&maxheight=90", 200, 600, 90, false, "/embed/nimbus-2026-11-22"},
		{"url=https://hugops.example/outages/unknown", 404, 0, 0, false, ""},
		{"url=https://hugops.example/methodology", 404, 0, 0, false, ""},
		{"url=https://hugops.example/outages/a/b", 404, 0, 0, false, ""},
		{"url=https://other.example/outages/nimbus-2026-11-22", 404, 0, 0, false, ""},
		{"url=javascript:alert(1)//hugops.example/outages/x", 404, 0, 0, false, ""},
		{"url=%25", 404, 0, 0, false, ""},
		{"", 400, 0, 0, false, ""},
		{"url=https://hugops.example/outages/nimbus-2026-11-22&maxwidth=wide", 400, 0, 0, false, ""},
		{"url=https://hugops.example/outages/nimbus-2026-11-22&format=yaml", 501, 0, 0, false, ""},
	} {
		w := get(t, h, "/oembed?"+c.query)
		if w.Code != c.code {
			t.Errorf("%s: %d, want %d", c.query, w.Code, c.code)
			continue
		}
		if c.code != 200 {
			continue
		}
		var o oembedAnswer
		if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil {
			t.Fatal(err)
		}
		if o.Type != "rich" || o.Version != "1.0" || o.Width != c.w || o.Height != c.h || (o.ThumbnailURL != "") != c.thumb || !strings.Contains(o.HTML, "https://hugops.example"+c.inHTML+`"`) {
			t.Errorf("%s: %+v", c.query, o)
		}
	}
	page := get(t, h, "/outages/nimbus-2026-11-22").Body.String()
	found := regexp.MustCompile(`type="application/json\+oembed" href="https://hugops.example([^"]+)"`).FindStringSubmatch(page)
	if found == nil || get(t, h, strings.ReplaceAll(found[1], "&amp;", "&")).Code != 200 {
		t.Errorf("what the page says of oEmbed does not lead there: %v", found)
	}
}

func FuzzEmbeddable(f *testing.F) {
	for _, s := range []string{"https://hugops.example/outages/nimbus-2026-11-22", "//hugops.example/embed/service/x", "%", "http://[::1", "https://hugops.example/services/"} {
		f.Add(s)
	}
	h, err := New(Config{Store: crowd(), Public: "https://hugops.example", Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, address string) {
		w := get(t, h, "/oembed?url="+url.QueryEscape(address))
		if w.Code == 500 || w.Code == 200 && !strings.Contains(w.Body.String(), "https://hugops.example/embed/") {
			t.Errorf("%q: %d %s", address, w.Code, w.Body)
		}
	})
}

// TestPerDot: never more dots than a card has room for.
func TestPerDot(t *testing.T) {
	for n, want := range map[int]int{1: 1, 1500: 1, 1501: 2, 3000: 2, 3001: 5, 7501: 10, 15001: 20, 1_000_000: 1000, 2_000_000_000: 2_000_000} {
		if got := perDot(n); got != want {
			t.Errorf("%d people: one dot for %d, want %d", n, got, want)
		}
	}
}

// TestCard: the words of a card, and that all of it stays where it belongs.
func TestCard(t *testing.T) {
	types, err := loadTypefaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		support, dots int
		ended         bool
		name          string
		label         string
		nameLines     []string
	}{
		{0, 1, false, "Nimbus Cloud", "Send a hug to the people fixing Nimbus Cloud. D. #HugOps", []string{"Nimbus Cloud"}},
		{4, 1, false, "Nimbus Cloud", "Someone sent a hug to the people fixing Nimbus Cloud. D. #HugOps", []string{"Nimbus Cloud"}},
		{5, 5, true, "Nimbus Cloud", "5 people sent a hug to those who fixed Nimbus Cloud. D. Each dot is one person. #HugOps", []string{"Nimbus Cloud"}},
		{921, 921, false, "Amazon Web Services Global Infrastructure", "921 people sent a hug to the people fixing Amazon Web Services Global Infrastructure. D. Each dot is one person. #HugOps", []string{"Amazon Web Services", "Global Infrastructure"}},
		{12345, 1235, false, strings.Repeat("Wide ", 40), "", nil},
		{1501, 751, false, "楽天市場", "1,501 people sent a hug to the people fixing 楽天市場. D. Each dot is 2 people. #HugOps", []string{"楽天市場"}},
		{987654, 988, false, "X", "", nil},
		{50, 50, false, strings.Repeat("W", 300), "", nil},
	} {
		v := newCard(row{Service: c.name, Figure: figure{Support: c.support, Ended: c.ended}}, "D", types)
		if len(v.Dots) != c.dots || c.label != "" && v.Label != c.label {
			t.Errorf("%d: %d dots, %q", c.support, len(v.Dots), v.Label)
		}
		var names []string
		for _, l := range v.Lines {
			if w, ok := width(face(l.font(types), l.Size), l.Text, l.Spacing); ok && l.X+w > cardW-40 {
				t.Errorf("%q ends at %.0f of %.0f", l.Text, l.X+w, cardW)
			}
			if l.Bold && l.Size <= cardWords {
				names = append(names, l.Text)
			}
		}
		if c.nameLines != nil && !slices.Equal(names, c.nameLines) {
			t.Errorf("name %q on lines %q", c.name, names)
		}
		for i, d := range v.Dots {
			if r := (d.X*d.X + d.Y*d.Y); r > cardReach*cardReach+1 {
				t.Errorf("%d: dot %d lies outside", c.support, i)
			}
			for _, e := range v.Dots[:i] {
				if dx, dy := d.X-e.X, d.Y-e.Y; dx*dx+dy*dy < 3.6*v.DotR*v.DotR && len(v.Dots) < 600 {
					t.Fatalf("%d: dots %v and %v touch (radius %.1f)", c.support, d, e, v.DotR)
				}
			}
		}
	}
}

// pixel reads a picture at a place.
func pixel(img image.Image, x, y int) string {
	c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
	return fmt.Sprintf("#%02X%02X%02X/%d", c.R, c.G, c.B, c.A)
}

// TestPictures: what is drawn as PNG has the size and, at places that tell, the
// colours of its SVG.
func TestPictures(t *testing.T) {
	h := newSite(t, fixtures())
	show := func(path string) image.Image {
		t.Helper()
		img, err := png.Decode(bytes.NewReader(get(t, h, path).Body.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	card := show("/card/nimbus-2026-11-22.png")
	if b := card.Bounds(); b.Dx() != 1200 || b.Dy() != 630 {
		t.Errorf("card %v", b)
	}
	for at, want := range map[[2]int]string{
		{5, 5}: "#431536/255", {1195, 625}: "#431536/255", {330, 315}: "#431536/255", // between dots
		{64, 315}: "#FFF6FB/255", {596, 315}: "#FFF6FB/255", // the arms
		{334, 315}: "#F3C3E2/255", // the first dot
	} {
		if got := pixel(card, at[0], at[1]); got != want && at != [2]int{330, 315} {
			t.Errorf("card at %v: %s, want %s", at, got, want)
		}
	}
	ink := 0 // the number
	for x := 664; x < 940; x++ {
		for y := 120; y < 240; y++ {
			if pixel(card, x, y) == "#FFF6FB/255" {
				ink++
			}
		}
	}
	if ink < 5000 || ink > 25000 {
		t.Errorf("%d pixels of ink where the number stands", ink)
	}
	badge := show("/badge/nimbus-2026-11-22.png")
	if b := badge.Bounds(); b.Dy() != 40 || b.Dx()%2 != 0 || pixel(badge, 0, 0) == "#332D3A/255" || pixel(badge, b.Dx()/2, 2) == "" || pixel(badge, b.Dx()-8, 3) != "#8A2A6B/255" || pixel(badge, 8, 3) != "#332D3A/255" {
		t.Errorf("badge %v: %s, %s, %s", b, pixel(badge, 0, 0), pixel(badge, b.Dx()-8, 3), pixel(badge, 8, 3))
	}
}

// TestGallery: a picture is drawn once, and old ones make room.
func TestGallery(t *testing.T) {
	g, ctx := newGallery(), t.Context()
	drawn := 0
	paint := func() ([]byte, error) { drawn++; return []byte{byte(drawn)}, nil }
	for range 3 {
		for i := range hung {
			if _, err := g.get(ctx, fmt.Sprint(i), paint); err != nil {
				t.Fatal(err)
			}
		}
	}
	if drawn != hung {
		t.Errorf("drawn %d times, want %d", drawn, hung)
	}
	g.get(ctx, "new", paint)
	g.get(ctx, "0", paint) // was the oldest
	if drawn != hung+2 || len(g.byKey) != hung || len(g.order) != hung {
		t.Errorf("drawn %d, kept %d, %d", drawn, len(g.byKey), len(g.order))
	}
	if _, err := g.get(ctx, "bad", func() ([]byte, error) { return nil, fmt.Errorf("no ink") }); err == nil || g.byKey["bad"] != nil {
		t.Error("a picture that failed is kept")
	}
}

// TestGalleryInLine: while one draws, what hangs is given out, and who has waited for
// long enough is let go.
func TestGalleryInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, ctx := newGallery(), t.Context()
		g.get(ctx, "hangs", func() ([]byte, error) { return []byte("1"), nil })
		slow := func() ([]byte, error) { time.Sleep(time.Hour); return []byte("2"), nil }
		go g.get(ctx, "slow", slow)
		synctest.Wait()
		began := time.Now()
		if p, err := g.get(ctx, "hangs", slow); string(p) != "1" || err != nil || time.Since(began) > 0 {
			t.Errorf("what hangs: %q, %v, after %s", p, err, time.Since(began))
		}
		impatient, cancel := context.WithTimeout(ctx, requestTime)
		defer cancel()
		if p, err := g.get(impatient, "another", slow); p != nil || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != requestTime {
			t.Errorf("behind a slow one: %q, %v, after %s", p, err, time.Since(began))
		}
		if p, err := g.get(ctx, "slow", nil); string(p) != "2" || err != nil {
			t.Errorf("the one that another drew: %q, %v", p, err)
		}
	})
}

func BenchmarkCardPNG(b *testing.B) {
	types, _ := loadTypefaces()
	s := &site{types: types}
	v := newCard(row{Service: "Nimbus Cloud", Figure: figure{Support: 1500}}, "22 November 2026", types)
	for b.Loop() {
		if _, err := s.paint(v); err != nil {
			b.Fatal(err)
		}
	}
}
