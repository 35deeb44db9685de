package store

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/hugops/hugops"
)

// batch fills the columns of one insert. The columns are given with their types,
// which saves the client from asking for them each time.
type batch struct {
	driver.Batch
	err error
}

func (s *Store) batch(ctx context.Context, table string, columns []clickhouse.ColumnNameAndType) (*batch, error) {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithColumnNamesAndTypes(columns))
	b, err := s.db.PrepareBatch(ctx, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+")")
	if err != nil {
		return nil, fmt.Errorf("inserting into %s: %w", table, err)
	}
	return &batch{Batch: b}, nil
}

// column fills the i-th column with one value a row.
func column[R, V any](b *batch, i int, rows []R, value func(*R) V) {
	if b.err != nil {
		return
	}
	values := make([]V, len(rows))
	for k := range rows {
		values[k] = value(&rows[k])
	}
	b.err = b.Column(i).Append(values)
}

// arrays fills the i-th column with one slice a row.
func arrays[R, V any](b *batch, i int, rows []R, value func(*R) []V) {
	for k := range rows {
		if b.err != nil {
			return
		}
		b.err = b.Column(i).AppendRow(value(&rows[k]))
	}
}

// send sends the batch, or gives it up after an error.
func (b *batch) send() error {
	if b.err != nil {
		_ = b.Abort()
		return b.err
	}
	return b.Send()
}

// insertKeys puts hashes into the tombstones.
func (s *Store) insertKeys(ctx context.Context, keys []uint64) error {
	if len(keys) == 0 {
		return nil
	}
	b, err := s.batch(ctx, "tombstones", []clickhouse.ColumnNameAndType{{Name: "key", Type: "UInt64"}})
	if err != nil {
		return err
	}
	b.err = b.Column(0).Append(keys)
	return b.send()
}

var aliasColumns = []clickhouse.ColumnNameAndType{
	{Name: "alias_key", Type: "UInt64"},
	{Name: "minute", Type: "DateTime('UTC')"},
	{Name: "post_key", Type: "UInt64"},
}

// insertAliases notes where the posts of the rows' aliases stand.
func (s *Store) insertAliases(ctx context.Context, rows []row) error {
	var named []row
	for i := range rows {
		if rows[i].alias != 0 {
			named = append(named, rows[i])
		}
	}
	if len(named) == 0 {
		return nil
	}
	b, err := s.batch(ctx, "aliases", aliasColumns)
	if err != nil {
		return err
	}
	column(b, 0, named, func(r *row) uint64 { return r.alias })
	column(b, 1, named, func(r *row) time.Time { return time.Unix(r.minute, 0) })
	column(b, 2, named, func(r *row) uint64 { return r.key })
	return b.send()
}

var readingColumns = []clickhouse.ColumnNameAndType{
	{Name: "minute", Type: "DateTime('UTC')"},
	{Name: "post_key", Type: "UInt64"},
	{Name: "version", Type: "UInt64"},
	{Name: "digest", Type: "UInt64"},
	{Name: "collected", Type: "DateTime('UTC')"},
	{Name: "author_key", Type: "UInt64"},
	{Name: "network", Type: "LowCardinality(String)"},
	{Name: "id", Type: "String"},
	{Name: "alias", Type: "String"},
	{Name: "author", Type: "String"},
	{Name: "author_service", Type: "LowCardinality(String)"},
	{Name: "bot", Type: "Bool"},
	{Name: "posted_at", Type: "DateTime64(6, 'UTC')"},
	{Name: "edited_at", Type: "DateTime64(6, 'UTC')"},
	{Name: "lang", Type: "LowCardinality(String)"},
	{Name: "text", Type: "String"},
	{Name: "reply_to", Type: "String"},
	{Name: "source", Type: "LowCardinality(String)"},
	{Name: "support", Type: "Float32"},
	{Name: "venting", Type: "Float32"},
	{Name: "neutral", Type: "Float32"},
	{Name: "stance", Type: "Enum8('support' = 1, 'venting' = 2, 'neutral' = 3)"},
	{Name: "model", Type: "LowCardinality(String)"},
	{Name: "rules", Type: "LowCardinality(String)"},
	{Name: "urls", Type: "Array(String)"},
	{Name: "services", Type: "Array(LowCardinality(String))"},
	{Name: "outages", Type: "Array(LowCardinality(String))"},
	{Name: "link_p", Type: "Array(Float32)"},
	{Name: "evidence", Type: "Array(String)"},
	{Name: "abstained", Type: "Bool"},
	{Name: "sarcasm", Type: "Float32"},
	{Name: "target_people", Type: "Float32"},
	{Name: "target_company", Type: "Float32"},
	{Name: "target_situation", Type: "Float32"},
	{Name: "lang_read", Type: "LowCardinality(String)"},
	{Name: "troubled", Type: "Array(LowCardinality(String))"},
	{Name: "gist", Type: "UInt64"},
}

