package store

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

func TestOutages(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	full := hugops.Outage{ID: "full", Service: "nimbus", ServiceName: "Nimbus's", Title: "=1+1 \"quoted\"\n", StartedAt: begin.Add(5*time.Hour + 123456*time.Microsecond),
		EndedAt: begin.Add(7 * time.Hour), URL: "https://status.example/1", Impact: "major", Components: []string{"API", "Web, 'old'"},
		Updates: []hugops.Update{{At: begin.Add(5 * time.Hour), Status: "investigating", Text: "We look.\nSoon more."}, {At: begin.Add(6 * time.Hour), Status: "resolved", Text: "💚"}},
		Source:  "file", Demo: true, Parent: "nimbus-1"}
	rows := func() (n uint64) {
		if err := s.db.QueryRow(ctx, "SELECT sum(rows) FROM system.parts WHERE active AND database = currentDatabase() AND table = 'outages'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 3 {
		if err := s.PutOutages(ctx, []hugops.Outage{nimbus, full, nimbus}); err != nil {
			t.Fatal(err)
		}
	}
	if n := rows(); n != 2 {
		t.Errorf("unchanged outages were written: %d rows", n)
	}
	list, err := s.Outages(ctx)
	if err != nil || !reflect.DeepEqual(list, []hugops.Outage{full, nimbus}) {
		t.Errorf("got %+v, %v", list, err)
	}
	full.EndedAt, full.Updates = time.Time{}, full.Updates[:1]
	local := full
	local.Parent = "" // as from a status page, which does not know it: it stays
	local.StartedAt = full.StartedAt.In(time.FixedZone("", 3600))
	if err := s.PutOutages(ctx, []hugops.Outage{local}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Outage(ctx, "full"); err != nil || !reflect.DeepEqual(got, full) {
		t.Errorf("after a change: %+v, %v", got, err)
	}
	if _, err := s.Outage(ctx, "nobody' OR 1"); !errors.Is(err, hugops.ErrNotFound) {
		t.Errorf("an unknown outage: %v", err)
	}
	if err := s.PutOutages(ctx, []hugops.Outage{cirrus, {ID: "bad id"}}); !errors.Is(err, hugops.ErrInvalid) {
		t.Errorf("an invalid outage: %v", err)
	}
	if _, err := s.Outage(ctx, cirrus.ID); !errors.Is(err, hugops.ErrNotFound) {
		t.Errorf("a neighbour of an invalid outage was written: %v", err)
	}
}

// TestPutParents: a cascade is noted once, and changes nothing else.
func TestPutParents(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	if err := s.PutOutages(ctx, []hugops.Outage{nimbus, cirrus}); err != nil {
		t.Fatal(err)
	}
	for _, parent := range []string{cirrus.ID, "another"} {
		if err := s.PutParents(ctx, map[string]string{nimbus.ID: parent, "unknown": parent}); err != nil {
			t.Fatal(err)
		}
	}
	want, err := s.Outage(ctx, nimbus.ID)
	if err != nil || want.Parent != cirrus.ID {
		t.Fatalf("parent %q, %v", want.Parent, err)
	}
	if want.Parent = ""; !reflect.DeepEqual(want, normal(nimbus)) {
		t.Errorf("%+v, want %+v", want, normal(nimbus))
	}
	if all, err := s.Outages(ctx); err != nil || len(all) != 2 {
		t.Errorf("%d outages, %v", len(all), err)
	}
}
