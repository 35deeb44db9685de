package store

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/hugops/hugops"
)

// TestOutagesOfFeeds: what a status feed tells of an outage lasts, what a file
// does not tell stays, and being seen again writes a row an hour at most.
func TestOutagesOfFeeds(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	hour := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Hour) }
	first := hugops.Outage{ID: "bee-1", Service: "bee", ServiceName: "Bee", Title: "Late", StartedAt: begin, Impact: "minor", Feed: "status:bee", FeedID: "1",
		Severity: "low", Regions: []string{"Nowhere"}, LastSeen: hour(1), Raw: []byte(`{"id":1}`)}
	raw := func() (text string) {
		if err := s.db.QueryRow(ctx, "SELECT raw FROM outages FINAL WHERE id = 'bee-1'").Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	steps := []struct {
		name    string
		do      func() error
		want    func(*hugops.Outage) // the change
		raw     string
		version uint64
	}{
		{"first seen", func() error { return s.PutOutages(ctx, []hugops.Outage{first}) },
			func(o *hugops.Outage) { *o = first; o.FirstSeen, o.Raw = hour(1), nil }, `{"id":1}`, 1},
		{"the same, minutes later, with other bytes", func() error {
			again := first
			again.LastSeen, again.Raw = hour(1).Add(50*time.Minute), []byte(`{"id":1,"n":2}`)
			return s.PutOutages(ctx, []hugops.Outage{again})
		}, func(*hugops.Outage) {}, `{"id":1}`, 1},
		{"seen an hour later", func() error { return s.SeeOutages(ctx, []hugops.Sighting{{ID: "bee-1", LastSeen: hour(2)}}) },
			func(o *hugops.Outage) { o.LastSeen = hour(2) }, `{"id":1}`, 2},
		{"seen earlier", func() error { return s.SeeOutages(ctx, []hugops.Sighting{{ID: "bee-1", LastSeen: begin}}) },
			func(*hugops.Outage) {}, `{"id":1}`, 2},
		{"changed", func() error {
			changed := first
			changed.Title, changed.LastSeen, changed.Raw = "Later", hour(3), []byte(`{"id":1,"n":3}`)
			return s.PutOutages(ctx, []hugops.Outage{changed})
		}, func(o *hugops.Outage) { o.Title, o.LastSeen = "Later", hour(3) }, `{"id":1,"n":3}`, 3},
		{"withdrawn", func() error {
			return s.SeeOutages(ctx, []hugops.Sighting{{ID: "nobody"}, {ID: "bee-1", EndedAt: hour(3), WithdrawnAt: hour(4)}})
		}, func(o *hugops.Outage) { o.EndedAt, o.WithdrawnAt = hour(3), hour(4) }, `{"id":1,"n":3}`, 4},
		{"an end before the start", func() error { return s.SeeOutages(ctx, []hugops.Sighting{{ID: "bee-1", EndedAt: hour(-4)}}) },
			func(o *hugops.Outage) { o.EndedAt = begin }, `{"id":1,"n":3}`, 5},
		{"from a file that knows no feed", func() error {
			return s.PutOutages(ctx, []hugops.Outage{{ID: "bee-1", Service: "bee", Title: "By hand", StartedAt: begin, Source: "file"}})
		}, func(o *hugops.Outage) {
			*o = hugops.Outage{ID: "bee-1", Service: "bee", Title: "By hand", StartedAt: begin, Source: "file", Feed: "status:bee", FeedID: "1", FirstSeen: hour(1), LastSeen: hour(3)}
		}, `{"id":1,"n":3}`, 6},
	}
	var want hugops.Outage
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		step.want(&want)
		got, err := s.readOutages(ctx, "outage", clickhouse.Named("id", "bee-1"))
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0].Outage, want) || got[0].version != step.version || raw() != step.raw {
			t.Errorf("%s: got %+v, raw %s, %v\nwant %+v, raw %s, version %d", step.name, got, raw(), err, want, step.raw, step.version)
		}
	}
	if all, err := s.Outages(ctx); err != nil || len(all) != 1 {
		t.Errorf("%d outages, %v: a sighting made one", len(all), err)
	}
}