// insertReadings stores rows with a reading.
func (s *Store) insertReadings(ctx context.Context, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	b, err := s.batch(ctx, "readings", readingColumns)
	if err != nil {
		return err
	}
	post := func(i int, value func(*hugops.Post) string) {
		column(b, i, rows, func(r *row) string { return value(&r.reading.Post) })
	}
	column(b, 0, rows, func(r *row) time.Time { return time.Unix(r.minute, 0) })
	column(b, 1, rows, func(r *row) uint64 { return r.key })
	column(b, 2, rows, func(r *row) uint64 { return r.version })
	column(b, 3, rows, func(r *row) uint64 { return r.digest })
	column(b, 4, rows, func(r *row) time.Time { return time.Unix(r.collected, 0) })
	column(b, 5, rows, func(r *row) uint64 { return r.author })
	post(6, func(p *hugops.Post) string { return string(p.Network) })
	post(7, func(p *hugops.Post) string { return p.ID })
	post(8, func(p *hugops.Post) string { return p.Alias })
	post(9, func(p *hugops.Post) string { return p.Author })
	post(10, func(p *hugops.Post) string { return p.AuthorService })
	column(b, 11, rows, func(r *row) bool { return r.reading.Post.Bot })
	column(b, 12, rows, func(r *row) time.Time { return r.reading.Post.PostedAt })
	column(b, 13, rows, func(r *row) time.Time { return orEpoch(r.reading.Post.EditedAt) })
	post(14, func(p *hugops.Post) string { return p.Lang })
	post(15, func(p *hugops.Post) string { return p.Text })
	post(16, func(p *hugops.Post) string { return p.ReplyTo })
	post(17, func(p *hugops.Post) string { return p.Source })
	probability := func(i int, value func(*hugops.Verdict) float64) {
		column(b, i, rows, func(r *row) float32 { return float32(value(&r.reading.Verdict)) })
	}
	probability(18, func(v *hugops.Verdict) float64 { return v.Probabilities.Support })
	probability(19, func(v *hugops.Verdict) float64 { return v.Probabilities.Venting })
	probability(20, func(v *hugops.Verdict) float64 { return v.Probabilities.Neutral })
	column(b, 21, rows, func(r *row) string { return string(r.reading.Stance) })
	column(b, 22, rows, func(r *row) string { return r.reading.Model })
	column(b, 23, rows, func(r *row) string { return r.reading.Rules })
	arrays(b, 24, rows, func(r *row) []string { return r.reading.Post.URLs })
	arrays(b, 25, rows, func(r *row) []string { return r.reading.Services })
	arrays(b, 26, rows, func(r *row) []string { return linkStrings(r, func(l *hugops.Link) string { return l.Outage }) })
	arrays(b, 27, rows, linkProbabilities)
	arrays(b, 28, rows, func(r *row) []string {
		return linkStrings(r, func(l *hugops.Link) string { return strings.Join(l.Evidence, ";") })
	})
	column(b, 29, rows, func(r *row) bool { return r.reading.Abstained })
	probability(30, func(v *hugops.Verdict) float64 { return v.Sarcasm })
	probability(31, func(v *hugops.Verdict) float64 { return v.Targets.People })
	probability(32, func(v *hugops.Verdict) float64 { return v.Targets.Company })
	probability(33, func(v *hugops.Verdict) float64 { return v.Targets.Situation })
	column(b, 34, rows, func(r *row) string { return cmp.Or(r.reading.Lang, "und") })
	arrays(b, 35, rows, func(r *row) []string { return r.reading.Troubled })
	column(b, 36, rows, func(r *row) uint64 { return r.reading.Gist })
	return b.send()
}

func linkStrings(r *row, value func(*hugops.Link) string) []string {
	if len(r.links) == 0 {
		return nil
	}
	out := make([]string, len(r.links))
	for i := range r.links {
		out[i] = value(&r.links[i])
	}
	return out
}

func linkProbabilities(r *row) []float32 {
	if len(r.links) == 0 {
		return nil
	}
	out := make([]float32, len(r.links))
	for i := range r.links {
		out[i] = float32(r.links[i].Probability)
	}
	return out
}

var markColumns = []clickhouse.ColumnNameAndType{
	{Name: "minute", Type: "DateTime('UTC')"},
	{Name: "post_key", Type: "UInt64"},
	{Name: "version", Type: "UInt64"},
	{Name: "deleted", Type: "UInt8"},
	{Name: "author_key", Type: "UInt64"},
	{Name: "stance", Type: "Enum8('support' = 1, 'venting' = 2, 'neutral' = 3)"},
}

// mark is a deleted post's row: hashes and nothing else. author is 0 unless the
// author left, whose hash is a tombstone anyway.
type mark struct {
	place
	author uint64
}

// insertMarks takes posts away.
func (s *Store) insertMarks(ctx context.Context, marks []mark) error {
	if len(marks) == 0 {
		return nil
	}
	b, err := s.batch(ctx, "readings", markColumns)
	if err != nil {
		return err
	}
	column(b, 0, marks, func(m *mark) time.Time { return time.Unix(m.minute, 0) })
	column(b, 1, marks, func(m *mark) uint64 { return m.key })
	column(b, 2, marks, func(*mark) uint64 { return gone })
	column(b, 3, marks, func(*mark) uint8 { return 1 })
	column(b, 4, marks, func(m *mark) uint64 { return m.author })
	column(b, 5, marks, func(*mark) string { return string(hugops.Neutral) })
	if err := b.send(); err != nil {
		return err
	}
	s.eraser.want()
	return nil
}
