package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
)

var (
	rowsWritten  = metrics.NewCounter("hugops_store_readings_written_total")
	rowsKnown    = metrics.NewCounter("hugops_store_readings_known_total") // nothing new in them
	postsDeleted = metrics.NewCounter("hugops_store_posts_deleted_total")
	roundsMore   = metrics.NewCounter("hugops_store_series_repeated_total") // another writer was there
)

// Write stores readings and obeys deletions, which win over readings of the same
// call too. When it returns nil, all of it is visible to every query, the series
// of the touched minutes included. After an error, part of it may be: the call
// must be repeated, with the same or with other neighbours, and then everything
// is as if it had been written once.
//
// Readings whose posts fail Validate must not be given.
func (s *Store) Write(ctx context.Context, readings []hugops.Reading, deletions []hugops.Deletion) error {
	rows := rowsOf(readings, s.now().Unix())
	removed, err := s.delete(ctx, deletions)
	if err != nil {
		return fmt.Errorf("store: deleting: %w", err)
	}
	if err := s.put(ctx, rows); err != nil {
		return fmt.Errorf("store: writing readings: %w", err)
	}
	places := make([]place, len(rows))
	for i := range rows {
		places[i] = rows[i].place
	}
	if err := s.settle(ctx, minutesOf(places, removed)); err != nil {
		return fmt.Errorf("store: writing series: %w", err)
	}
	s.erase(ctx)
	return nil
}

// put stores what is new in rows.
func (s *Store) put(ctx context.Context, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	known, err := s.stored(ctx, rows)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return known[r.key].gone })
	rows, marks, err := s.buried(ctx, rows)
	if err != nil {
		return err
	}
	if err := s.insertMarks(ctx, marks); err != nil {
		return err
	}
	fresh, named := news(rows, known)
	rowsWritten.Add(len(fresh))
	rowsKnown.Add(len(rows) - len(fresh))
	if err := s.insertAliases(ctx, named); err != nil {
		return err
	}
	if err := s.insertReadings(ctx, fresh); err != nil {
		return err
	}
	// A deletion may have come since, and not have found these rows.
	_, marks, err = s.buried(ctx, named)
	if err != nil {
		return err
	}
	return s.insertMarks(ctx, marks)
}

// news returns the rows that change what is stored, and those that at least say
// something new of where an alias is. What is stored already, and versions older
// than what is stored, are not fresh.
func news(rows []row, known map[uint64]knowledge) (fresh, named []row) {
	for _, r := range rows {
		k, ok := known[r.key]
		if !ok {
			fresh, named = append(fresh, r), append(named, r)
			continue
		}
		if k.latest == r.version && k.digest == r.digest && k.digests == 1 {
			continue
		}
		named = append(named, r)
		if k.latest <= r.version {
			r.collected = min(r.collected, k.collected) // a text is not kept longer by writing it again
			fresh = append(fresh, r)
		}
	}
	return fresh, named
}

// knowledge is what is stored of a post.
type knowledge struct {
	gone      bool
	latest    uint64
	digest    uint64
	digests   uint64
	collected int64
}

// stored looks the rows' posts up. A post has one minute, so its key is enough.
func (s *Store) stored(ctx context.Context, rows []row) (map[uint64]knowledge, error) {
	keys, places := make([]uint64, len(rows)), make([]place, len(rows))
	for i := range rows {
		keys[i], places[i] = rows[i].key, rows[i].place
	}
	known := map[uint64]knowledge{}
	query := sql("stored", "{{minutes}}", minuteList(minutesOf(places)), "{{keys}}", keysTable(keys))
	err := s.each(ctx, query, func(r driver.Rows) error {
		var k knowledge
		var post uint64
		var gone uint8
		var collected time.Time
		if err := r.Scan(&post, &gone, &k.latest, &k.digest, &k.digests, &collected); err != nil {
			return err
		}
		k.gone, k.collected = gone != 0, collected.Unix()
		known[post] = k
		return nil
	})
	return known, err
}

// buried parts the rows into those that no deletion came for, and marks for the
// others.
func (s *Store) buried(ctx context.Context, rows []row) (free []row, marks []mark, err error) {
	if len(rows) == 0 {
		return nil, nil, nil
	}
	keys := make([]uint64, 0, 3*len(rows))
	for i := range rows {
		keys = append(keys, rows[i].key, rows[i].author)
		if rows[i].alias != 0 {
			keys = append(keys, rows[i].alias)
		}
	}
	dead, err := s.tombstones(ctx, keys)
	if err != nil || len(dead) == 0 {
		return rows, nil, err
	}
	for _, r := range rows {
		switch {
		case dead[r.author]:
			marks = append(marks, mark{place: r.place, author: r.author})
		case dead[r.key] || r.alias != 0 && dead[r.alias]:
			marks = append(marks, mark{place: r.place})
		default:
			free = append(free, r)
		}
	}
	return free, marks, nil
}

