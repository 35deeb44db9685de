package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/hugops/hugops"
)

var coverageColumns = []clickhouse.ColumnNameAndType{
	{Name: "minute", Type: "DateTime('UTC')"},
	{Name: "source", Type: "LowCardinality(String)"},
	{Name: "network", Type: "LowCardinality(String)"},
	{Name: "state", Type: "Enum8('live' = 1, 'replay' = 2, 'sample' = 3, 'gap' = 4, 'stalled' = 5, 'clamped' = 6, 'budget' = 7)"},
	{Name: "seen", Type: "UInt32"},
	{Name: "kept", Type: "UInt32"},
	{Name: "withheld", Type: "UInt32"},
}

// PutCoverage stores what sources saw, each minute of a source in place of what
// was said of it before.
func (s *Store) PutCoverage(ctx context.Context, rows []hugops.Coverage) error {
	if len(rows) == 0 {
		return nil
	}
	b, err := s.batch(ctx, "coverage", coverageColumns)
	if err != nil {
		return fmt.Errorf("store: writing coverage: %w", err)
	}
	column(b, 0, rows, func(c *hugops.Coverage) time.Time { return time.Unix(minuteOf(c.At), 0) })
	column(b, 1, rows, func(c *hugops.Coverage) string { return c.Source })
	column(b, 2, rows, func(c *hugops.Coverage) string { return string(c.Network) })
	column(b, 3, rows, func(c *hugops.Coverage) string { return string(c.State) })
	column(b, 4, rows, func(c *hugops.Coverage) uint32 { return uint32(max(c.Seen, 0)) })
	column(b, 5, rows, func(c *hugops.Coverage) uint32 { return uint32(max(c.Kept, 0)) })
	column(b, 6, rows, func(c *hugops.Coverage) uint32 { return uint32(max(c.Withheld, 0)) })
	if err := b.send(); err != nil {
		return fmt.Errorf("store: writing coverage: %w", err)
	}
	return nil
}

// coverage returns what was seen within a time, in steps of at least a minute;
// of a step, the worst that a source said of it.
func (s *Store) coverage(ctx context.Context, from, to time.Time, step time.Duration) ([]hugops.Coverage, error) {
	var list []hugops.Coverage
	err := s.each(ctx, sql("coverage"), func(r driver.Rows) error {
		var c hugops.Coverage
		var network, state string
		var seen, kept, withheld uint64
		err := r.Scan(&c.At, &network, &c.Source, &state, &seen, &kept, &withheld)
		c.At, c.Network, c.State = c.At.UTC(), hugops.Network(network), hugops.CoverageState(state)
		c.Seen, c.Kept, c.Withheld = int(seen), int(kept), int(withheld)
		list = append(list, c)
		return err
	}, clickhouse.Named("from", from.Unix()), clickhouse.Named("to", to.Unix()), clickhouse.Named("step", seconds(step)))
	return list, err
}

// Feeds returns how each status page was seen from from to to, by name; it may be some
// seconds old. The slice is shared: it must not be changed.
func (s *Store) Feeds(ctx context.Context, from, to time.Time) ([]hugops.Feed, error) {
	load := func(ctx context.Context, _ []hugops.Feed, _ bool) ([]hugops.Feed, time.Duration, error) {
		list, err := s.readFeeds(ctx, from, to)
		return list, coverageRest, err
	}
	if s.config.Stale < 0 {
		list, _, err := load(ctx, nil, false)
		return list, err
	}
	return s.cache.feedsOf(from, to).get(ctx, s.cache, load)
}

func (s *Store) readFeeds(ctx context.Context, from, to time.Time) ([]hugops.Feed, error) {
	var list []hugops.Feed
	err := s.each(ctx, sql("feeds"), func(r driver.Rows) error {
		var f hugops.Feed
		var state string
		var rounds, good uint64
		err := r.Scan(&f.Source, &state, &f.Last, &rounds, &good)
		f.State, f.Last, f.Rounds, f.Good = hugops.CoverageState(state), f.Last.UTC(), int(rounds), int(good)
		list = append(list, f)
		return err
	}, clickhouse.Named("from", from.Unix()), clickhouse.Named("to", to.Unix()))
	if err != nil {
		return nil, fmt.Errorf("store: how status pages were seen: %w", err)
	}
	return list, nil
}

// seconds is a bucket's width as the queries take it, a minute at least.
func seconds(d time.Duration) int64 { return max(60, int64(d/time.Second)) }
