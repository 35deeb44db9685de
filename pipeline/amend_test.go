package pipeline

import (
	"slices"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
)

// amending is a source that learns how it saw minutes that are past.
type amending struct {
	stated
	learnt []Amendment
}

func (s *amending) Amend() []Amendment {
	learnt := s.learnt
	s.learnt = nil
	return learnt
}

// TestAmendments: minutes without a connection, what a cursor brought of them
// afterwards, and what was lost for good.
func TestAmendments(t *testing.T) {
	s := &amending{stated: stated{source: source{name: "bluesky:jetstream"}, state: hugops.CoverageLive}}
	tally := newTally(s, at("12:00:10"))
	steps := []struct {
		now    string
		state  hugops.CoverageState
		posts  int
		learnt []Amendment
		want   []string
	}{
		{"12:00:50", "gap", 3, nil, nil},
		{"12:01:00", "gap", 0, nil, []string{"bluesky:jetstream bluesky 02 12:00 gap 3/3"}},
		{"12:02:00", "gap", 0, nil, []string{"bluesky:jetstream bluesky 02 12:01 gap 0/0"}},
		{"12:02:20", "live", 9, []Amendment{{at("12:00:50"), at("12:02:20"), "replay"}}, []string{
			"bluesky:jetstream bluesky 02 12:00 replay 3/3", // its counts stay
			"bluesky:jetstream bluesky 02 12:01 replay 0/0",
		}},
		{"12:03:00", "live", 0, nil, []string{"bluesky:jetstream bluesky 02 12:02 replay 9/9"}},
		{"12:03:10", "live", 0, []Amendment{ // of two words the worse, and the earlier one stays
			{at("12:01:10"), at("12:01:30"), "clamped"}, {at("12:01:30"), at("12:03:05"), "live"},
		}, []string{
			"bluesky:jetstream bluesky 02 12:01 clamped 0/0",
			"bluesky:jetstream bluesky 02 12:01 clamped 0/0",
			"bluesky:jetstream bluesky 02 12:02 replay 9/9",
		}},
		{"12:03:20", "live", 0, []Amendment{ // from before this process: the minute in which it began was counted then
			{at("11:57:30"), at("12:00:00"), "clamped"},
		}, []string{
			"bluesky:jetstream bluesky 02 11:58 clamped 0/0",
			"bluesky:jetstream bluesky 02 11:59 clamped 0/0",
		}},
	}
	for _, step := range steps {
		s.state, s.learnt = step.state, step.learnt
		for range step.posts {
			tally.count(created(1).Post, true)
		}
		equalSlices(t, step.now, show(tally.due(at(step.now), false)), step.want)
	}
	tally.withhold()
	rows := tally.due(at("12:03:30"), true)
	equalSlices(t, "at the end", show(rows), []string{"bluesky:jetstream bluesky 02 12:03 live 0/0"})
	equal(t, "withheld", rows[0].Withheld, 1)
}

// TestAmendmentsAreBounded: a source that was away for a year amends a week.
func TestAmendmentsAreBounded(t *testing.T) {
	s := &amending{stated: stated{source: source{name: "bluesky:jetstream"}, state: hugops.CoverageLive}}
	tally := newTally(s, at("12:00:10"))
	s.learnt = []Amendment{{at("12:00:00").AddDate(-1, 0, 0), at("12:00:00"), "clamped"}}
	equal(t, "rows", len(tally.due(at("12:00:20"), false)), 7*24*60)
}

func TestStateGauge(t *testing.T) {
	c := newCoverage(&rowsSink{}, testLog(t))
	c.open(&stated{source: source{name: "bluesky:gauge"}, state: hugops.CoverageStalled})
	c.flush(t.Context(), time.Now(), false)
	for _, state := range hugops.CoverageStates {
		want := 0.0
		if state == hugops.CoverageStalled {
			want = 1
		}
		equal(t, string(state), metrics.GetOrCreateGauge(`hugops_source_state{source="bluesky:gauge",state="`+string(state)+`"}`, nil).Get(), want)
	}
}

func TestLastWords(t *testing.T) {
	row := func(source, minute string, state hugops.CoverageState) hugops.Coverage {
		return hugops.Coverage{Source: source, Network: hugops.Bluesky, At: at(minute), State: state}
	}
	got := lastWords([]hugops.Coverage{row("a", "12:00:00", "gap"), row("b", "12:00:00", "gap"), row("a", "12:01:00", "gap"), row("a", "12:00:00", "live")})
	want := []hugops.Coverage{row("b", "12:00:00", "gap"), row("a", "12:01:00", "gap"), row("a", "12:00:00", "live")}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", show(got))
	}
}
