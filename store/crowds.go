package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/hugops/hugops"
)

// Crowds returns how many people say at now that a service is in trouble, the
// largest crowd first. Bots and providers' own accounts are left out.
func (s *Store) Crowds(ctx context.Context, now time.Time) ([]hugops.Crowd, error) {
	var list []hugops.Crowd
	err := s.each(ctx, sql("crowds"), func(r driver.Rows) error {
		var c hugops.Crowd
		var crowd, lately, minutes uint64
		err := r.Scan(&c.Service, &crowd, &lately, &minutes, &c.Began, &c.Last)
		c.Now, c.Lately, c.Minutes = int(crowd), int(lately), int(minutes)
		c.Began, c.Last = c.Began.UTC(), c.Last.UTC()
		list = append(list, c)
		return err
	}, clickhouse.Named("now", now.Unix()))
	if err != nil {
		return nil, fmt.Errorf("store: looking for crowds: %w", err)
	}
	return list, nil
}

// usualSpan is the time from which is known what is usual. It ends an hour ago, so
// that a crowd is not compared with itself.
const (
	usualSpan = 14 * 24 * time.Hour
	usualRest = time.Hour
)

// Usual returns, by service, how large a crowd of ten minutes is that only one in a
// hundred exceeds, from the two weeks before now, the last hour apart, or less where
// there is less.
func (s *Store) Usual(ctx context.Context, now time.Time) (map[string]int, error) {
	usual := map[string]int{}
	err := s.each(ctx, sql("usual"), func(r driver.Rows) error {
		var service string
		var crowd uint64
		err := r.Scan(&service, &crowd)
		usual[service] = int(crowd)
		return err
	}, clickhouse.Named("to", now.Add(-usualRest).Unix()), clickhouse.Named("from", now.Add(-usualSpan).Unix()))
	if err != nil {
		return nil, fmt.Errorf("store: looking for what is usual: %w", err)
	}
	return usual, nil
}
