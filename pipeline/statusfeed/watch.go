package statusfeed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// watch is the state of one page.
type watch struct {
	page  Page
	kind  kind
	name  string // in the ledger, and of the outages' feed
	feeds []*feed
	w     *Watcher
	log   *slog.Logger

	sights     map[string]*sight // by the outage's id
	pieced     []hugops.Outage   // outages put together from items, for Continue
	open       bool              // an incident is
	failures   int
	retryAfter time.Duration // what the server asked for, with its last error
}

// feed is one address of a page.
type feed struct {
	url   string
	found bool // the address is that of the feed, not of a page that names it

	// of the last answer that the registry has
	etag, modified string
	digest         uint64 // of its body
	built          time.Time
	ids            []string
	ongoing        bool // it lists only what goes on
	partial        bool // an incident in it could not be used

	absent time.Time // until then the page has no such feed
	older  time.Time // since then answers are older than the last one
}

func newWatch(page Page, k kind, name string, addresses []string, w *Watcher) *watch {
	p := &watch{page: page, kind: k, name: name, w: w, sights: map[string]*sight{}, log: w.cfg.Log.With("page", page.URL)}
	for _, address := range addresses {
		p.feeds = append(p.feeds, &feed{url: address, found: k.find == nil || isFeedAddress(address)})
	}
	return p
}

// recall takes up what the registry knows of the page. Of outages out of files
// that no watcher has seen, nothing is concluded.
func (p *watch) recall(known []hugops.Outage) {
	for i := range known {
		o := &known[i]
		if o.Feed != p.name {
			continue
		}
		p.remember(o)
		if o.WithdrawnAt.IsZero() && !o.LastSeen.IsZero() {
			p.sights[o.ID] = newSight(o, o.LastSeen)
		}
	}
}

// remember keeps outages that were put together from items.
func (p *watch) remember(o *hugops.Outage) {
	if !awsRSSID.MatchString(o.FeedID) {
		return
	}
	kept := *o
	kept.Raw = nil
	for i := range p.pieced {
		if p.pieced[i].ID == o.ID {
			p.pieced[i] = kept
			return
		}
	}
	const most = 200
	p.pieced = append(p.pieced, kept)
	p.pieced = p.pieced[max(0, len(p.pieced)-most):]
}

// outcome is what one round over the feeds of a page came to.
type outcome struct {
	result  string // ok, unchanged, partial, stale, unreadable, error
	state   hugops.CoverageState
	listed  int   // incidents in the feeds
	changed int   // of them, new or other than before
	err     error // why a feed was not read
	failed  bool  // none was
}

// round asks for all feeds of the page once, and hands what has changed on. A
// feed that the registry did not take is fetched again, because only then its
// validators are remembered.
func (p *watch) round(ctx context.Context, now time.Time) outcome {
	p.retryAfter = 0
	o := outcome{result: "unchanged", state: hugops.CoverageLive}
	asked, failed := 0, 0
	for i, f := range p.feeds {
		if now.Before(f.absent) {
			continue
		}
		err := p.poll(ctx, f, now, &o)
		if i > 0 && isMissing(err) {
			f.absent, f.ids = now.Add(absentFor), nil
			p.log.Info("the page has no such feed", "feed", f.url)
			continue
		}
		asked++
		if err != nil {
			failed++
			p.retryAfter = max(p.retryAfter, waitFor(err))
			o.err = errors.Join(o.err, err)
			o.worsen(resultOf(err))
		}
		p.judge(f, now, &o)
	}
	if failed > 0 && failed < asked {
		o.result, o.state = "partial", hugops.CoverageSample
	}
	o.failed = failed == asked
	if err := p.look(ctx, now, o.state == hugops.CoverageLive); err != nil {
		o.err = errors.Join(o.err, err)
		o.worsen("error", hugops.CoverageGap)
	}
	return o
}

// judge counts what a feed lists, and says what is wrong with its last answer.
func (p *watch) judge(f *feed, now time.Time, o *outcome) {
	o.listed += len(f.ids)
	if o.result == "unchanged" && o.changed > 0 {
		o.result = "ok"
	}
	if f.partial {
		o.worsen("partial", hugops.CoverageSample)
	}
	if p.kind.clock > 0 && !f.built.IsZero() && now.Sub(f.built) > p.kind.clock {
		o.worsen("stale", hugops.CoverageStalled)
	}
}

// worsen says what is wrong, if it is worse than what was said before.
func (o *outcome) worsen(result string, state hugops.CoverageState) {
	if worse := state.Worse(o.state); worse != o.state {
		o.result, o.state = result, worse
	}
}

