package x

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

// Config says with which rights, and for how much money, X is read.
type Config struct {
	// Token is the app's Bearer Token. The app must be hugops' own: rules of the
	// filtered stream that others have put there are removed.
	Token string
	// BaseURL is where the API is; "" means X itself.
	BaseURL string
	// BudgetDay and BudgetMonth are what may be spent in a day and in a month
	// (UTC), in dollars; 0 means no such limit, but one of them is needed.
	BudgetDay, BudgetMonth float64
	Prices                 Prices // such as DefaultPrices
	// Outages returns the outages known now, Terms what the service of one is
	// called.
	Outages func(context.Context) ([]hugops.Outage, error)
	Terms   func(hugops.Outage) Terms
	// StateDir is the folder of the lease on the connection, of what was spent, of
	// how far the stream has come and of the numbers of the posts delivered; ""
	// remembers them while the process lasts.
	StateDir string
	Door     pipeline.Door
	Log      *slog.Logger
}

// Source is the filtered stream of X about the outages open now. It writes the
// stream's rules, reads it over one connection, fills its gaps by searches, and
// stops before the budget is spent.
type Source struct {
	cfg    Config
	api    *api
	budget *budget
	limits limits

	silence  time.Duration // longest time without a byte; X sends one each 20 s
	quiet    time.Duration // after so long without a byte the stream counts as stalled
	waited   time.Duration // a read that took so long found nothing ready
	save     time.Duration // the position is written that often at most
	settle   time.Duration // until X can be searched for what just came
	overlap  time.Duration // by which a search reaches beyond a gap
	tick     time.Duration // outages and rules are looked at that often
	effect   time.Duration // until a new rule works
	pauses   pauses
	connects throttle
	jobs     jobTimes

	sight  live.Sight
	loop   *live.Loop
	view   view
	rates  rates
	plan   planner
	holes  holes
	ids    *ids
	cursor *live.Cursor[position]
	began  time.Time // of Run

	emitting sync.Mutex // the stream, the searches and the deletions take turns
	emit     pipeline.Emit

	// of the running connection's goroutine
	refused int  // times in a row that X did not take the token
	given   bool // what was until now is given up: there was no budget

	heard moment // up to when all is read
}

// moment is a time that one goroutine sets and others read.
type moment struct{ at atomic.Pointer[time.Time] }

func (m *moment) set(t time.Time) { m.at.Store(&t) }

func (m *moment) get() time.Time {
	if t := m.at.Load(); t != nil {
		return *t
	}
	return time.Time{}
}

// position is how far the stream was read without a gap.
type position struct {
	At time.Time `json:"at"`
}

var errLeased = errors.New("another process has the lease on the connection to X")

