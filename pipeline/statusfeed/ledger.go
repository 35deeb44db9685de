package statusfeed

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

// LedgerNetwork stands in the ledger where sources of posts have their network.
const LedgerNetwork hugops.Network = "status"

const (
	ledgerTick = 10 * time.Second
	maxRows    = 10_000 // kept while the sink fails; the oldest go first
)

// ledger writes a row for each round over a page: live (read in full), sample (a
// feed of several, or an incident, could not be read), gap (no answer) or stalled
// (an answer that is no feed, or an old one). A row counts until the next one of
// the page. Seen are the incidents listed, kept those that are new or changed.
type ledger struct {
	sink pipeline.CoverageSink
	log  *slog.Logger

	mu   sync.Mutex
	rows []hugops.Coverage
}

// note takes the outcome of a round.
func (l *ledger) note(p *watch, o outcome, now time.Time) {
	metrics.GetOrCreateCounter(fmt.Sprintf("hugops_statusfeed_polls_total{page=%q,result=%q}", p.page.URL, o.result)).Inc()
	for _, state := range hugops.CoverageStates {
		value := 0.0
		if state == o.state {
			value = 1
		}
		metrics.GetOrCreateGauge(fmt.Sprintf("hugops_source_state{source=%q,state=%q}", p.name, state), nil).Set(value)
	}
	if l.sink == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, hugops.Coverage{Source: p.name, Network: LedgerNetwork, At: now.UTC().Truncate(time.Minute),
		State: o.state, Seen: o.listed, Kept: o.changed})
	l.rows = l.rows[max(0, len(l.rows)-maxRows):]
}

func malformed(source string) {
	metrics.GetOrCreateCounter(fmt.Sprintf("hugops_statusfeed_malformed_total{source=%q}", source)).Inc()
}

// run writes rows now and then, until ctx is done and stop is called, which
// writes what is left.
func (l *ledger) run(ctx context.Context) (stop func()) {
	if l.sink == nil {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for pipeline.Sleep(ctx, ledgerTick) == nil {
			l.flush(ctx)
		}
	}()
	return func() {
		<-done
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		l.flush(last)
	}
}

// flush writes the rows; those that the sink does not take are kept.
func (l *ledger) flush(ctx context.Context) {
	l.mu.Lock()
	rows := l.rows
	l.rows = nil
	l.mu.Unlock()
	if len(rows) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := l.sink.PutCoverage(ctx, rows); err != nil {
		l.log.Warn("the ledger of status pages could not be written, will try again", "rows", len(rows), "error", err)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.rows = append(rows, l.rows...)
		l.rows = l.rows[max(0, len(l.rows)-maxRows):]
	}
}
