package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
)

const (
	// coverageTick is how often states are looked at, and due rows written.
	coverageTick = time.Second
	// maxPendingRows bounds the rows kept while the sink fails; a week of one
	// source. The oldest go first.
	maxPendingRows = 10_000
	// maxReplayMinutes bounds the minutes that a replay remembers, so that posts
	// out of order still add to their minute: ten weeks.
	maxReplayMinutes = 100_000
)

var coverageErrors = metrics.NewCounter(`hugops_collect_coverage_errors_total`)

// coverage writes what each source saw to a sink.
type coverage struct {
	sink    CoverageSink
	log     *slog.Logger
	mu      sync.Mutex
	tallies []*tally
	pending []hugops.Coverage
}

func newCoverage(sink CoverageSink, log *slog.Logger) *coverage {
	return &coverage{sink: sink, log: log}
}

// open starts the tally of a source.
func (c *coverage) open(s Source) *tally {
	t := newTally(s, time.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tallies = append(c.tallies, t)
	return t
}

// run writes rows as they become due until ctx is done or the returned function
// is called; that one also writes what is left.
func (c *coverage) run(ctx context.Context) (stop func()) {
	if c.sink == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(coverageTick)
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				c.flush(ctx, now, false)
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		c.flush(last, time.Now(), true)
	}
}

// flush writes the rows that are due at now; all of them at the end.
func (c *coverage) flush(ctx context.Context, now time.Time, end bool) {
	c.mu.Lock()
	tallies := slices.Clone(c.tallies)
	c.mu.Unlock()
	for _, t := range tallies {
		c.pending = append(c.pending, t.due(now, end)...)
		t.gauge()
	}
	if len(c.pending) == 0 {
		return
	}
	c.pending = lastWords(c.pending)
	if drop := len(c.pending) - maxPendingRows; drop > 0 {
		c.pending = slices.Delete(c.pending, 0, drop)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := c.sink.PutCoverage(ctx, c.pending); err != nil {
		coverageErrors.Inc()
		c.log.Warn("coverage could not be written, will try again", "rows", len(c.pending), "err", err)
		return
	}
	c.pending = nil
}

// gauge shows on /metrics how a live source sees now: hugops_source_state is 1
// for its state and 0 for every other.
func (t *tally) gauge() {
	if t.replay {
		return
	}
	t.mu.Lock()
	now := t.now
	t.mu.Unlock()
	for _, state := range hugops.CoverageStates {
		value := 0.0
		if state == now {
			value = 1
		}
		metrics.GetOrCreateGauge(fmt.Sprintf(`hugops_source_state{source=%q,state=%q}`, t.source, state), nil).Set(value)
	}
}

// lastWords keeps the last row of each source, network and minute.
func lastWords(rows []hugops.Coverage) []hugops.Coverage {
	type key struct {
		source  string
		network hugops.Network
		at      time.Time
	}
	last := make(map[key]int, len(rows))
	for i, r := range rows {
		last[key{r.Source, r.Network, r.At}] = i
	}
	kept := rows[:0]
	for i, r := range rows {
		if last[key{r.Source, r.Network, r.At}] == i {
			kept = append(kept, r)
		}
	}
	return kept
}

// tally counts what one source saw. A live source is counted by the clock, a
// replay by the minutes of its posts.
type tally struct {
	source  string
	network hugops.Network // of a live source, from its name; "" if it has none
	state   func() hugops.CoverageState
	amend   func() []Amendment
	replay  bool

	mu     sync.Mutex
	ended  hugops.CoverageState  // "" while the source runs
	now    hugops.CoverageState  // of a live source, as it said last
	worst  hugops.CoverageState  // within the minute of a live source
	minute time.Time             // the one that a live source is in
	recent map[int64]*pastMinute // the minutes of a source that amends
	last   time.Time             // when a replay gave rows last
	counts map[tallyKey]*tallyCount
	dirty  map[tallyKey]bool // minutes of a replay that changed
}

type tallyKey struct {
	network hugops.Network
	at      int64 // minute, in seconds since 1970
}

type tallyCount struct{ seen, kept, withheld int }

func newTally(s Source, now time.Time) *tally {
	kind, _, _ := strings.Cut(s.Name(), ":")
	t := &tally{
		source: s.Name(), replay: kind == "replay" || kind == "backfill", minute: now.UTC().Truncate(time.Minute), last: now,
		counts: make(map[tallyKey]*tallyCount), dirty: make(map[tallyKey]bool),
	}
	if n := hugops.Network(kind); n.Valid() {
		t.network = n
	}
	t.state = func() hugops.CoverageState { return hugops.CoverageLive }
	if s, ok := s.(Stater); ok {
		t.state = s.State
	}
	if s, ok := s.(Amender); ok && !t.replay && t.network != "" {
		t.amend, t.recent = s.Amend, make(map[int64]*pastMinute)
	}
	return t
}

// count counts one post that reached the filter.
func (t *tally) count(p *hugops.Post, kept bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := tallyKey{network: p.Network, at: t.minute.Unix()}
	if t.replay {
		key.at = p.PostedAt.Unix() / 60 * 60
		t.dirty[key] = true
	}
	n := t.at(key)
	n.seen++
	if kept {
		n.kept++
	}
}

// withhold counts one post that was left out because its author opted out. What
// the files of a replay left out belongs to no minute.
func (t *tally) withhold() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.replay && t.network != "" {
		t.at(tallyKey{t.network, t.minute.Unix()}).withheld++
	}
}

