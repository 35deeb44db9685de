package web

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestOddAnswers: whatever numbers and times the store answers with, no page, picture or
// answer of the API breaks.
func TestOddAnswers(t *testing.T) {
	far, never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}
	for name, odd := range map[string]func(*hugops.Detail){
		"nothing but an id": func(d *hugops.Detail) {
			*d = hugops.Detail{Summary: hugops.Summary{Outage: hugops.Outage{ID: d.Outage.ID}}}
		},
		"counts below 0": func(d *hugops.Detail) {
			d.Index.Support, d.Index.Authors, d.Posts, d.Series[0].Support = -1, -5, -9, -3
		},
		"a curve of nonsense":      func(d *hugops.Detail) { d.Curve[0].At, d.Curve[1].At, d.Curve[1].Index.Value = far, never, math.NaN() },
		"posts of another century": func(d *hugops.Detail) { d.Series[0].At, d.FirstPost, d.LastPost = time.Unix(0, 0), far, never },
		"posts of the future":      func(d *hugops.Detail) { d.Series[0].At, d.FirstPost = far, noon.Add(time.Hour) },
		"an end before the start":  func(d *hugops.Detail) { d.Outage.EndedAt = d.Outage.StartedAt.Add(-999 * time.Hour) },
		"open since 1970":          func(d *hugops.Detail) { d.Outage.StartedAt, d.Outage.EndedAt = time.Unix(1, 0), never },
		"a bucket of a second":     func(d *hugops.Detail) { d.Bucket, d.CoverageStep = time.Second, -time.Hour },
		"a bucket of a month": func(d *hugops.Detail) {
			d.Bucket, d.CoverageStep = 30*24*time.Hour, 30*24*time.Hour
		},
		"coverage of no state": func(d *hugops.Detail) {
			d.Coverage = append(d.Coverage, hugops.Coverage{At: far, State: "?"}, hugops.Coverage{State: "live", Network: "x"})
		},
		"a long title": func(d *hugops.Detail) {
			d.Outage.Title, d.Outage.ServiceName = strings.Repeat("W ", 1e5), strings.Repeat("漢", 1e4)
		},
		"many updates": func(d *hugops.Detail) { d.Outage.Updates = make([]hugops.Update, 5000) },
	} {
		t.Run(name, func(t *testing.T) {
			d := nimbus()
			odd(&d)
			h := newSite(t, &shelf{details: []hugops.Detail{d}})
			for _, path := range []string{"/", "/outages/ID", "/services/nimbus-cloud", "/embed", "/embed/ID", "/badge/ID.svg", "/badge/ID.png", "/card/ID.png", "/card/ID.svg", "/widget/ID",
				"/outages.atom", "/outages/ID/updates.atom", "/api/v1/outages", "/api/v1/outages/ID", "/api/v1/outages/ID/coverage.csv", "/api/v1/outages/ID/series.csv", "/api/v1/services"} {
				w := get(t, h, strings.ReplaceAll(path, "ID", d.Outage.ID))
				if w.Code == 500 {
					t.Errorf("%s: %d", path, w.Code)
				}
			}
		})
	}
}

// TestLongNames: pictures measure a service's name once for each of its letters.
func TestLongNames(t *testing.T) {
	d := nimbus()
	d.Outage.ServiceName = strings.Repeat("漢", 1e5) + "\ufffe"
	if name := newRow(d.Summary, noon).Service; len([]rune(name)) != longestName || !strings.HasSuffix(name, "漢…") {
		t.Errorf("a name of %d letters is shown with %d", len(d.Outage.ServiceName)/3, len([]rune(name)))
	}
	d.Outage.ServiceName = "Nim\ufffebus\uffff"
	if name := newRow(d.Summary, noon).Service; name != "Nimbus" {
		t.Errorf("characters that XML does not have: %q", name)
	}
}
