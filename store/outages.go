package store

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/hugops/hugops"
)

// putting keeps two calls of one process from giving one version to two texts.
var putting sync.Mutex

// PutOutages stores outages, each in place of the one with its id. What is
// stored as it is already writes nothing. A parent stays known until another is
// named. Invalid ones are refused, all of them.
func (s *Store) PutOutages(ctx context.Context, outages []hugops.Outage) error {
	for i := range outages {
		if err := outages[i].Validate(); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	putting.Lock()
	defer putting.Unlock()
	stored, err := s.readOutages(ctx)
	if err != nil {
		return err
	}
	at := make(map[string]storedOutage, len(stored))
	for _, o := range stored {
		at[o.ID] = o
	}
	var changed []storedOutage
	for _, o := range outages {
		o, old := normal(o), at[o.ID]
		if o.Parent == "" {
			o.Parent = old.Parent // an operator said so; status pages never do
		}
		if reflect.DeepEqual(o, old.Outage) {
			continue
		}
		next := storedOutage{Outage: o, version: old.version + 1}
		at[o.ID] = next
		changed = slices.DeleteFunc(changed, func(c storedOutage) bool { return c.ID == o.ID })
		changed = append(changed, next)
	}
	if len(changed) == 0 {
		return nil
	}
	if err := s.insertOutages(ctx, changed); err != nil {
		return fmt.Errorf("store: writing outages: %w", err)
	}
	s.cache.outages.forget()
	return nil
}

// normal is the outage as it comes back from the database.
func normal(o hugops.Outage) hugops.Outage {
	tidy := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return t.UTC().Truncate(time.Microsecond)
	}
	o.StartedAt, o.EndedAt = tidy(o.StartedAt), tidy(o.EndedAt)
	o.Components = append([]string(nil), o.Components...)
	updates := make([]hugops.Update, 0, len(o.Updates))
	for _, u := range o.Updates {
		u.At = tidy(u.At)
		updates = append(updates, u)
	}
	o.Updates = updates
	if len(updates) == 0 {
		o.Updates = nil
	}
	return o
}

// storedOutage is an outage with the version of its row.
type storedOutage struct {
	hugops.Outage
	version uint64
}

// Outages returns all outages with their updates, the newest start first.
func (s *Store) Outages(ctx context.Context) ([]hugops.Outage, error) {
	stored, err := s.readOutages(ctx)
	outages := make([]hugops.Outage, len(stored))
	for i := range stored {
		outages[i] = stored[i].Outage
	}
	return outages, err
}

// Outage returns one outage, or an error wrapping hugops.ErrNotFound.
func (s *Store) Outage(ctx context.Context, id string) (hugops.Outage, error) {
	stored, err := s.readOutages(ctx, clickhouse.Named("id", id))
	switch {
	case err != nil:
		return hugops.Outage{}, err
	case len(stored) == 0:
		return hugops.Outage{}, notFound(id)
	}
	return stored[0].Outage, nil
}

func notFound(id string) error { return fmt.Errorf("store: outage %q: %w", id, hugops.ErrNotFound) }

// readOutages reads all outages, or the one of the parameter id.
func (s *Store) readOutages(ctx context.Context, id ...any) ([]storedOutage, error) {
	query := sql("outages")
	if len(id) > 0 {
		query = sql("outage")
	}
	var list []storedOutage
	err := s.each(ctx, query, func(r driver.Rows) error {
		var o storedOutage
		var at []time.Time
		var status, text []string
		err := r.Scan(&o.ID, &o.version, &o.Service, &o.ServiceName, &o.Title, &o.StartedAt, &o.EndedAt, &o.URL,
			&o.Impact, &o.Components, &at, &status, &text, &o.Source, &o.Demo, &o.Parent)
		for i := range at {
			o.Updates = append(o.Updates, hugops.Update{At: orZero(at[i]), Status: status[i], Text: text[i]})
		}
		o.EndedAt = orZero(o.EndedAt)
		o.Outage = normal(o.Outage)
		list = append(list, o)
		return err
	}, id...)
	if err != nil {
		return nil, fmt.Errorf("store: reading outages: %w", err)
	}
	return list, nil
}

var outageColumns = []clickhouse.ColumnNameAndType{
	{Name: "id", Type: "String"},
	{Name: "version", Type: "UInt64"},
	{Name: "service", Type: "LowCardinality(String)"},
	{Name: "service_name", Type: "String"},
	{Name: "title", Type: "String"},
	{Name: "started_at", Type: "DateTime64(6, 'UTC')"},
	{Name: "ended_at", Type: "DateTime64(6, 'UTC')"},
	{Name: "url", Type: "String"},
	{Name: "impact", Type: "LowCardinality(String)"},
	{Name: "source", Type: "String"},
	{Name: "demo", Type: "Bool"},
	{Name: "components", Type: "Array(String)"},
	{Name: "update_at", Type: "Array(DateTime64(6, 'UTC'))"},
	{Name: "update_status", Type: "Array(String)"},
	{Name: "update_text", Type: "Array(String)"},
	{Name: "parent", Type: "String"},
}

func (s *Store) insertOutages(ctx context.Context, rows []storedOutage) error {
	b, err := s.batch(ctx, "outages", outageColumns)
	if err != nil {
		return err
	}
	column(b, 0, rows, func(o *storedOutage) string { return o.ID })
	column(b, 1, rows, func(o *storedOutage) uint64 { return o.version })
	column(b, 2, rows, func(o *storedOutage) string { return o.Service })
	column(b, 3, rows, func(o *storedOutage) string { return o.ServiceName })
	column(b, 4, rows, func(o *storedOutage) string { return o.Title })
	column(b, 5, rows, func(o *storedOutage) time.Time { return o.StartedAt })
	column(b, 6, rows, func(o *storedOutage) time.Time { return orEpoch(o.EndedAt) })
	column(b, 7, rows, func(o *storedOutage) string { return o.URL })
	column(b, 8, rows, func(o *storedOutage) string { return o.Impact })
	column(b, 9, rows, func(o *storedOutage) string { return o.Source })
	column(b, 10, rows, func(o *storedOutage) bool { return o.Demo })
	arrays(b, 11, rows, func(o *storedOutage) []string { return o.Components })
	arrays(b, 12, rows, func(o *storedOutage) []time.Time {
		return updates(o, func(u *hugops.Update) time.Time { return orEpoch(u.At) })
	})
	arrays(b, 13, rows, func(o *storedOutage) []string {
		return updates(o, func(u *hugops.Update) string { return u.Status })
	})
	arrays(b, 14, rows, func(o *storedOutage) []string {
		return updates(o, func(u *hugops.Update) string { return u.Text })
	})
	column(b, 15, rows, func(o *storedOutage) string { return o.Parent })
	return b.send()
}

func updates[V any](o *storedOutage, value func(*hugops.Update) V) []V {
	out := make([]V, len(o.Updates))
	for i := range o.Updates {
		out[i] = value(&o.Updates[i])
	}
	return out
}