// poll asks for one feed.
func (p *watch) poll(ctx context.Context, f *feed, now time.Time, o *outcome) error {
	if !f.found {
		if err := p.find(ctx, f); err != nil {
			return err
		}
	}
	err := p.w.fetcher.ask(ctx, f.url, f.etag, f.modified, func(r *response) error {
		if r == nil {
			return nil
		}
		if r.stale {
			o.worsen("stale", hugops.CoverageStalled)
		}
		if digest := xxhash.Sum64(r.body); digest == f.digest {
			f.etag, f.modified = r.etag, r.modified
			return nil
		}
		return p.take(ctx, f, r, now, o)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", f.url, err)
	}
	return nil
}

// absentFor is for how long a feed is left alone of which the server says that
// it does not exist: not every page has all feeds of its kind.
const absentFor = 24 * time.Hour

func isMissing(err error) bool {
	status := (*errStatus)(nil)
	return errors.As(err, &status) && (status.code == http.StatusNotFound || status.code == http.StatusGone)
}

// errShape is an answer that is not the feed that was expected.
type errShape struct{ error }

func (e errShape) Unwrap() error { return e.error }

// resultOf tells an answer that is no feed from no answer.
func resultOf(err error) (string, hugops.CoverageState) {
	if errors.As(err, &errShape{}) {
		return "unreadable", hugops.CoverageStalled
	}
	return "error", hugops.CoverageGap
}

// olderFor is for how long answers are passed over that are older than the one
// before: they come out of another cache, and would undo what is known. After
// that they are how things are.
const olderFor = time.Hour

// take parses a new answer, and puts what has changed into the registry.
func (p *watch) take(ctx context.Context, f *feed, r *response, now time.Time, o *outcome) error {
	a, err := p.kind.read(r.body)
	if err != nil {
		return errShape{err}
	}
	if a.Built.Before(f.built) {
		if f.older.IsZero() {
			f.older = now
		}
		if now.Sub(f.older) < olderFor {
			o.worsen("stale", hugops.CoverageStalled)
			return nil
		}
	}
	f.older = time.Time{}
	a.assign(p.page)
	Continue(p.pieced, a.Outages)
	p.report(a.Bad)
	changed, digests := p.changedOf(a.Outages, now)
	if len(changed) > 0 {
		if err := p.w.cfg.Registry.PutOutages(ctx, changed); err != nil {
			return fmt.Errorf("store outages: %w", err)
		}
	}
	for i := range changed {
		s := newSight(&changed[i], now)
		s.digest = digests[i]
		p.sights[changed[i].ID] = s
		p.remember(&changed[i])
	}
	f.ids = make([]string, len(a.Outages))
	for i := range a.Outages {
		f.ids[i] = a.Outages[i].ID
	}
	f.etag, f.modified, f.digest, f.built = r.etag, r.modified, xxhash.Sum64(r.body), a.Built
	f.ongoing, f.partial = a.Ongoing, len(a.Bad) > 0
	o.changed += len(changed)
	return nil
}

// changedOf returns the outages that are new or other than before, and the digest
// of each.
func (p *watch) changedOf(outages []hugops.Outage, now time.Time) (changed []hugops.Outage, digests []uint64) {
	for _, o := range outages {
		o.Feed = p.name
		digest := digestOf(&o)
		if s := p.sights[o.ID]; s == nil || s.digest != digest {
			o.LastSeen = now
			changed, digests = append(changed, o), append(digests, digest)
		}
	}
	return changed, digests
}

// digestOf is a hash of what the provider says of an outage.
func digestOf(o *hugops.Outage) uint64 {
	text, err := json.Marshal(o)
	if err != nil {
		return 0 // never equal to another: it is put again
	}
	return max(xxhash.Sum64(text), 1)
}

// report tells of incidents that could not be used.
func (p *watch) report(bad []Malformed) {
	for _, b := range bad {
		malformed(p.name)
		p.log.Warn("an incident could not be used", "error", b.Err, "raw", string(b.Raw[:min(len(b.Raw), 1024)]))
	}
}

// find reads the address of the feed out of the page.
func (p *watch) find(ctx context.Context, f *feed) error {
	return p.w.fetcher.ask(ctx, f.url, "", "", func(r *response) error {
		address := p.kind.find(r.body)
		if address == "" {
			return errShape{wire.Invalidf("%s: the page does not name its feed: give the address of the feed itself", f.url)}
		}
		f.url, f.found = address, true
		return nil
	})
}