// New returns the source; it touches nothing before Run. Its error is about the
// configuration.
func New(cfg Config) (*Source, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Source{cfg: cfg, limits: payPerUse, silence: 45 * time.Second, quiet: 25 * time.Second,
		waited: 100 * time.Millisecond, save: 2 * time.Second, settle: 30 * time.Second, overlap: 10 * time.Second, tick: outagesEvery, effect: takesEffect,
		pauses: documented, jobs: defaultJobs,
		connects: throttle{most: 45, window: rateWindow}} // X: 50
	s.cfg.Log = cfg.Log.With("source", s.Name())
	s.view.sight = &s.sight
	s.holes.wake = make(chan struct{}, 1)
	s.loop = &live.Loop{Source: s.Name(), Log: s.cfg.Log, Sight: &s.sight, Backoff: live.NewBackoff(documented.network)}
	err := checkToken(cfg.Token)
	if err == nil {
		s.api, err = newAPI(cfg.BaseURL, cfg.Token)
	}
	if err == nil {
		s.budget, err = newBudget(s.cfg)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Name is "x:stream".
func (s *Source) Name() string { return "x:stream" }

// State implements pipeline.Stater.
func (s *Source) State() hugops.CoverageState { return s.sight.State() }

// Amend implements pipeline.Amender.
func (s *Source) Amend() []pipeline.Amendment { return s.sight.Amend() }

// Run reads X until ctx is done, or until X refuses the token for good.
func (s *Source) Run(ctx context.Context, emit pipeline.Emit) error {
	lease, err := s.lease(ctx)
	if err != nil {
		return err
	}
	defer lease.Close()
	s.emit, s.began = emit, time.Now()
	s.open()
	defer s.close()
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { s.followOutages(ctx) })
	beside.Go(func() { s.fillHoles(ctx) })
	beside.Go(func() { s.comply(ctx) })
	defer beside.Wait()
	defer cancel()
	return s.loop.Run(ctx, s.session)
}

// lease waits until this process may have the connection.
func (s *Source) lease(ctx context.Context) (*os.File, error) {
	if s.cfg.StateDir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(s.cfg.StateDir, 0o700); err != nil {
		return nil, err
	}
	for said := false; ; said = true {
		f, err := takeLease(s.cfg.StateDir)
		if !errors.Is(err, errLeased) {
			return f, err
		}
		if !said {
			s.cfg.Log.Warn("another hugops on this machine reads X; this one takes over when that one ends", "directory", s.cfg.StateDir)
		}
		if err := pipeline.Sleep(ctx, s.tick/10); err != nil {
			return nil, err
		}
	}
}

// open reads what is remembered.
func (s *Source) open() {
	s.loop.Backoff = live.NewBackoff(s.pauses.network)
	s.budget.open(s.file("x-budget.json"), s.cfg.Log)
	s.cursor = live.OpenCursor[position](s.file("x.json"), s.save, s.cfg.Log)
	s.heard.set(s.cursor.Position().At)
	s.ids = &ids{dir: s.file("x-posts"), now: time.Now}
	s.plan.open(s.file("x-services.json"), s.api, s.cfg.Log)
}

func (s *Source) close() {
	s.cursor.Close()
	s.ids.close()
	if err := s.budget.settle(); err != nil {
		s.cfg.Log.Error("the budget", "error", err)
	}
}

func (s *Source) file(name string) string {
	if s.cfg.StateDir == "" {
		return ""
	}
	return filepath.Join(s.cfg.StateDir, name)
}

// position is up to where all is read: up to the oldest gap, if there is one.
func (s *Source) position() position {
	if from := s.holes.oldest(); !from.IsZero() {
		return position{from}
	}
	return position{s.heard.get()}
}

// deliver emits what came of a frame or of a page. The channel is closed when
// Kafka has it; it is nil when nothing was emitted.
func (s *Source) deliver(ctx context.Context, dec wire.Decoded, raw []byte, bad error, at position) (<-chan struct{}, error) {
	if err := s.ids.add(dec.Events); err != nil {
		return nil, err
	}
	wire.CountSkips(s.Name(), dec.Skips)
	var items []pipeline.Item
	for range dec.Withheld() {
		items = append(items, pipeline.Item{Withheld: true})
	}
	for _, event := range dec.Events {
		if event.Post != nil {
			event.Post.Source = s.Name()
		}
		items = append(items, pipeline.Item{Event: event})
	}
	if bad != nil {
		items = append(items, pipeline.Item{Bad: &pipeline.BadInput{
			Raw: append([]byte(nil), raw...), Err: bad, Position: "frame of " + time.Now().UTC().Format(time.RFC3339)}})
	}
	s.emitting.Lock()
	defer s.emitting.Unlock()
	if len(items) == 0 {
		s.cursor.Passed(at)
		return nil, nil
	}
	acked := make(chan struct{})
	ack := s.cursor.Emitted(at)
	items[len(items)-1].Ack = func() { ack(); close(acked) }
	for _, it := range items {
		it.Source = s.Name()
		if err := s.emit(ctx, it); err != nil {
			return nil, err
		}
	}
	return acked, nil
}

// view is how the stream is seen, as a coverage state.
type view struct {
	sight *live.Sight

	mu      sync.Mutex
	state   hugops.CoverageState // live, as far as the connection goes; or worse
	partial bool                 // the rules let a part through
}

func (v *view) set(state hugops.CoverageState) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.state = state
	v.show()
}

func (v *view) setPartial(partial bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.partial != partial {
		v.partial = partial
		v.show()
	}
}

func (v *view) show() {
	state := v.state
	if state == hugops.CoverageLive && v.partial {
		state = hugops.CoverageSample
	}
	if state != "" && state != v.sight.Now() {
		v.sight.Set(state)
	}
}
