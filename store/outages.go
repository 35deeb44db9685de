package store

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/hugops/hugops"
)

// putting keeps two calls of one process from giving one version to two texts.
var putting sync.Mutex

// putAtOnce is how many outages are compared with the stored ones at a time.
const putAtOnce = 1000

// PutOutages stores outages, each in place of the one with its id. What is
// stored as it is already writes nothing. Invalid ones are refused, all of them.
// FirstSeen stays what it was, LastSeen moves forward only, and what does not
// tell its feed or its raw form keeps those that are known. A
// parent stays known until another is named.
func (s *Store) PutOutages(ctx context.Context, outages []hugops.Outage) error {
	for i := range outages {
		if err := outages[i].Validate(); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	putting.Lock()
	defer putting.Unlock()
	for some := range slices.Chunk(outages, putAtOnce) {
		if err := s.changeOutages(ctx, some, overwrite); err != nil {
			return err
		}
	}
	return nil
}

// SeeOutages notes what was seen of outages that are stored; others it passes
// over. An end before the start is the start.
func (s *Store) SeeOutages(ctx context.Context, seen []hugops.Sighting) error {
	putting.Lock()
	defer putting.Unlock()
	for some := range slices.Chunk(seen, putAtOnce) {
		sightings := make(map[string]hugops.Sighting, len(some))
		outages := make([]hugops.Outage, len(some))
		for i, v := range some {
			sightings[v.ID], outages[i] = v, hugops.Outage{ID: v.ID}
		}
		err := s.changeOutages(ctx, outages, func(old, o hugops.Outage) hugops.Outage {
			if old.ID == "" {
				return old
			}
			return seenNow(old, sightings[o.ID])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// PutParents notes with which outage others fell, by id, where that is not known
// yet. Everything else about them stays.
func (s *Store) PutParents(ctx context.Context, parents map[string]string) error {
	if len(parents) == 0 {
		return nil
	}
	var outages []hugops.Outage
	for id, parent := range parents {
		outages = append(outages, hugops.Outage{ID: id, Parent: parent})
	}
	putting.Lock()
	defer putting.Unlock()
	return s.changeOutages(ctx, outages, func(old, o hugops.Outage) hugops.Outage {
		if old.ID != "" && old.Parent == "" {
			old.Parent = o.Parent
		}
		return old
	})
}

func seenNow(o hugops.Outage, v hugops.Sighting) hugops.Outage {
	if v.LastSeen.After(o.LastSeen) {
		o.LastSeen = v.LastSeen
	}
	if !v.EndedAt.IsZero() {
		o.EndedAt = v.EndedAt
		if o.EndedAt.Before(o.StartedAt) {
			o.EndedAt = o.StartedAt
		}
	}
	if !v.WithdrawnAt.IsZero() {
		o.WithdrawnAt = v.WithdrawnAt
	}
	return o
}

// overwrite is what becomes of a stored outage, zero for none, when o comes.
func overwrite(old, o hugops.Outage) hugops.Outage {
	o.FirstSeen = old.FirstSeen
	if o.FirstSeen.IsZero() {
		o.FirstSeen = o.LastSeen
	}
	if o.LastSeen.Before(old.LastSeen) {
		o.LastSeen = old.LastSeen
	}
	if o.Feed == "" {
		o.Feed, o.FeedID = old.Feed, old.FeedID
	}
	if len(o.Raw) == 0 {
		o.Raw = old.Raw
	}
	if o.Parent == "" {
		o.Parent = old.Parent // an operator said so; status pages never do
	}
	return o
}

// changeOutages writes what change makes of stored outages, where that differs in
// more than what was seen when. Of two with one id the last wins.
func (s *Store) changeOutages(ctx context.Context, outages []hugops.Outage, change func(old, o hugops.Outage) hugops.Outage) error {
	ids := make([]string, len(outages))
	for i := range outages {
		ids[i] = outages[i].ID
	}
	stored, err := s.readOutages(ctx, "outages_raw", clickhouse.Named("ids", ids))
	if err != nil {
		return err
	}
	at := make(map[string]storedOutage, len(stored))
	for _, o := range stored {
		at[o.ID] = o
	}
	changed := map[string]storedOutage{}
	for _, o := range outages {
		old := at[o.ID]
		next := normal(change(old.Outage, normal(o)))
		if next.ID == "" || sameOutage(next, old.Outage) {
			continue
		}
		row := storedOutage{Outage: next, version: old.version + 1}
		at[o.ID], changed[o.ID] = row, row
	}
	if len(changed) == 0 {
		return nil
	}
	rows := slices.SortedFunc(maps.Values(changed), func(a, b storedOutage) int { return strings.Compare(a.ID, b.ID) })
	if err := s.insertOutages(ctx, rows); err != nil {
		return fmt.Errorf("store: writing outages: %w", err)
	}
	s.cache.outages.forget()
	return nil
}

// sameOutage reports whether nothing is new but that it was seen again within the
// hour. Raw alone is no news: in some feeds it differs each time.
func sameOutage(a, b hugops.Outage) bool {
	if a.LastSeen.Sub(b.LastSeen) < time.Hour {
		a.LastSeen = b.LastSeen
	}
	a.Raw, b.Raw = nil, nil
	return reflect.DeepEqual(a, b)
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
	o.FirstSeen, o.LastSeen, o.WithdrawnAt = tidy(o.FirstSeen), tidy(o.LastSeen), tidy(o.WithdrawnAt)
	o.Components = append([]string(nil), o.Components...)
	o.Regions = append([]string(nil), o.Regions...)
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

// storedOutage is an outage with the version of its row, and when that was written.
type storedOutage struct {
	hugops.Outage
	version uint64
	changed time.Time
}

// known is the registry as it was read last.
type known struct {
	mu      sync.Mutex
	print   uint64
	list    []hugops.Outage
	changed atomic.Pointer[map[string]time.Time] // by id
}

// Outages returns all outages with their updates, the newest start first. What
// is in them is shared by all who ask, and must not be changed. The registry is
// read only when it has changed since.
func (s *Store) Outages(ctx context.Context) ([]hugops.Outage, error) {
	k := &s.known
	k.mu.Lock()
	defer k.mu.Unlock()
	var print uint64
	if err := s.db.QueryRow(ctx, sql("outages_print")).Scan(&print); err != nil {
		return nil, fmt.Errorf("store: reading outages: %w", err)
	}
	if k.list == nil || print != k.print {
		stored, err := s.readOutages(ctx, "outages")
		if err != nil {
			return nil, err
		}
		list, changed := make([]hugops.Outage, len(stored)), make(map[string]time.Time, len(stored))
		for i := range stored {
			list[i], changed[stored[i].ID] = stored[i].Outage, stored[i].changed
		}
		k.changed.Store(&changed)
		k.print, k.list = print, list // if one came in between, the next print is another
	}
	return slices.Clone(k.list), nil
}

// changedAt is when the registry's entry of an outage last changed, as Outages
// read it.
func (k *known) changedAt(id string) time.Time {
	if changed := k.changed.Load(); changed != nil {
		return (*changed)[id]
	}
	return time.Time{}
}

// Outage returns one outage, or an error wrapping hugops.ErrNotFound.
func (s *Store) Outage(ctx context.Context, id string) (hugops.Outage, error) {
	stored, err := s.readOutages(ctx, "outage", clickhouse.Named("id", id))
	switch {
	case err != nil:
		return hugops.Outage{}, err
	case len(stored) == 0:
		return hugops.Outage{}, notFound(id)
	}
	return stored[0].Outage, nil
}

func notFound(id string) error { return fmt.Errorf("store: outage %q: %w", id, hugops.ErrNotFound) }

// readOutages reads the outages of a query.
func (s *Store) readOutages(ctx context.Context, query string, args ...any) ([]storedOutage, error) {
	var list []storedOutage
	err := s.each(ctx, sql(query), func(r driver.Rows) error {
		var o storedOutage
		var at []time.Time
		var status, text []string
		var raw string
		err := r.Scan(&o.ID, &o.version, &o.Service, &o.ServiceName, &o.Title, &o.StartedAt, &o.EndedAt, &o.URL,
			&o.Impact, &o.Components, &at, &status, &text, &o.Source, &o.Demo,
			&o.Feed, &o.FeedID, &o.Severity, &o.Regions, &o.FirstSeen, &o.LastSeen, &o.WithdrawnAt, &raw, &o.Suspected, &o.MergedInto, &o.Parent, &o.changed)
		for i := range at {
			o.Updates = append(o.Updates, hugops.Update{At: orZero(at[i]), Status: status[i], Text: text[i]})
		}
		o.EndedAt = orZero(o.EndedAt)
		o.FirstSeen, o.LastSeen, o.WithdrawnAt = orZero(o.FirstSeen), orZero(o.LastSeen), orZero(o.WithdrawnAt)
		if raw != "" {
			o.Raw = []byte(raw)
		}
		o.Outage = normal(o.Outage)
		list = append(list, o)
		return err
	}, args...)
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
	{Name: "feed", Type: "LowCardinality(String)"},
	{Name: "feed_id", Type: "String"},
	{Name: "severity", Type: "LowCardinality(String)"},
	{Name: "regions", Type: "Array(String)"},
	{Name: "first_seen", Type: "DateTime64(6, 'UTC')"},
	{Name: "last_seen", Type: "DateTime64(6, 'UTC')"},
	{Name: "withdrawn_at", Type: "DateTime64(6, 'UTC')"},
	{Name: "raw", Type: "String"},
	{Name: "suspected", Type: "Bool"},
	{Name: "merged_into", Type: "String"},
	{Name: "parent", Type: "String"},
	{Name: "changed", Type: "DateTime64(3, 'UTC')"},
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
	column(b, 15, rows, func(o *storedOutage) string { return o.Feed })
	column(b, 16, rows, func(o *storedOutage) string { return o.FeedID })
	column(b, 17, rows, func(o *storedOutage) string { return o.Severity })
	arrays(b, 18, rows, func(o *storedOutage) []string { return o.Regions })
	column(b, 19, rows, func(o *storedOutage) time.Time { return orEpoch(o.FirstSeen) })
	column(b, 20, rows, func(o *storedOutage) time.Time { return orEpoch(o.LastSeen) })
	column(b, 21, rows, func(o *storedOutage) time.Time { return orEpoch(o.WithdrawnAt) })
	column(b, 22, rows, func(o *storedOutage) string { return string(o.Raw) })
	column(b, 23, rows, func(o *storedOutage) bool { return o.Suspected })
	column(b, 24, rows, func(o *storedOutage) string { return o.MergedInto })
	column(b, 25, rows, func(o *storedOutage) string { return o.Parent })
	now := s.now()
	column(b, 26, rows, func(*storedOutage) time.Time { return now })
	return b.send()
}

func updates[V any](o *storedOutage, value func(*hugops.Update) V) []V {
	out := make([]V, len(o.Updates))
	for i := range o.Updates {
		out[i] = value(&o.Updates[i])
	}
	return out
}