// TestManyOutages puts as many as a first look at all status pages brings, in one
// call: more than are compared at a time, with what must be quoted.
func TestManyOutages(t *testing.T) {
	s := fresh(t)
	outages := make([]hugops.Outage, 2*putAtOnce+7)
	for i := range outages {
		outages[i] = hugops.Outage{ID: "o-" + strings.Repeat("x", i%90) + string(rune('a'+i%26)) + time.Duration(i).String(), Service: "bee", Title: "it's \\ \"so\"", StartedAt: begin}
		outages[i].ID = strings.NewReplacer("µ", "u").Replace(outages[i].ID)
	}
	for range 2 {
		if err := s.PutOutages(t.Context(), outages); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := s.Outages(t.Context()); err != nil || len(all) != len(outages) {
		t.Errorf("%d outages, want %d, %v", len(all), len(outages), err)
	}
}

// TestLedgerOfStatusPages: the watcher's rows lie in the ledger, and are no part
// of what an outage's page draws of the posts' networks.
func TestLedgerOfStatusPages(t *testing.T) {
	s := fresh(t)
	err := s.PutCoverage(t.Context(), []hugops.Coverage{
		{Source: "status:bee", Network: "status", At: begin, State: hugops.CoverageStalled, Seen: 50, Kept: 1},
		{Source: "mastodon:a", Network: hugops.Mastodon, At: begin, State: hugops.CoverageLive, Seen: 5, Kept: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.coverage(t.Context(), begin, begin.Add(time.Hour), time.Minute)
	if err != nil || len(rows) != 1 || rows[0].Network != hugops.Mastodon {
		t.Errorf("%+v, %v", rows, err)
	}
	var n uint64
	if err := s.db.QueryRow(t.Context(), "SELECT count() FROM coverage FINAL WHERE source = 'status:bee' AND state = 'stalled' AND seen = 50").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows of the status page, %v", n, err)
	}
}

// TestSightsAreKept: what sources and status pages saw is asked of the database once
// for all who look at the same time.
func TestSightsAreKept(t *testing.T) {
	c := config(t)
	writer := open(t, c)
	c.Stale = 0
	line := &failing{RoundTripper: c.Transport}
	c.Transport = line
	s := open(t, c)
	if err := writer.PutCoverage(t.Context(), []hugops.Coverage{
		{Source: "status:bee", Network: "status", At: begin, State: hugops.CoverageLive, Seen: 50},
		{Source: "mastodon:a", Network: hugops.Mastodon, At: begin, State: hugops.CoverageLive, Seen: 5},
	}); err != nil {
		t.Fatal(err)
	}
	for _, broken := range []bool{false, true} {
		line.broken.Store(broken)
		feeds, err := s.Feeds(t.Context(), begin, later)
		if err != nil || len(feeds) != 1 {
			t.Errorf("database away %t: %d status pages, %v", broken, len(feeds), err)
		}
		rows, err := s.Coverage(t.Context(), begin, later)
		if err != nil || len(rows) != 1 {
			t.Errorf("database away %t: %d rows of coverage, %v", broken, len(rows), err)
		}
	}
	line.broken.Store(false)
}

// TestQuietMaintenances: a maintenance is listed once somebody wrote about it.
func TestQuietMaintenances(t *testing.T) {
	s := fresh(t)
	quiet, loud := nimbus, nimbus
	quiet.ID, quiet.Impact = "quiet", "maintenance"
	loud.Impact = "maintenance"
	if err := s.PutOutages(t.Context(), []hugops.Outage{quiet, loud, cirrus}); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), []hugops.Reading{reading("a", 1, hugops.Support)}, nil); err != nil {
		t.Fatal(err)
	}
	list, err := summaries(t.Context(), s, later, 2)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, sum := range list {
		ids = append(ids, sum.Outage.ID)
	}
	slices.Sort(ids)
	if want := []string{cirrus.ID, loud.ID}; !slices.Equal(ids, want) {
		t.Errorf("listed %q, want %q", ids, want)
	}
}
