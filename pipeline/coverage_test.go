package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// stated is a source that says how well it sees.
type stated struct {
	source
	state hugops.CoverageState
}

func (s *stated) State() hugops.CoverageState { return s.state }

// show writes rows as lines: source, minute, state, seen/kept.
func show(rows []hugops.Coverage) []string {
	var lines []string
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("%s %s %s %s %d/%d", r.Source, r.Network, r.At.Format("02 15:04"), r.State, r.Seen, r.Kept))
	}
	slices.Sort(lines)
	return lines
}

func at(clock string) time.Time {
	t, err := time.Parse("15:04:05", clock)
	if err != nil {
		panic(err)
	}
	return noon.Add(t.Sub(t.Truncate(24*time.Hour)) - 12*time.Hour)
}

func TestLiveCoverage(t *testing.T) {
	s := &stated{source: source{name: "bluesky:jetstream"}, state: hugops.CoverageLive}
	tally := newTally(s, at("12:00:10"))
	post := created(1).Post
	steps := []struct {
		now   string
		state hugops.CoverageState
		posts int // seen since the step before; the first of them is kept
		want  []string
	}{
		{"12:00:30", "live", 3, nil},
		{"12:01:00", "live", 0, []string{"bluesky:jetstream bluesky 02 12:00 live 3/1"}},
		{"12:01:20", "gap", 0, nil}, // disconnected for a moment
		{"12:01:40", "live", 1, nil},
		{"12:02:00", "live", 0, []string{"bluesky:jetstream bluesky 02 12:01 gap 1/1"}},
		{"12:03:00", "sample", 0, []string{"bluesky:jetstream bluesky 02 12:02 live 0/0"}}, // quiet, but there
		{"12:06:00", "live", 0, []string{ // the machine slept
			"bluesky:jetstream bluesky 02 12:03 sample 0/0",
			"bluesky:jetstream bluesky 02 12:04 gap 0/0",
			"bluesky:jetstream bluesky 02 12:05 gap 0/0",
		}},
	}
	for _, step := range steps {
		s.state = step.state
		for i := range step.posts {
			tally.count(post, i == 0)
		}
		equalSlices(t, step.now, show(tally.due(at(step.now), false)), step.want)
	}
	tally.count(post, true)
	equalSlices(t, "at the end", show(tally.due(at("12:06:30"), true)), []string{"bluesky:jetstream bluesky 02 12:06 live 1/1"})
}

func TestCoverageOfASourceThatEnded(t *testing.T) {
	gaveUp := newTally(source{name: "x:filtered"}, at("12:00:10"))
	gaveUp.due(at("12:00:20"), false)
	gaveUp.fail()
	equalSlices(t, "gave up", show(append(gaveUp.due(at("12:01:00"), false), gaveUp.due(at("12:02:00"), false)...)), []string{
		"x:filtered x 02 12:00 live 0/0", // until then
		"x:filtered x 02 12:01 gap 0/0",
	})

	done := newTally(source{name: "mastodon:archive"}, at("12:00:10"))
	done.count(&hugops.Post{Network: hugops.Mastodon}, true)
	done.finish()
	equalSlices(t, "came to its end", show(append(done.due(at("12:01:00"), false), done.due(at("12:02:00"), false)...)), []string{
		"mastodon:archive mastodon 02 12:00 live 1/1",
	})
}

// A replay is covered by the minutes of its posts, cumulative, also when they
// come out of order.
func TestReplayCoverage(t *testing.T) {
	tally := newTally(source{name: "replay:demo.ndjson"}, at("20:00:00"))
	post := func(network hugops.Network, clock string) *hugops.Post {
		return &hugops.Post{Network: network, PostedAt: at(clock)}
	}
	tally.count(post(hugops.Bluesky, "12:00:01"), true)
	tally.count(post(hugops.Mastodon, "12:00:59"), true)
	tally.count(post(hugops.Bluesky, "12:01:00"), false)
	equalSlices(t, "too early", show(tally.due(at("20:00:04"), false)), nil)
	equalSlices(t, "first rows", show(tally.due(at("20:00:05"), false)), []string{
		"replay:demo.ndjson bluesky 02 12:00 replay 1/1",
		"replay:demo.ndjson bluesky 02 12:01 replay 1/0",
		"replay:demo.ndjson mastodon 02 12:00 replay 1/1",
	})
	tally.count(post(hugops.Bluesky, "12:00:30"), true)
	equalSlices(t, "at the end", show(tally.due(at("20:00:06"), true)), []string{
		"replay:demo.ndjson bluesky 02 12:00 replay 2/2",
	})
	equalSlices(t, "nothing new", show(tally.due(at("21:00:00"), true)), nil)
}

// rowsSink keeps rows; it fails as often as told.
type rowsSink struct {
	failures int
	rows     []hugops.Coverage
}

func (s *rowsSink) PutCoverage(_ context.Context, rows []hugops.Coverage) error {
	if s.failures--; s.failures >= 0 {
		return errors.New("the database is away")
	}
	s.rows = append(s.rows, rows...)
	return nil
}

func TestCoverageIsKeptWhileTheSinkFails(t *testing.T) {
	sink := &rowsSink{failures: 1}
	c := newCoverage(sink, testLog(t))
	start := time.Now().UTC().Truncate(time.Minute)
	tally := c.open(source{name: "x:filtered"})
	tally.minute = start
	c.flush(t.Context(), start.Add(time.Minute), false)
	equal(t, "rows while the sink fails", len(sink.rows), 0)
	c.flush(t.Context(), start.Add(2*time.Minute), false)
	equal(t, "rows when it is back", len(sink.rows), 2)
}

func TestCollectorWritesCoverage(t *testing.T) {
	brokers := startBroker(t)
	sink := &rowsSink{}
	onlyEven := relevanceFunc(func(p *hugops.Post) string {
		if p.PostedAt.Second()%2 == 1 {
			return "odd"
		}
		return ""
	})
	c := NewCollector(CollectorConfig{
		Brokers: brokers, Relevance: onlyEven, Coverage: sink, Log: testLog(t),
		Sources: []Source{emitAll("replay:test", items(append(createdEvents(90), deletedEvent(1))...)...)},
	})
	run(t, c.Run).wait(t)
	equalSlices(t, "rows", show(sink.rows), []string{
		"replay:test bluesky 02 12:00 replay 60/30",
		"replay:test bluesky 02 12:01 replay 30/15",
	})
}
