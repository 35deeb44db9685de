package x

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// clock is the time that a budget goes by.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func testBudget(t *testing.T, day, month float64, at *clock, file string) *budget {
	t.Helper()
	b, err := newBudget(Config{BudgetDay: day, BudgetMonth: month, Prices: DefaultPrices})
	if err != nil {
		t.Fatal(err)
	}
	b.now = at.now
	b.open(file, slog.New(slog.DiscardHandler))
	return b
}

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// TestBudget lists what is spent and when, what is left then, and until when
// nothing may be bought.
func TestBudget(t *testing.T) {
	at := func(s string) time.Time { x, _ := time.Parse(time.RFC3339, s); return x }
	cases := []struct {
		name       string
		day, month float64
		spend      map[string]float64
		now        string
		left       string
		until      string
	}{
		{"nothing", 10, 0, nil, "2026-11-29T12:00:00Z", "$9.50", ""},
		{"some", 10, 0, map[string]float64{"2026-11-29T11:00:00Z": 4}, "2026-11-29T12:00:00Z", "$5.50", ""},
		{"yesterday does not count", 10, 0, map[string]float64{"2026-11-28T23:59:59Z": 4}, "2026-11-29T00:00:00Z", "$9.50", ""},
		{"the day is spent, but for the margin", 10, 0, map[string]float64{"2026-11-29T11:00:00Z": 9.49}, "2026-11-29T12:00:00Z", "$0.01", "2026-11-30T00:00:00Z"},
		{"the month is spent", 10, 20, map[string]float64{"2026-11-27T11:00:00Z": 9, "2026-11-28T11:00:00Z": 9.5, "2026-11-29T11:00:00Z": 0.5}, "2026-11-29T12:00:00Z", "$0.00", "2026-12-01T00:00:00Z"},
		{"a new month", 10, 20, map[string]float64{"2026-11-29T11:00:00Z": 9, "2026-11-30T11:00:00Z": 9}, "2026-12-01T00:00:00Z", "$9.50", ""},
		{"a month alone", 0, 20, map[string]float64{"2026-11-01T00:00:00Z": 18}, "2026-11-29T12:00:00Z", "$1.00", ""},
		{"more than there is", 10, 0, map[string]float64{"2026-11-29T11:00:00Z": 11}, "2026-11-29T12:00:00Z", "$0.00", "2026-11-30T00:00:00Z"},
	}
	for _, c := range cases {
		clk := &clock{}
		clk.set(at("2026-11-01T00:00:00Z"))
		b := testBudget(t, c.day, c.month, clk, "")
		for _, when := range []string{"2026-11-01T00:00:00Z", "2026-11-27T11:00:00Z", "2026-11-28T11:00:00Z", "2026-11-28T23:59:59Z", "2026-11-29T11:00:00Z", "2026-11-30T11:00:00Z"} {
			if amount, ok := c.spend[when]; ok {
				clk.set(at(when))
				if err := b.pay(dollars(amount)); err != nil {
					t.Fatal(err)
				}
			}
		}
		clk.set(at(c.now))
		until := ""
		if renews, closed := b.closed(); closed {
			until = renews.Format(time.RFC3339)
		}
		if left := b.left().String(); left != c.left || until != c.until {
			t.Errorf("%s: %s left, closed until %q; want %s, %q", c.name, left, until, c.left, c.until)
		}
	}
}

func TestBudgetConfig(t *testing.T) {
	for _, c := range []struct {
		day, month, post, user float64
		want                   string
	}{
		{0, 0, 0.005, 0, "say how many dollars"},
		{-1, 5, 0.005, 0, "not negative"},
		{5, 0, 0, 0, "has a price"},
		{0.1, 0, 0.005, 0.010, "does not buy 20 posts"},
	} {
		_, err := newBudget(Config{BudgetDay: c.day, BudgetMonth: c.month, Prices: Prices{c.post, c.user}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c, err, c.want)
		}
	}
}

