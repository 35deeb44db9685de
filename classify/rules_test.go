package classify_test

import (
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
)

// TestLinkRules are rules that hold whatever the words: posts on X never count
// for an outage of X, and a post of no time may be about any outage.
func TestLinkRules(t *testing.T) {
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	l := classify.NewLinker(classify.Services(), []hugops.Outage{
		{ID: "x-1", Service: "x", ServiceName: "X", StartedAt: start, EndedAt: start.Add(time.Hour)},
		{ID: "gh-1", Service: "github", ServiceName: "GitHub", StartedAt: start, EndedAt: start.Add(time.Hour)},
	})
	for _, c := range []struct {
		name    string
		network hugops.Network
		at      time.Time
		text    string
		want    string
	}{
		{"X on Mastodon", hugops.Mastodon, start, "Twitter is down, hugs to the people fixing it", "x-1"},
		{"X on X", hugops.X, start, "Twitter is down, hugs to the people fixing it", ""},
		{"GitHub on X", hugops.X, start, "GitHub is down, hugs to the people fixing it", "gh-1"},
		{"no time", hugops.X, time.Time{}, "GitHub is down, hugs to the people fixing it", "gh-1"},
		{"a day later", hugops.X, start.AddDate(0, 0, 1), "GitHub is down, hugs to the people fixing it", ""},
	} {
		_, links := l.Link(&hugops.Post{Network: c.network, PostedAt: c.at, Text: c.text})
		got := ""
		if len(links) > 0 {
			got = links[0].Outage
		}
		if got != c.want || len(links) > 1 {
			t.Errorf("%s: linked to %v, want %q", c.name, links, c.want)
		}
	}
}