func (t *tally) at(key tallyKey) *tallyCount {
	n := t.counts[key]
	if n == nil {
		n = &tallyCount{}
		t.counts[key] = n
	}
	return n
}

// finish says that the source came to its end, fail that it gave up.
func (t *tally) finish() { t.end(hugops.CoverageLive) }
func (t *tally) fail()   { t.end(hugops.CoverageGap) }

func (t *tally) end(s hugops.CoverageState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = s
}

// due returns the rows that are due at now.
func (t *tally) due(now time.Time, end bool) []hugops.Coverage {
	state := t.state() // outside the lock: a source may emit while it holds its own
	var amendments []Amendment
	if t.amend != nil {
		amendments = t.amend()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.replay {
		return t.dueReplay(now, end)
	}
	if t.ended != "" {
		state = t.ended
	}
	t.now = state
	rows := append(t.dueLive(now, state), t.amendRows(amendments)...)
	if end {
		rows = append(rows, t.liveRows(t.worst)...)
	}
	return rows
}

// dueLive closes the minutes before now. A minute takes the worst state seen in
// it; minutes in which the process slept are gaps.
func (t *tally) dueLive(now time.Time, state hugops.CoverageState) []hugops.Coverage {
	current := now.UTC().Truncate(time.Minute)
	if t.minute.Equal(current) || t.worst == "" {
		t.worst = state.Worse(t.worst)
	}
	var rows []hugops.Coverage
	for t.minute.Before(current) {
		rows = append(rows, t.liveRows(t.worst)...)
		t.minute = t.minute.Add(time.Minute)
		t.worst = hugops.CoverageGap
		if t.minute.Equal(current) {
			t.worst = state
		}
	}
	return rows
}

// liveRows takes the counts of the current minute; a source of one network gets
// a row also when it saw nothing.
func (t *tally) liveRows(state hugops.CoverageState) []hugops.Coverage {
	if t.ended == hugops.CoverageLive && len(t.counts) == 0 {
		return nil // it came to its end: nothing is missing
	}
	if key := (tallyKey{t.network, t.minute.Unix()}); t.network != "" {
		t.remember(key.at, *t.at(key))
	}
	var rows []hugops.Coverage
	for key, n := range t.counts {
		rows = append(rows, t.row(key, n, state))
	}
	clear(t.counts)
	return rows
}

// dueReplay gives the minutes that changed, every few seconds.
func (t *tally) dueReplay(now time.Time, end bool) []hugops.Coverage {
	if !end && now.Sub(t.last) < 5*time.Second || len(t.dirty) == 0 {
		return nil
	}
	t.last = now
	rows := make([]hugops.Coverage, 0, len(t.dirty))
	for key := range t.dirty {
		rows = append(rows, t.row(key, t.counts[key], hugops.CoverageReplay))
	}
	clear(t.dirty)
	if len(t.counts) > maxReplayMinutes {
		clear(t.counts)
	}
	return rows
}

func (t *tally) row(key tallyKey, n *tallyCount, state hugops.CoverageState) hugops.Coverage {
	return hugops.Coverage{
		Source: t.source, Network: key.network, At: time.Unix(key.at, 0).UTC(),
		State: state, Seen: n.seen, Kept: n.kept, Withheld: n.withheld,
	}
}