// tombstones returns those of the keys that were deleted. Of the two lists the
// shorter travels; mostly that of the dead does.
func (s *Store) tombstones(ctx context.Context, keys []uint64) (map[uint64]bool, error) {
	dead := map[uint64]bool{}
	var all uint64
	if err := s.db.QueryRow(ctx, "SELECT count() FROM tombstones").Scan(&all); err != nil || all == 0 {
		return dead, err
	}
	query := "SELECT key FROM tombstones"
	if all > uint64(len(keys)) {
		query = sql("tombstones", "{{keys}}", keysTable(keys))
	}
	err := s.each(ctx, query, func(r driver.Rows) error {
		var k uint64
		err := r.Scan(&k)
		dead[k] = true
		return err
	})
	return dead, err
}

// rounds is how often a series is compared before Write gives up; each round
// more means that another writer changed the same minutes in between.
const rounds = 50

// settle makes the series of the minutes agree with the readings. It ends with a
// look that finds nothing to change: whoever changed something last has looked
// after that.
func (s *Store) settle(ctx context.Context, minutes []int64) error {
	if len(minutes) == 0 {
		return nil
	}
	list := minuteList(minutes)
	for round := range rounds {
		changed, err := s.changedSeries(ctx, sql("changed_series", "{{minutes}}", list))
		if err != nil || len(changed) == 0 {
			return err
		}
		if round > 0 {
			roundsMore.Inc()
		}
		if err := s.insertSeries(ctx, changed); err != nil {
			return err
		}
		var unsettled uint64
		err = s.db.QueryRow(ctx, sql("unsettled_series", "{{minutes}}", list)).Scan(&unsettled)
		if err != nil || unsettled == 0 {
			return err
		}
	}
	return fmt.Errorf("the series of %d minutes did not come to rest: too many writers at once", len(minutes))
}

// settleAtOnce is how many minutes Settle compares in one query.
const settleAtOnce = 500

// Settle makes the whole series agree with the readings. Only a process that was
// killed in the middle of a Write leaves work for it, and only if nobody repeats
// that Write: a worker does, from Kafka.
func (s *Store) Settle(ctx context.Context) error {
	var minutes []int64
	err := s.each(ctx, sql("unsettled_minutes"), func(r driver.Rows) error {
		var m int64
		err := r.Scan(&m)
		minutes = append(minutes, m)
		return err
	})
	for some := range slices.Chunk(minutes, settleAtOnce) {
		if err == nil {
			err = s.settle(ctx, some)
		}
	}
	if err != nil {
		return fmt.Errorf("store: writing series: %w", err)
	}
	return nil
}

// seriesRow is a row of the table series.
type seriesRow struct {
	outage                             string
	minute                             time.Time
	version                            uint64
	support, venting, neutral, authors uint32
	digest                             uint64
}

func (s *Store) changedSeries(ctx context.Context, query string) ([]seriesRow, error) {
	var changed []seriesRow
	err := s.each(ctx, query, func(r driver.Rows) error {
		var m seriesRow
		err := r.Scan(&m.outage, &m.minute, &m.version, &m.support, &m.venting, &m.neutral, &m.authors, &m.digest)
		m.version++
		changed = append(changed, m)
		return err
	})
	return changed, err
}

var seriesColumns = []clickhouse.ColumnNameAndType{
	{Name: "outage_id", Type: "LowCardinality(String)"},
	{Name: "minute", Type: "DateTime('UTC')"},
	{Name: "version", Type: "UInt64"},
	{Name: "support", Type: "UInt32"},
	{Name: "venting", Type: "UInt32"},
	{Name: "neutral", Type: "UInt32"},
	{Name: "authors", Type: "UInt32"},
	{Name: "digest", Type: "UInt64"},
	{Name: "changed", Type: "DateTime64(3, 'UTC')"},
}

func (s *Store) insertSeries(ctx context.Context, rows []seriesRow) error {
	b, err := s.batch(ctx, "series", seriesColumns)
	if err != nil {
		return err
	}
	column(b, 0, rows, func(r *seriesRow) string { return r.outage })
	column(b, 1, rows, func(r *seriesRow) time.Time { return r.minute })
	column(b, 2, rows, func(r *seriesRow) uint64 { return r.version })
	column(b, 3, rows, func(r *seriesRow) uint32 { return r.support })
	column(b, 4, rows, func(r *seriesRow) uint32 { return r.venting })
	column(b, 5, rows, func(r *seriesRow) uint32 { return r.neutral })
	column(b, 6, rows, func(r *seriesRow) uint32 { return r.authors })
	column(b, 7, rows, func(r *seriesRow) uint64 { return r.digest })
	now := s.now()
	column(b, 8, rows, func(*seriesRow) time.Time { return now })
	return b.send()
}
