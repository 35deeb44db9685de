package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/hugops/hugops"
)

// Texts calls fn for each stored post of from ≤ posted_at < to whose text is
// still kept, in order of minutes: material for reading and linking it again.
// Posts that the model of version except has read are left out, if it is given.
// It ends with the first error of fn. Memory stays flat.
func (s *Store) Texts(ctx context.Context, from, to time.Time, except string, fn func(hugops.Post) error) error {
	err := s.each(ctx, sql("texts"), func(r driver.Rows) error {
		var p hugops.Post
		var network string
		err := r.Scan(&p.ID, &network, &p.Alias, &p.Author, &p.AuthorService, &p.Bot, &p.PostedAt, &p.EditedAt,
			&p.Lang, &p.Text, &p.URLs, &p.ReplyTo, &p.Source)
		if err != nil {
			return err
		}
		p.Network, p.PostedAt, p.EditedAt = hugops.Network(network), p.PostedAt.UTC(), orZero(p.EditedAt)
		if len(p.URLs) == 0 {
			p.URLs = nil
		}
		return fn(p)
	}, clickhouse.Named("from", from.UnixMicro()), clickhouse.Named("to", to.UnixMicro()), clickhouse.Named("except", except))
	if err != nil {
		return fmt.Errorf("store: reading texts: %w", err)
	}
	return nil
}

// Outdated says which posts another model than the one given has read.
type Outdated struct {
	// Spans hold all that can be read again, in order of time; From is counted in,
	// To is not.
	Spans []Span
	// Posts is their number, and Gone that of the others: their text is not kept
	// any more.
	Posts, Gone int
}

// Span is a stretch of time with a number of posts in it.
type Span struct {
	From, To time.Time
	Posts    int
}

// A span of Outdated ends when it has spanPosts posts, or before spanGap without
// any: a few posts in a long time are one span, and a minute is never cut.
const (
	spanPosts = 20_000
	spanGap   = 24 * time.Hour
)

// Outdated finds the posts that another model than model has read.
func (s *Store) Outdated(ctx context.Context, model string) (Outdated, error) {
	var out Outdated
	err := s.each(ctx, sql("outdated"), func(r driver.Rows) error {
		var minute time.Time
		var kept, gone uint64
		if err := r.Scan(&minute, &kept, &gone); err != nil {
			return err
		}
		out.add(minute.UTC(), int(kept), int(gone))
		return nil
	}, clickhouse.Named("model", model))
	if err != nil {
		return Outdated{}, fmt.Errorf("store: looking for posts that another model read: %w", err)
	}
	return out, nil
}

// add counts the posts of a minute, later than those before.
func (o *Outdated) add(minute time.Time, kept, gone int) {
	o.Posts, o.Gone = o.Posts+kept, o.Gone+gone
	if kept == 0 {
		return
	}
	last := len(o.Spans) - 1
	if last < 0 || o.Spans[last].Posts >= spanPosts || minute.Sub(o.Spans[last].To) >= spanGap {
		o.Spans = append(o.Spans, Span{From: minute})
		last++
	}
	o.Spans[last].To = minute.Add(time.Minute)
	o.Spans[last].Posts += kept
}
