package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
)

// Relevance decides which posts go on into Kafka. It is called by several
// goroutines at once, and must not keep or change the post. The reason names why
// a post is dropped, in one word or two, for a counter.
type Relevance interface {
	Relevant(p *hugops.Post) (keep bool, reason string)
}

// CoverageSink stores what each source saw, minute by minute. A row replaces an
// earlier one of the same source, network and minute.
type CoverageSink interface {
	PutCoverage(ctx context.Context, rows []hugops.Coverage) error
}

// Stater is a Source that knows how well it sees its stream at this moment. One
// that does not implement it counts as live while its Run goes on; one whose
// name begins with "replay:" or "backfill:" counts as a replay.
type Stater interface {
	State() hugops.CoverageState
}

// Amender is a Source that learns later how it saw minutes that are past: that
// they were read afterwards, say, or are lost for good. Amend returns what it
// learnt since it was asked last.
type Amender interface {
	Amend() []Amendment
}

// Amendment is what a source says, in place of the states that it gave then, of
// all minutes that [From, To) touches. Of two amendments of a minute the worse
// stands.
type Amendment struct {
	From, To time.Time
	State    hugops.CoverageState
}

// CollectorConfig is what a collector needs. Relevance nil keeps every post,
// Coverage nil writes no coverage.
type CollectorConfig struct {
	Brokers   []string
	Sources   []Source
	Relevance Relevance
	Coverage  CoverageSink
	Log       *slog.Logger
}

// Collector runs sources, drops what is not relevant, and brings the rest into
// Kafka.
type Collector struct {
	cfg       CollectorConfig
	relevance atomic.Pointer[Relevance]
	coverage  *coverage
	retry     backoff
	drain     time.Duration
}

// NewCollector returns a collector; Run does the work.
func NewCollector(cfg CollectorConfig) *Collector {
	c := &Collector{
		cfg:      cfg,
		coverage: newCoverage(cfg.Coverage, cfg.Log),
		retry:    backoff{min: 200 * time.Millisecond, max: 10 * time.Second},
		drain:    DrainTime,
	}
	c.SetRelevance(cfg.Relevance)
	return c
}

// SetRelevance puts another filter in place, also while Run is going on; nil
// keeps every post.
func (c *Collector) SetRelevance(r Relevance) { c.relevance.Store(&r) }

// Run runs the sources until each of them has ended or ctx is done, and returns
// when Kafka has what they emitted. It returns nil then; or the errors of the
// sources that gave up, after the others have ended. A source that gave up is
// logged at once, and its coverage says so minute by minute.
func (c *Collector) Run(ctx context.Context) error {
	if err := ensureTopics(ctx, c.cfg.Brokers, c.retry, c.cfg.Log); err != nil {
		return nil // told to stop before anything was taken
	}
	finish, cancel := graceful(ctx, c.drain)
	defer cancel()
	producer := NewProducer(c.cfg.Brokers, c.cfg.Log)
	defer producer.Close()

	entries := make(chan entry, 256)
	batches := make(chan []entry)
	var sending sync.WaitGroup
	sending.Go(func() { batch(entries, batches) })
	sending.Go(func() { c.send(finish, producer, batches) })
	stopCoverage := c.coverage.run(ctx)

	err := c.runSources(ctx, entries)
	close(entries)
	sending.Wait()
	stopCoverage()
	return err
}

