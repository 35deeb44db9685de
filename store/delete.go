package store

import (
	"context"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/hugops/hugops"
)

// delete puts the deletions down for ever and takes away what they find. It
// returns where that stood (also what an earlier, interrupted call found).
func (s *Store) delete(ctx context.Context, deletions []hugops.Deletion) ([]place, error) {
	var posts, aliases, authors []uint64
	for _, d := range deletions {
		if d.ID != "" {
			posts = append(posts, key(postDomain, d.Network, d.ID))
		}
		if d.Alias != "" {
			aliases = append(aliases, key(aliasDomain, d.Network, d.Alias))
		}
		if d.Author != "" && d.ID == "" && d.Alias == "" {
			authors = append(authors, key(authorDomain, d.Network, d.Author))
		}
	}
	if err := s.bury(ctx, posts, aliases, authors); err != nil {
		return nil, err
	}
	found := map[place]bool{}
	var marks []mark
	for name, keys := range map[string][]uint64{
		"deleted_posts": posts, "deleted_aliases": aliases, "deleted_authors": authors,
	} {
		more, err := s.find(ctx, name, keys, found)
		if err != nil {
			return nil, err
		}
		marks = append(marks, more...)
	}
	postsDeleted.Add(len(marks))
	places := make([]place, 0, len(found))
	for p := range found {
		places = append(places, p)
	}
	return places, s.insertMarks(ctx, marks)
}

// bury puts hashes into the tombstones that are not there yet.
func (s *Store) bury(ctx context.Context, sets ...[]uint64) error {
	var keys, fresh []uint64
	for _, set := range sets {
		keys = append(keys, set...)
	}
	if len(keys) == 0 {
		return nil
	}
	dead, err := s.tombstones(ctx, keys)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if !dead[k] {
			fresh, dead[k] = append(fresh, k), true
		}
	}
	return s.insertKeys(ctx, fresh)
}

// find runs one of the queries deleted_*, notes all places in found and returns
// marks for those that have none yet.
func (s *Store) find(ctx context.Context, name string, keys []uint64, found map[place]bool) ([]mark, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var marks []mark
	err := s.each(ctx, sql(name, "{{keys}}", keysTable(keys)), func(r driver.Rows) error {
		var minute time.Time
		var m mark
		var marked uint64
		if err := r.Scan(&minute, &m.key, &marked, &m.author); err != nil {
			return err
		}
		m.minute = minute.Unix()
		if !found[m.place] && marked == 0 {
			marks = append(marks, m)
		}
		found[m.place] = true
		return nil
	})
	return marks, err
}

// eraseEvery is how often the bytes of deleted posts are removed from the disk.
// They are out of every query from the moment of deletion on.
const eraseEvery = 10 * time.Minute

// eraser remembers whether there may be bytes to remove.
type eraser struct {
	mu      sync.Mutex
	pending bool // at the start too: an earlier process may have died before
	next    time.Time
}

func (e *eraser) want() {
	e.mu.Lock()
	e.pending = true
	e.mu.Unlock()
}

// due reports whether it is time, and takes the turn.
func (e *eraser) due(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.pending || now.Before(e.next) {
		return false
	}
	e.pending, e.next = false, now.Add(eraseEvery)
	return true
}

// erase starts the removal of the bytes of deleted posts, where there are any:
// ClickHouse rewrites the parts that hold them, in the background.
func (s *Store) erase(ctx context.Context) {
	if !s.eraser.due(s.now()) {
		return
	}
	if err := s.eraseNow(ctx); err != nil {
		s.eraser.want()
		s.log.Warn("deleted posts are not off the disk yet, trying again later", "error", err)
	}
}

func (s *Store) eraseNow(ctx context.Context) error {
	var minutes []place
	var keys []uint64
	err := s.each(ctx, sql("erase_find"), func(r driver.Rows) error {
		var minute time.Time
		var p place
		if err := r.Scan(&minute, &p.key); err != nil {
			return err
		}
		p.minute = minute.Unix()
		minutes, keys = append(minutes, p), append(keys, p.key)
		return nil
	})
	if err != nil || len(keys) == 0 {
		return err
	}
	return s.db.Exec(ctx, sql("erase", "{{minutes}}", minuteList(minutesOf(minutes)), "{{keys}}", numberList(keys)))
}