// TestSpendingSurvives: after a kill at any moment the file says at least what was
// spent, and not much more; after an orderly end it says exactly that.
func TestSpendingSurvives(t *testing.T) {
	t.Parallel()
	clk := &clock{at: noon}
	file := filepath.Join(t.TempDir(), "x-budget.json")
	b := testBudget(t, 10, 0, clk, file)
	spent := money(0)
	for i := range 400 {
		if err := b.pay(b.item()); err != nil {
			t.Fatal(err)
		}
		spent += b.item()
		killed := testBudget(t, 10, 0, clk, "")
		copied := filepath.Join(t.TempDir(), "copy.json")
		raw, _ := os.ReadFile(file)
		os.WriteFile(copied, raw, 0o600)
		killed.open(copied, slog.New(slog.DiscardHandler))
		if day, _ := killed.said(); day < spent || day > spent+dollars(0.2) {
			t.Fatalf("after %d posts %v are spent, and after a kill it says %v", i+1, spent, day)
		}
	}
	if err := b.settle(); err != nil {
		t.Fatal(err)
	}
	if day, month := testBudget(t, 10, 0, clk, file).said(); day != spent || month != spent {
		t.Errorf("%v were spent, and it says %v and %v", spent, day, month)
	}
}

// TestDamagedBudget: where nobody knows what was spent, nothing more is.
func TestDamagedBudget(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x-budget.json")
	os.WriteFile(file, []byte("{"), 0o600)
	for _, caps := range [][2]float64{{10, 0}, {0, 10}, {10, 100}} {
		b := testBudget(t, caps[0], caps[1], &clock{at: noon}, file)
		if _, closed := b.closed(); !closed {
			t.Errorf("%v: more may be bought", caps)
		}
		os.WriteFile(file, []byte("{"), 0o600)
	}
}

// TestUnwritableBudget: what cannot be written down is not bought.
func TestUnwritableBudget(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := newFake(t)
	cfg := config(f, &board{})
	cfg.StateDir = dir
	r := startWith(t, f, cfg, func(s *Source) {
		os.MkdirAll(filepath.Join(dir, "x-budget.json"), 0o700) // a folder where the file is to be
	})
	f.add(keyHugops, "one")
	r.says("nothing more is bought")
}

// TestBudgetStops: before the cap the stream is closed, the ledger says why, and no
// search makes up for it; on the next day it goes on.
func TestBudgetStops(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	clk := &clock{at: noon}
	cfg := config(f, &board{})
	cfg.BudgetDay, cfg.StateDir = 0.6, t.TempDir() // 40 posts, less the margin
	r := startWith(t, f, cfg, func(s *Source) {
		s.budget.now, s.overlap = clk.now, patience // a busy machine opens the stream late, which is no gap here
	})
	r.says("the stream is open")
	for i := range 60 {
		f.add(keyHugops, fmt.Sprint(i))
	}
	r.says("the budget for X is spent")
	r.is(hugops.CoverageBudget)
	day, _ := r.budget.said()
	if day > dollars(0.6) || day < dollars(0.5) {
		t.Errorf("%v of $0.60 were spent", day)
	}
	time.Sleep(50 * time.Millisecond)
	if n := len(f.requests("GET", streamPath)); n != 1 {
		t.Errorf("%d connections", n)
	}
	r.early = nil
	clk.set(noon.Add(12 * time.Hour))
	r.is(hugops.CoverageLive)
	f.add(keyHugops, "next day")
	r.wants("created next day")
	time.Sleep(100 * time.Millisecond) // longer than a gap waits
	if n := len(f.requests("GET", "/2/tweets/search/recent")); n != 0 {
		t.Errorf("%d searches", n)
	}
	learnt := r.Amend()
	if len(learnt) != 2 || learnt[1].To.Sub(learnt[1].From) < 50*time.Millisecond {
		t.Errorf("learnt %v", learnt)
	}
	for _, a := range learnt {
		if a.State != hugops.CoverageBudget {
			t.Errorf("learnt %v", a)
		}
	}
	if len(f.rules) != 1 {
		t.Errorf("the rules were removed")
	}
}

// TestLookBackWithinBudget: a look-back takes half of what is left, the newest
// posts first, and the ledger says that it is a part.
func TestLookBackWithinBudget(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for i := range 300 {
		f.addAt(keyGithub, fmt.Sprint(i), time.Now().Add(-time.Duration(300-i)*time.Second))
	}
	cfg := config(f, &board{})
	cfg.BudgetDay = 3
	r := startWith(t, f, cfg, nil, outage("g-1", "github", 10*time.Minute))
	r.wants("created 299")
	r.says("read in part")
	if a := r.learns(); a.State != hugops.CoverageSample {
		t.Errorf("learnt %+v", a)
	}
	if day, _ := r.budget.said(); day > dollars(1.6) || day < dollars(1) {
		t.Errorf("spent %v of $3", day)
	}
}