func (c *Collector) runSources(ctx context.Context, out chan<- entry) error {
	errs := make([]error, len(c.cfg.Sources))
	var running sync.WaitGroup
	for i, s := range c.cfg.Sources {
		tally := c.coverage.open(s)
		counters := newSourceCounters(s.Name())
		running.Go(func() {
			err := s.Run(ctx, func(ctx context.Context, it Item) error {
				return c.take(ctx, it, tally, counters, out)
			})
			switch {
			case ctx.Err() != nil:
			case err != nil:
				tally.fail()
				c.cfg.Log.Error("source gave up", "source", s.Name(), "err", err)
				errs[i] = fmt.Errorf("source %s: %w", s.Name(), err)
			default:
				tally.finish()
				c.cfg.Log.Info("source ended", "source", s.Name())
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}

// entry is an item on its way to Kafka: an event that becomes a record, or a dead
// letter. One with neither only carries the acknowledgement of something dropped,
// so that acknowledgements keep the order.
type entry struct {
	event  *hugops.Event
	record record
	letter *Letter
	source string
	ack    func()
}

// encode makes the event a record, or a dead letter if a source should not have
// emitted it.
func (e *entry) encode() {
	if e.event == nil {
		return
	}
	raw, err := EncodeEvent(e.event)
	if err != nil {
		e.letter = refusedLetter(e, err)
	} else {
		e.record = record{topic: TopicPosts, key: []byte(e.event.Key()), value: raw}
	}
	e.event = nil
}

// take filters one item and queues it.
func (c *Collector) take(ctx context.Context, it Item, tally *tally, n *sourceCounters, out chan<- entry) error {
	e := entry{source: it.Source, ack: it.Ack}
	if it.Withheld {
		tally.withhold()
	} else {
		n.seen.Inc()
	}
	switch {
	case it.Withheld:
		if it.Ack == nil {
			return nil
		}
	case it.Bad != nil:
		e.letter = badLetter(it)
	case c.keep(&it.Event, tally, n):
		e.event = &it.Event
	case it.Ack == nil:
		return nil
	}
	select {
	case out <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// keep applies the filter to posts. Deletions and departures always pass. An edit
// passes too, since it must replace the version that was kept, if one was; where
// it is not relevant it passes without its words, so that nothing is stored of
// posts that are not about an outage.
func (c *Collector) keep(e *hugops.Event, tally *tally, n *sourceCounters) bool {
	if e.Post == nil {
		n.kept.Inc()
		return true
	}
	keep, reason := true, ""
	if r := *c.relevance.Load(); r != nil {
		keep, reason = r.Relevant(e.Post)
	}
	if !keep && e.Kind == hugops.Edited {
		bare := *e.Post
		bare.Text, bare.URLs, bare.ReplyTo = "", nil, ""
		e.Post, keep = &bare, true
	}
	tally.count(e.Post, keep)
	if keep {
		n.kept.Inc()
	} else {
		n.drop(reason)
	}
	return keep
}

func badLetter(it Item) *Letter {
	err := it.Bad.Err
	if err == nil {
		err = errors.New("not readable")
	}
	l := &Letter{
		At: time.Now().UTC(), Stage: StageCollect, Reason: err.Error(), Class: "input",
		Source: it.Source, Position: it.Bad.Position,
	}
	l.keep(it.Bad.Raw)
	return l
}

// batch encodes entries and groups them: while a batch is being sent the next one
// grows, up to sendRecords entries; when nothing is being sent an entry goes at
// once.
func batch(in <-chan entry, out chan<- []entry) {
	defer close(out)
	var cur []entry
	size := 0
	for in != nil || len(cur) > 0 {
		from, to := in, out
		if len(cur) == 0 {
			to = nil
		}
		if len(cur) >= sendRecords || size >= sendBytes {
			from = nil
		}
		select {
		case e, ok := <-from:
			if !ok {
				in = nil
				continue
			}
			e.encode()
			cur, size = append(cur, e), size+len(e.record.value)
		case to <- cur:
			cur, size = nil, 0
		}
	}
}

// send brings batch after batch into Kafka and acknowledges them in order. When
// ctx ends before a batch is through, nothing is acknowledged any more.
func (c *Collector) send(ctx context.Context, p *Producer, in <-chan []entry) {
	for entries := range in {
		if err := c.sendBatch(ctx, p, entries); err != nil {
			c.cfg.Log.Warn("kafka did not take everything in time; sources that can will send it again",
				"messages", len(entries), "err", err)
			for range in { // let the batcher end
			}
			return
		}
		for _, e := range entries {
			if e.ack != nil {
				e.ack()
			}
		}
	}
}

func (c *Collector) sendBatch(ctx context.Context, p *Producer, entries []entry) error {
	records := make([]record, 0, len(entries))
	var letters []*Letter
	for _, e := range entries {
		switch {
		case e.letter != nil:
			letters = append(letters, e.letter)
		case e.record.value != nil:
			records = append(records, e.record)
		}
	}
	refused, err := p.write(ctx, records)
	if err != nil {
		return err
	}
	for _, i := range refused {
		letters = append(letters, tooLargeLetter(records[i]))
	}
	return writeLetters(ctx, p, letters, c.cfg.Log)
}

// refusedLetter is for an event that a source should not have emitted.
func refusedLetter(e *entry, err error) *Letter {
	l := &Letter{At: time.Now().UTC(), Stage: StageCollect, Reason: err.Error(), Class: class(err), Source: e.source}
	l.keep(encodeAnyway(e.event))
	return l
}

func tooLargeLetter(r record) *Letter {
	l := &Letter{
		At: time.Now().UTC(), Stage: StageCollect, Class: "size",
		Reason: fmt.Sprintf("the broker refuses %d bytes: raise its message.max.bytes above %d", len(r.value), MaxEventBytes),
	}
	l.keep(r.value)
	return l
}

// sourceCounters are the counters of one source, looked up once.
type sourceCounters struct {
	source     string
	seen, kept *metrics.Counter
	mu         sync.Mutex
	dropped    map[string]*metrics.Counter
}

func newSourceCounters(source string) *sourceCounters {
	return &sourceCounters{
		source:  source,
		seen:    metrics.GetOrCreateCounter(fmt.Sprintf(`hugops_collect_seen_total{source=%q}`, source)),
		kept:    metrics.GetOrCreateCounter(fmt.Sprintf(`hugops_collect_kept_total{source=%q}`, source)),
		dropped: make(map[string]*metrics.Counter),
	}
}

func (n *sourceCounters) drop(reason string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.dropped[reason]
	if c == nil {
		c = metrics.GetOrCreateCounter(fmt.Sprintf(`hugops_collect_dropped_total{source=%q,reason=%q}`, n.source, reason))
		n.dropped[reason] = c
	}
	c.Inc()
}
