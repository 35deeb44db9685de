package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/hugops/hugops"
)

// Detail returns everything about one outage that has begun by now, or an error
// wrapping hugops.ErrNotFound. The slices are shared: they must not be changed.
func (s *Store) Detail(ctx context.Context, id string, now time.Time) (hugops.Detail, error) {
	outage, err := s.begun(ctx, id, now)
	if err != nil {
		return hugops.Detail{}, err
	}
	f, err := s.figures(ctx, &outage)
	if err != nil {
		return hugops.Detail{}, err
	}
	seen, step, err := s.seen(ctx, outage, now, f.bucket)
	if err != nil {
		return hugops.Detail{}, err
	}
	return hugops.Detail{Summary: s.summary(outage, f, now), Bucket: f.bucket, Series: f.series,
		ByNetwork: f.byNetwork, ByLang: f.byLang, Coverage: seen, CoverageStep: step, Model: f.facts.model,
		Abstained: f.facts.abstained, Blame: f.facts.blame, Evidence: f.facts.evidence, Answers: f.answersBy(now)}, nil
}

// answersBy are the answers to updates that have come by now.
func (f *figures) answersBy(now time.Time) []hugops.Answer {
	n := sort.Search(len(f.answers), func(i int) bool { return f.answers[i].At.After(now) })
	return f.answers[:n:n]
}

// summary puts an outage and its figures together. Points of the curve whose
// hour is not over yet are left out.
func (s *Store) summary(o hugops.Outage, f *figures, now time.Time) hugops.Summary {
	past := sort.Search(len(f.curve), func(i int) bool { return f.curve[i].At.After(now) })
	sum := hugops.Summary{Outage: o, Index: f.index, Posts: f.facts.posts, UpdatedAt: s.updatedAt(o, f, now),
		FirstPost: f.facts.first, LastPost: f.facts.last, Curve: f.curve[:past:past]}
	if past > 0 && now.Sub(f.curve[past-1].At) <= window*time.Second {
		sum.Trend = f.trends[past-1]
	}
	said := sort.Search(len(f.series), func(i int) bool { return f.series[i].At.After(now) })
	if said > 0 {
		sum.Latest, sum.LatestWidth = f.series[said-1], f.bucket
	}
	return sum
}

// updatedAt is when an outage last became other than it was: through posts, through
// what is known of it, or by beginning or ending at a time that was known before.
func (s *Store) updatedAt(o hugops.Outage, f *figures, now time.Time) time.Time {
	latest := f.changed
	for _, t := range []time.Time{s.known.changedAt(o.ID), o.StartedAt, o.EndedAt} {
		if t.After(latest) && !t.After(now) {
			latest = t
		}
	}
	return orZero(latest)
}

// Series returns the time series of an outage in buckets whose width is a multiple
// of a minute, those with posts only, of those that begin in [from, to); a zero time
// is no bound. Buckets begin at multiples of their width since 1970. The slice must not
// be changed. If there are more than hugops.MaxBuckets the error wraps
// hugops.ErrTooMany.
func (s *Store) Series(ctx context.Context, id string, bucket time.Duration, from, to time.Time) ([]hugops.Minute, error) {
	if bucket < time.Minute || bucket%time.Minute != 0 || bucket > 366*24*time.Hour {
		return nil, fmt.Errorf("store: %w bucket %s: it must be a whole number of minutes", hugops.ErrInvalid, bucket)
	}
	o, err := s.listed(ctx, id)
	if err != nil {
		return nil, err
	}
	span := allBuckets(bucket).within(from, to)
	span.most = hugops.MaxBuckets + 1
	list, err := s.series(ctx, &o, span)
	if len(list) > hugops.MaxBuckets {
		return nil, fmt.Errorf("store: %w buckets of %s", hugops.ErrTooMany, bucket)
	}
	return list, err
}

// series reads a series, or takes it from the figures where those have it.
func (s *Store) series(ctx context.Context, o *hugops.Outage, span span) ([]hugops.Minute, error) {
	id := o.ID
	if s.config.Stale < 0 {
		return s.buckets(ctx, id, span)
	}
	f, err := s.figures(ctx, o)
	if err != nil {
		return nil, err
	}
	if list, ok := f.buckets(span); ok {
		return list, nil
	}
	k := s.cache.seriesOf(id, span)
	p, err := k.get(ctx, s.cache, oddly(s.cache, refresh(s.cache, id, 0, func(ctx context.Context) ([]hugops.Minute, error) {
		return s.buckets(ctx, id, span)
	})))
	return p.value, err
}

// maxSeries bounds the series that are kept of one outage: anybody may ask for any.
const maxSeries = 8

func (c *cache) seriesOf(id string, span span) *kept[printed[[]hugops.Minute]] {
	e := c.entry(id)
	c.mu.Lock()
	defer c.mu.Unlock()
	return keptOf(&e.series, span, maxSeries)
}

// outageList is the list of outages as of a second ago at most.
func (s *Store) outageList(ctx context.Context) ([]hugops.Outage, error) {
	if s.config.Stale < 0 {
		return s.Outages(ctx)
	}
	return s.cache.outages.get(ctx, s.cache, func(ctx context.Context, _ []hugops.Outage, _ bool) ([]hugops.Outage, time.Duration, error) {
		list, err := s.Outages(ctx)
		return list, lookAgain, err
	})
}

// listed finds one outage in the list.
func (s *Store) listed(ctx context.Context, id string) (hugops.Outage, error) {
	outages, err := s.outageList(ctx)
	if err != nil {
		return hugops.Outage{}, err
	}
	for i := range outages {
		if outages[i].ID == id {
			return outages[i], nil
		}
	}
	return hugops.Outage{}, notFound(id)
}