// TestSearchesShare: however many outages are looked back for, and however often,
// searches take half of a day's budget at most.
func TestSearchesShare(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var known []hugops.Outage
	for i := range 8 {
		service := fmt.Sprintf("service%d", i)
		known = append(known, outage(service, service, 10*time.Minute))
		for j := range 60 {
			f.addAt(fmt.Sprintf("%q", service), fmt.Sprint(i, j), time.Now().Add(-time.Duration(j)*time.Second))
		}
	}
	cfg := config(f, &board{})
	cfg.BudgetDay = 4
	r := startWith(t, f, cfg, nil, known...)
	r.until("all were looked back for", func() bool {
		return strings.Count(r.log.String(), "what the stream of X has missed") == 8
	})
	if day, _ := r.budget.said(); day > dollars(2.2) || day < dollars(1.5) { // with the requests for counts
		t.Errorf("spent %v of $4", day)
	}
}

// TestSampleFor lists forecasts and what is left, and the percentage that keeps one
// within the other.
func TestSampleFor(t *testing.T) {
	for _, c := range []struct {
		forecast, left float64
		now, want      int
	}{
		{1, 10, 100, 100},
		{10, 10, 100, 100},
		{11, 10, 100, 50},
		{21, 10, 100, 25},
		{900, 10, 100, 1},
		{5000, 10, 100, 1}, // one in a hundred, and the cap ends it
		{15, 10, 50, 50},   // all would be too much
		{8, 10, 50, 50},    // all would do, but only just
		{6, 10, 50, 100},   // there is room
		{0, 0, 25, 100},    // nothing comes
		{12, 10, 25, 50},   // a step up
		{10, 0, 100, 1},
	} {
		if got := sampleFor(dollars(c.forecast), dollars(c.left), c.now); got != c.want {
			t.Errorf("$%v of $%v at %d %%: %d, want %d", c.forecast, c.left, c.now, got, c.want)
		}
	}
}

// TestSampling: an outage of which X counts many posts is read in part from the
// beginning, #hugops is not, and the ledger says so.
func TestSampling(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.counts = 15 * 60 // one a second
	cfg := config(f, &board{})
	cfg.BudgetDay = 4000
	cfg.Prices = Prices{Post: 1}
	r := startWith(t, f, cfg, func(s *Source) { s.budget.now = func() time.Time { return noon } }, outage("g-1", "github", time.Minute))
	r.is(hugops.CoverageSample)
	for _, rule := range f.rules {
		if sampled := strings.Contains(rule.Value, " sample:"); sampled != (rule.Tag == "hugops:github") {
			t.Errorf("the rule %s has the tag %s", rule.Value, rule.Tag)
		}
	}
	f.add(keyGithub, "one of many")
	r.wants("created one of many")
	f.kick() // the gap is read as a whole, but not the rest of its minute
	if a := r.learns(); a.State != hugops.CoverageSample {
		t.Errorf("learnt %v", a)
	}
}

// TestRates: a rate is what X has counted, and soon what comes.
func TestRates(t *testing.T) {
	var r rates
	at := noon
	r.begin("github", 40, at)
	if got := r.perMinute("github", at); got != 40 {
		t.Errorf("at first %v", got)
	}
	for range 600 { // ten minutes, each post standing for two
		at = at.Add(time.Second)
		r.count("github", 2, at)
	}
	if got := r.perMinute("github", at); got < 110 || got > 130 {
		t.Errorf("after ten minutes %v", got)
	}
	if got := r.perMinute("github", at.Add(time.Hour)); got != 0 {
		t.Errorf("an hour later %v", got)
	}
}

// TestRemaining: how long an outage is expected to be read.
func TestRemaining(t *testing.T) {
	open := func(start, end time.Duration) *subject {
		o := hugops.Outage{StartedAt: noon.Add(start)}
		if end != 0 {
			o.EndedAt = noon.Add(end)
		}
		return &subject{outages: []hugops.Outage{o}}
	}
	for _, c := range []struct {
		name string
		s    *subject
		want time.Duration
	}{
		{"#hugops: the rest of the day", &subject{}, 12 * time.Hour},
		{"just opened: an hour, and the reach", open(-time.Minute, 0), 7 * time.Hour},
		{"as long again as it has lasted, and the reach", open(-3*time.Hour, 0), 9 * time.Hour},
		{"not beyond the day", open(-10*time.Hour, 0), 12 * time.Hour},
		{"ended: the rest of the reach", open(-3*time.Hour, -2*time.Hour), 4 * time.Hour},
	} {
		if got := c.s.remaining(noon, hugops.ReachAfter); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
