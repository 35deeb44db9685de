package web

import (
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestSources reads the minutes of one source from 11:00 to 11:10: letters as in
// TestStrips, . no row. A source's time begins with its first row.
func TestSources(t *testing.T) {
	states := map[rune]hugops.CoverageState{'L': hugops.CoverageLive, 'R': hugops.CoverageReplay, 'S': hugops.CoverageSample, 'G': hugops.CoverageGap,
		'T': hugops.CoverageStalled, 'C': hugops.CoverageClamped, 'B': hugops.CoverageBudget}
	letters := map[hugops.CoverageState]string{}
	for l, s := range states {
		letters[s] = string(l)
	}
	for _, c := range []struct{ name, in, want, state, missed string }{
		{"seen throughout", "LLLLLLLLLL", "LLLLLLLLLL", "Live", "Nothing missed"},
		{"new", ".....LLLLL", "LLLLL", "Live since 11:05", "Nothing missed"},
		{"the newest row is late", "LLLLLLLL..", "LLLLLLLL", "Live", "Nothing missed"},
		{"nobody writes any more", "LLLLL.....", "LLLLLGGGGG", "Not connected since 11:05", "5 min not seen"},
		{"the process was away", "LLL.LLLLLL", "LLLGLLLLLL", "Live since 11:04", "1 min not seen"},
		{"a gap that was read afterwards", "LLLRRRGLLL", "LLLRRRGLLL", "Live since 11:07", "1 min not seen"},
		{"blind for several reasons", "LLLLGTTTTT", "LLLLGTTTTT", "Nothing comes since 11:05, though connected", "6 min not seen"},
		{"a sample, then too dear", "SSSSSSSBBB", "SSSSSSSBBB", "Stopped since 11:07: the budget is spent", "3 min not seen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rows []hugops.Coverage
			for i, l := range c.in {
				if s, ok := states[l]; ok {
					rows = append(rows, hugops.Coverage{Source: "bluesky:jetstream", Network: hugops.Bluesky, At: at("11:00").Add(time.Duration(i) * time.Minute), State: s, Seen: 10, Kept: 3, Withheld: 1})
				}
			}
			all := sourcesOf(rows, at("11:10"))
			if len(all) != 1 {
				t.Fatalf("%d sources, want 1", len(all))
			}
			drawn := ""
			for _, p := range all[0].Spans {
				drawn += strings.Repeat(letters[p.State], int(p.To.Sub(p.From)/time.Minute))
			}
			v := sourceView{all[0], "jetstream", timeAxis{From: at("11:00"), To: at("11:10"), X1: 100}}
			if drawn != c.want || v.State() != c.state || v.Missed() != c.missed {
				t.Errorf("%s → %s (%s; %s), want %s (%s; %s)", c.in, drawn, v.State(), v.Missed(), c.want, c.state, c.missed)
			}
			if s := all[0]; s.Seen != 10*len(rows) || s.Kept != 3*len(rows) || s.Withheld != len(rows) {
				t.Errorf("%d seen, %d kept, %d withheld in %d minutes", s.Seen, s.Kept, s.Withheld, len(rows))
			}
		})
	}
}

// TestSayNetworks: one source that sees is enough for its network.
func TestSayNetworks(t *testing.T) {
	live := minutes("mastodon:a", hugops.Mastodon, hugops.CoverageLive, "14:00", "14:26")
	silent := minutes("mastodon:b", hugops.Mastodon, hugops.CoverageStalled, "14:00", "14:26")
	lost := minutes("x:stream", hugops.X, hugops.CoverageGap, "14:00", "14:26")
	for _, c := range []struct {
		name string
		rows []hugops.Coverage
		want string
	}{
		{"none", nil, "No network is read live on this site."},
		{"files only", minutes("replay:f", hugops.X, hugops.CoverageReplay, "14:00", "14:05"), "No network is read live on this site."},
		{"one of two sources", join(live, silent), "We see Mastodon as posts are made."},
		{"one of two networks", join(live, lost), "We see Mastodon as posts are made, and nothing of X."},
		{"nothing", join(silent, lost), "Right now we see no network at all: Mastodon and X cannot be reached."},
	} {
		w := get(t, newSite(t, &shelf{coverage: c.rows}), "/sources")
		if !strings.Contains(w.Body.String(), "<p>"+c.want+" ") {
			t.Errorf("%s: the page does not say %q", c.name, c.want)
		}
	}
}