// begun finds an outage that has begun by now.
func (s *Store) begun(ctx context.Context, id string, now time.Time) (hugops.Outage, error) {
	o, err := s.listed(ctx, id)
	if err == nil && o.StartedAt.After(now) {
		return hugops.Outage{}, notFound(id)
	}
	return o, err
}

// figures are those of an outage; they change with its posts and with its updates.
// Who asks for them is served before those who only list them.
func (s *Store) figures(ctx context.Context, o *hugops.Outage) (*figures, error) {
	if s.config.Stale < 0 {
		return s.compute(ctx, o)
	}
	e := s.cache.entry(o.ID)
	e.wanted.Add(1)
	defer e.wanted.Add(-1)
	p, err := e.figures.get(ctx, s.cache, s.loader(o))
	return p.value, err
}

// figuresWithin are figures for a list: pending if they are not there when bounded is
// done, which ends before ctx.
func (s *Store) figuresWithin(ctx, bounded context.Context, o *hugops.Outage) (*figures, error) {
	if s.config.Stale < 0 {
		return s.compute(ctx, o)
	}
	p, err := s.cache.entry(o.ID).figures.get(bounded, s.cache, s.loader(o))
	if err != nil && (bounded.Err() != nil || errors.Is(err, errBusy)) && ctx.Err() == nil {
		return &figures{bucket: time.Minute, index: hugops.Index{Pending: true}}, nil
	}
	return p.value, err
}

// glance returns figures that are there, nil if one would have to wait for them.
// Where they must be computed they are so in the order of rank.
func (s *Store) glance(o *hugops.Outage, rank int64) *figures {
	if s.config.Stale < 0 {
		return nil
	}
	e := s.cache.entry(o.ID)
	e.rank.Store(rank)
	p, _ := e.figures.glance(s.cache, s.loader(o))
	return p.value
}

func (s *Store) loader(o *hugops.Outage) loader[printed[*figures]] {
	return refresh(s.cache, o.ID, printOf(o.Updates), func(ctx context.Context) (*figures, error) { return s.compute(ctx, o) })
}

// rankOf is the rank of the i-th outage of a list, the newest first: those that go
// on come before the others.
func rankOf(o *hugops.Outage, i int, now time.Time) int64 {
	if o.OpenAt(now) {
		return int64(i)
	}
	return 1<<32 + int64(i)
}

// printOf is a fingerprint of what figures depend on in updates.
func printOf(updates []hugops.Update) uint64 {
	var b []byte
	for _, u := range updates {
		b = binary.LittleEndian.AppendUint64(b, uint64(u.At.UnixMicro()))
		b = append(append(b, u.Status...), 0)
	}
	return xxhash.Sum64(b)
}

// coverageRest is how long coverage is not looked at again: it grows by a row a
// source and minute. Where it is read by longer steps it rests for a tenth of one,
// maxCoverageRest at most.
const (
	coverageRest    = 10 * time.Second
	maxCoverageRest = 5 * time.Minute
)

// Coverage returns what each source saw in each minute of [from, to], in the
// order of time; it may be some seconds old. The slice is shared: it must not be
// changed.
func (s *Store) Coverage(ctx context.Context, from, to time.Time) ([]hugops.Coverage, error) {
	load := func(ctx context.Context, _ []hugops.Coverage, _ bool) ([]hugops.Coverage, time.Duration, error) {
		list, err := s.coverage(ctx, from, to, time.Minute)
		return list, coverageRest, err
	}
	if s.config.Stale < 0 {
		list, _, err := load(ctx, nil, false)
		return list, err
	}
	return s.cache.coverage(from, to).get(ctx, s.cache, oddly(s.cache, load))
}

// seen is the coverage of the time in which posts may belong to the outage, by steps
// of a bucket of its series at least.
func (s *Store) seen(ctx context.Context, o hugops.Outage, now time.Time, bucket time.Duration) ([]hugops.Coverage, time.Duration, error) {
	from, to := o.StartedAt.Add(-hugops.ReachBefore), now
	if end := o.EndedAt.Add(hugops.ReachAfter); !o.EndedAt.IsZero() && end.Before(now) {
		to = end
	}
	if earliest := to.Add(-hugops.MaxCoverage); from.Before(earliest) {
		from = earliest
	}
	step := max(bucket, sightStep(to.Sub(from)))
	load := func(ctx context.Context, _ stepped, _ bool) (stepped, time.Duration, error) {
		list, err := s.coverage(ctx, from, to, step)
		return stepped{list, step}, min(max(coverageRest, step/10), maxCoverageRest), err
	}
	if s.config.Stale < 0 {
		got, _, err := load(ctx, stepped{}, false)
		return got.list, got.step, err
	}
	got, err := s.cache.entry(o.ID).coverage.get(ctx, s.cache, load)
	return got.list, got.step, err
}

// stepped is coverage by steps.
type stepped struct {
	list []hugops.Coverage
	step time.Duration
}

// maxSteps bounds the rows of a source in the coverage of an outage: a day by the
// minute has fewer, and so has a month by the half hour.
const maxSteps = 1500

// sightStep is the smallest step by which a time has few enough.
func sightStep(span time.Duration) time.Duration {
	for _, s := range append([]int64{60, 120}, steps...) {
		if step := time.Duration(s) * time.Second; span/step < maxSteps {
			return step
		}
	}
	return 24 * time.Hour
}
