package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/hugops/hugops"
)

// Linked says as what an outage all stored posts in its reach were linked: a
// digest of what links depend on, and the times of which the reach is made.
type Linked struct {
	Outage  string
	Digest  uint64
	Started time.Time
	Ended   time.Time // zero if it was open
}

// Reach is the outage as far as its reach goes.
func (l Linked) Reach() hugops.Outage {
	return hugops.Outage{ID: l.Outage, StartedAt: l.Started, EndedAt: l.Ended}
}

var linkedColumns = []clickhouse.ColumnNameAndType{
	{Name: "outage_id", Type: "String"},
	{Name: "digest", Type: "UInt64"},
	{Name: "started_at", Type: "DateTime64(6, 'UTC')"},
	{Name: "ended_at", Type: "DateTime64(6, 'UTC')"},
}

// PutLinked stores what stored posts are linked as, each outage in place of what
// was said of it before.
func (s *Store) PutLinked(ctx context.Context, rows []Linked) error {
	if len(rows) == 0 {
		return nil
	}
	b, err := s.batch(ctx, "linked", linkedColumns)
	if err == nil {
		column(b, 0, rows, func(l *Linked) string { return l.Outage })
		column(b, 1, rows, func(l *Linked) uint64 { return l.Digest })
		column(b, 2, rows, func(l *Linked) time.Time { return l.Started })
		column(b, 3, rows, func(l *Linked) time.Time { return orEpoch(l.Ended) })
		err = b.send()
	}
	if err != nil {
		return fmt.Errorf("store: noting what posts are linked as: %w", err)
	}
	return nil
}

// Linked returns what PutLinked stored, by outage.
func (s *Store) Linked(ctx context.Context) (map[string]Linked, error) {
	all := map[string]Linked{}
	err := s.each(ctx, sql("linked_as"), func(r driver.Rows) error {
		var l Linked
		err := r.Scan(&l.Outage, &l.Digest, &l.Started, &l.Ended)
		l.Started, l.Ended = l.Started.UTC(), orZero(l.Ended)
		all[l.Outage] = l
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: reading what posts are linked as: %w", err)
	}
	return all, nil
}
