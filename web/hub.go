package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hugops/hugops"
)

// How live streams are kept.
const (
	lookEvery    = 2 * time.Second  // between two looks at the store, while anybody listens
	beatEvery    = 15 * time.Second // between two signs of life
	writeTime    = 10 * time.Second // who has not taken an event after it is dropped
	maxListeners = 20_000           // on this server
	maxFromOne   = 100              // from one address
	// lingering is how long after its last change an outage is told of that is no
	// longer among the others, since it turned out to be one of them.
	lingering = time.Hour
	// overlap is how much older than a listener's last event another may be that it
	// has not seen: the clocks of writers differ, and figures are computed in
	// another order than their posts came.
	overlap = time.Minute
)

// liveState is the small state of one outage, with the members' names of the API.
type liveState struct {
	ID         string      `json:"id"`
	Service    apiService  `json:"service"`
	Title      string      `json:"title"`
	StartedAt  time.Time   `json:"started_at"`
	EndedAt    *time.Time  `json:"ended_at"`
	Open       bool        `json:"open"`
	Demo       bool        `json:"demo"`
	Suspected  bool        `json:"suspected"`
	MergedInto *string     `json:"merged_into"`
	Index      apiIndex    `json:"index"`
	Posts      int         `json:"posts"`
	Latest     *liveBucket `json:"latest"`
	UpdatedAt  *time.Time  `json:"updated_at"`
}

// liveBucket is the last bucket of an outage's series.
type liveBucket struct {
	At            time.Time `json:"at"`
	BucketSeconds int       `json:"bucket_seconds"`
	Support       int       `json:"support"`
	Venting       int       `json:"venting"`
	Neutral       int       `json:"neutral"`
	Authors       int       `json:"authors"`
}

func newLiveState(sum hugops.Summary, now time.Time) liveState {
	o := sum.Outage
	s := liveState{
		ID: o.ID, Service: apiService{o.Service, serviceName(o)}, Title: o.Title, StartedAt: o.StartedAt.UTC(), Open: o.OpenAt(now),
		Demo: o.Demo, Suspected: o.Suspected, Index: newAPIIndex(sum.Index), Posts: sum.Posts, UpdatedAt: when(sum.UpdatedAt, now),
	}
	if !s.Open {
		s.EndedAt = when(o.EndedAt, now)
	}
	if o.MergedInto != "" {
		s.MergedInto = &o.MergedInto
	}
	if m := sum.Latest; !m.At.IsZero() {
		s.Latest = &liveBucket{m.At.UTC(), int(sum.LatestWidth / time.Second), m.Support, m.Venting, m.Neutral, m.Authors}
	}
	return s
}

// event is the newest state of one outage, encoded once for all who listen. It is
// never changed.
type event struct {
	outage string
	state  []byte    // what tells it from another state: all but the time
	at     time.Time // UpdatedAt: the event's id
	order  uint64    // in which the board learnt of it
	moved  bool      // the board knew another state before
	bytes  []byte    // as it travels
}

// encode makes the event of a summary.
func encode(sum hugops.Summary, now time.Time) (*event, error) {
	s := newLiveState(sum, now)
	e := &event{outage: s.ID, at: sum.UpdatedAt}
	data, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	s.UpdatedAt = nil
	if e.state, err = json.Marshal(s); err != nil {
		return nil, err
	}
	e.bytes = slices.Concat([]byte("event: outage\nid: "+eventID(e.at)+"\ndata: "), data, []byte("\n\n"))
	return e, nil
}

