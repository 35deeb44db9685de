package web

import (
	"strings"
	"testing"

	"github.com/hugops/hugops"
)

// TestServicePage: what is known of a service stands on its page, whether or not it
// ever broke; what nobody knows has none.
func TestServicePage(t *testing.T) {
	h := newSite(t, fixtures())
	for _, c := range []struct {
		name, slug string
		code       int
		has        []string
		hasNot     string
	}{
		{"with an outage now", "nimbus-cloud", 200, []string{"An outage is going on", `data-key="nimbus-2026-11-22"`, `href="https://status.nimbus-cloud.example"`,
			`href="/services/nimbus-mail"`, `service=&#34;nimbus-cloud&#34;`, `href="/outages.atom?service=nimbus-cloud"`}, "All is well"},
		{"part of another, that has one now", "teapot-video", 200, []string{"All is well, as far as we know", `data-key="teapot-video-2"`, "which has an outage now"}, "Part of it"},
		{"without any outage", "nimbus-mail", 200, []string{"No outage of", "May it stay so"}, `class="outage"`},
		{"that only its outages tell of", "thicket-code", 200, []string{"Thicket Code", `data-key="thicket-12"`}, "own status page"},
		{"nobody knows", "no-such", 404, []string{"There is no page here."}, "no-such"},
		{"hostile", "%3Cscript%3E", 404, []string{"There is no page here."}, "<script>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := get(t, h, "/services/"+c.slug)
			if w.Code != c.code {
				t.Fatalf("%d, want %d", w.Code, c.code)
			}
			main := w.Body.String()
			main = main[strings.Index(main, "<main"):strings.Index(main, "</main>")]
			if c.code == 200 {
				main = w.Body.String()
				main = main[strings.Index(main, "<head"):strings.Index(main, "</main>")]
			}
			for _, has := range c.has {
				if !strings.Contains(main, has) {
					t.Errorf("misses %s", has)
				}
			}
			if c.hasNot != "" && strings.Contains(main[strings.Index(main, "<main"):], c.hasNot) {
				t.Errorf("has %s", c.hasNot)
			}
		})
	}
}

// TestServiceFeed: the feed of one service has its outages alone.
func TestServiceFeed(t *testing.T) {
	h := newSite(t, fixtures())
	one, all := get(t, h, "/outages.atom?service=nimbus-cloud").Body.String(), get(t, h, "/outages.atom").Body.String()
	if n := strings.Count(one, "<entry>"); n != 1 || !strings.Contains(one, "<title>Outages of Nimbus Cloud, and how they were met</title>") {
		t.Errorf("%d entries in %s", n, one)
	}
	if n := strings.Count(all, "<entry>"); n != 7 {
		t.Errorf("%d entries in the feed of all, want 7", n)
	}
}

// TestHistory: an outage stands at its time, its arms at its bounds, and none that
// has no index.
func TestHistory(t *testing.T) {
	of := func(ds ...hugops.Detail) []hugops.Summary {
		var out []hugops.Summary
		for _, d := range ds {
			out = append(out, d.Summary)
		}
		return out
	}
	if h := newHistory(of(nimbus(), hopscotch()), noon); h != nil {
		t.Errorf("one outage with an index is drawn: %+v", h)
	}
	wide := newHistory(of(nimbus(), pennywhistle(), thicket()), noon).Drawings[0]
	if len(wide.Marks) != 3 {
		t.Fatalf("%d marks, want 3", len(wide.Marks))
	}
	for i := range wide.Marks[1:] {
		if wide.Marks[i].X >= wide.Marks[i+1].X {
			t.Errorf("marks go back in time: %v, %v", wide.Marks[i].X, wide.Marks[i+1].X)
		}
	}
	last := wide.Marks[2] // nimbus, 72 (66–78), on an axis from 14 (100) to 194 (0)
	if last.Y != 64.4 || last.Lower != 75.2 || last.Upper != 53.6 {
		t.Errorf("72 (66–78) stands at %v (%v–%v)", last.Y, last.Lower, last.Upper)
	}
	if want := "22 November 2026, Storage errors in eu-north: 72, very likely 66–78"; last.Say != want {
		t.Errorf("%q, want %q", last.Say, want)
	}
}

// TestContact: the pages say how to reach whoever runs the site, if it was said.
func TestContact(t *testing.T) {
	for contact, want := range map[string]string{
		"hello@hugops.example":           `<a href="mailto:hello@hugops.example" rel="noopener nofollow">hello@hugops.example</a>`,
		"https://hugops.example/contact": `<a href="https://hugops.example/contact" rel="noopener nofollow">hugops.example/contact</a>`,
		"":                               "Write to whoever runs this server",
	} {
		h := newSite(t, fixtures(), func(c *Config) { c.Contact = contact })
		if body := get(t, h, "/opt-out").Body.String(); !strings.Contains(body, want) {
			t.Errorf("contact %q: /opt-out misses %s", contact, want)
		}
		if body := get(t, h, "/privacy").Body.String(); contact != "" && !strings.Contains(body, want) {
			t.Errorf("contact %q: /privacy misses %s", contact, want)
		}
	}
}
