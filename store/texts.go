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
// still kept, in order of minutes: material for reading and linking it again. It
// ends with the first error of fn. Memory stays flat.
func (s *Store) Texts(ctx context.Context, from, to time.Time, fn func(hugops.Post) error) error {
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
	}, clickhouse.Named("from", from.UnixMicro()), clickhouse.Named("to", to.UnixMicro()))
	if err != nil {
		return fmt.Errorf("store: reading texts: %w", err)
	}
	return nil
}