// eventID is the time of a change in milliseconds. It comes from the database, so
// it means the same on every server that asks it, before and after a restart.
func eventID(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

// board is what the listeners look at: the newest state of each outage, in the
// order in which the hub learnt of them. It is never changed; another takes its
// place.
type board struct {
	events []*event
	order  uint64        // of the last event
	newest time.Time     // the latest change of all
	looked bool          // false: the hub has just begun, and knows nothing yet
	next   chan struct{} // closed when another board is up
}

// due lists what came after the order-th event and changed after since, or under
// the eyes of who has seen the board before (order is above 0): of one outage or,
// for "", of all.
func (b *board) due(outage string, order uint64, since time.Time) [][]byte {
	first, _ := slices.BinarySearchFunc(b.events, order, func(e *event, order uint64) int {
		return cmp.Or(cmp.Compare(e.order, order), -1) // the first one above it
	})
	var list [][]byte
	for _, e := range b.events[first:] {
		if (outage == "" || e.outage == outage) && (e.moved && order > 0 || e.at.After(since)) {
			list = append(list, e.bytes)
		}
	}
	return list
}

// since are the outages that changed after the order-th event.
func (b *board) since(order uint64) map[string]bool {
	news := map[string]bool{}
	for _, e := range b.events {
		if e.order > order {
			news[e.outage] = true
		}
	}
	return news
}

// follow is the board after b, on which those of the events stand that say
// something new. It returns b itself if none does.
func (b *board) follow(events []*event) *board {
	known := make(map[string]*event, len(b.events))
	for _, e := range b.events {
		known[e.outage] = e
	}
	var stay, come []*event
	for _, e := range events {
		if old := known[e.outage]; old != nil && bytes.Equal(old.state, e.state) {
			stay = append(stay, old)
		} else {
			e.moved = old != nil
			come = append(come, e)
		}
	}
	if b.looked && len(come) == 0 && len(stay) == len(b.events) {
		return b
	}
	slices.SortFunc(stay, func(a, b *event) int { return cmp.Compare(a.order, b.order) })
	slices.SortStableFunc(come, func(a, b *event) int { return a.at.Compare(b.at) })
	out := &board{order: b.order, newest: b.newest, looked: true, next: make(chan struct{})}
	for _, e := range come {
		out.order++
		e.order = out.order
		out.newest = later(out.newest, e.at)
	}
	out.events = append(stay, come...)
	return out
}

// hub looks at the outages while anybody listens, and puts up what changed.
type hub struct {
	// look returns the newest outages, and those of the ids.
	look func(ctx context.Context, ids []string) ([]hugops.Summary, time.Time, error)
	// changed is told which outages changed, before their listeners are; it may be nil.
	changed func(outages map[string]bool)
	every   time.Duration
	beat    time.Duration
	most    int
	log     *slog.Logger

	board  atomic.Pointer[board]
	closed chan struct{}
	mu     sync.Mutex
	ended  bool
	all    int                // listeners
	from   map[netip.Addr]int // of them, by address
	of     map[string]int     // of them, by outage
	stop   context.CancelFunc // ends the looking; nil while nobody listens
}

func newHub(look func(context.Context, []string) ([]hugops.Summary, time.Time, error), log *slog.Logger) *hub {
	h := &hub{look: look, every: lookEvery, beat: beatEvery, most: maxListeners, log: log,
		closed: make(chan struct{}), from: map[netip.Addr]int{}, of: map[string]int{}}
	h.board.Store(&board{next: make(chan struct{})})
	return h
}

// join counts a listener in, unless there are too many: of all, or from its
// address. Its leave must be called.
func (h *hub) join(outage string, from netip.Addr) (ok, crowded bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || h.all >= h.most {
		return false, false
	}
	if from.IsValid() && h.from[from] >= maxFromOne {
		return false, true
	}
	h.all++
	if from.IsValid() {
		h.from[from]++
	}
	if outage != "" {
		h.of[outage]++
	}
	if h.stop == nil {
		var ctx context.Context
		ctx, h.stop = context.WithCancel(context.Background())
		h.board.Store(&board{next: make(chan struct{})}) // what it knew is old
		go h.watch(ctx)
	}
	return true, false
}

// leave takes a listener out; the last one ends the looking.
func (h *hub) leave(outage string, from netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all--
	if from.IsValid() {
		lower(h.from, from)
	}
	if outage != "" {
		lower(h.of, outage)
	}
	if h.all == 0 {
		h.stop()
		h.stop = nil
	}
}

// lower counts a key down, and forgets it at 0.
func lower[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] <= 0 {
		delete(counts, key)
	}
}

// close ends all streams; nobody may join any more.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ended {
		h.ended = true
		close(h.closed)
	}
}

// watch puts up boards until ctx is done. Where the store does not answer, the
// last one stays up.
func (h *hub) watch(ctx context.Context) {
	tick := time.NewTicker(h.every)
	defer tick.Stop()
	beaten := time.Now()
	for {
		events, err := h.events(ctx)
		old := h.board.Load()
		next := old
		if err == nil {
			next = old.follow(events)
		} else if ctx.Err() == nil {
			h.log.Warn("live streams: the outages cannot be read", "err", err)
		}
		if next == old && time.Since(beaten) >= h.beat {
			again := *old // wakes everybody
			again.next = make(chan struct{})
			next = &again
		}
		if next != old {
			h.put(ctx, next)
			beaten = time.Now()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// put puts a board up, unless the looking has ended meanwhile.
func (h *hub) put(ctx context.Context, b *board) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	old := h.board.Load()
	if news := b.since(old.order); h.changed != nil && len(news) > 0 {
		h.changed(news)
	}
	h.board.Store(b)
	close(old.next)
}

// events are the states of all outages that somebody may listen to.
func (h *hub) events(ctx context.Context) ([]*event, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	h.mu.Lock()
	ids := slices.Collect(maps.Keys(h.of))
	h.mu.Unlock()
	b := h.board.Load()
	for _, e := range b.events {
		if b.newest.Sub(e.at) < lingering {
			ids = append(ids, e.outage)
		}
	}
	sums, now, err := h.look(ctx, ids)
	if err != nil {
		return nil, err
	}
	events := make([]*event, 0, len(sums))
	for i := range sums {
		if sums[i].Index.Pending {
			continue // it has no state yet
		}
		e, err := encode(sums[i], now)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}
