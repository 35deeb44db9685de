package statusfeed

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestGone: what it means that an incident is no longer in its feed.
func TestGone(t *testing.T) {
	const maintenances = "bee.example/api/v2/scheduled-maintenances.json"
	full := beePage("e+", "d", "c", "b", "a+")
	cases := []struct {
		name  string
		then  string // the answer after half an hour
		after time.Duration
		want  string // of each outage: o(pen), c(losed), capital when it is withdrawn
	}{
		{"all are listed", full, 2 * time.Hour, "a:o b:c c:c d:c e:o"},
		{"the newest is withdrawn", beePage("d", "c", "b", "a+"), 40 * time.Minute, "a:o b:c c:c d:c e:C"},
		{"for a moment only: nothing yet", beePage("d", "c", "b", "a+"), 8 * time.Minute, "a:o b:c c:c d:c e:o"},
		{"a closed one is withdrawn", beePage("e+", "c", "b", "a+"), 2 * time.Hour, "a:o b:c c:c d:C e:o"},
		{"the oldest have fallen off the end", beePage("e+", "d", "c"), 2 * time.Hour, "a:o b:c c:c d:c e:o"},
		{"… and what stayed open ends after a day", beePage("e+", "d", "c"), 26 * time.Hour, "a:c b:c c:c d:c e:o"},
		{"an error page says nothing", "<html>", 5 * time.Hour, "a:o b:c c:c d:c e:o"},
		{"nor does an answer with a bad incident", strings.Replace(beePage("x", "d", "c", "b", "a+"), `"id":"x",`, "", 1), 5 * time.Hour, "a:o b:c c:c d:c e:o"},
		{"an empty list withdraws what is open", beePage(), time.Hour, "a:C b:c c:c d:c e:C"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := &world{bodies: map[string]string{beeFeed: full, maintenances: beePage()}}
			r := &registry{}
			inWorld(t, w, r, bee, func() {
				time.Sleep(30 * time.Minute)
				w.set(beeFeed, c.then)
				time.Sleep(c.after)
				if got := r.states(); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
				w.set(beeFeed, full)
				time.Sleep(40 * time.Minute)
				if got := r.states(); got != "a:o b:c c:c d:c e:o" {
					t.Errorf("listed again: %s", got)
				}
			})
		})
	}
}

// states is each outage of bee's with its state.
func (r *registry) states() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for id, o := range r.outages {
		state := "o"
		if !o.EndedAt.IsZero() {
			state = "c"
		}
		if !o.WithdrawnAt.IsZero() {
			state = strings.ToUpper(state)
		}
		all = append(all, strings.TrimPrefix(id, "bee-")+":"+state)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// TestOngoingOnly: in a feed that lists only what goes on, what is gone is over
// since it was listed last, and a planned maintenance that is gone was withdrawn.
func TestOngoingOnly(t *testing.T) {
	const summary = "bee.example/summary.json"
	const quiet = `{"page":{"name":"Bee","url":"https://bee.example","status":"UP"}}`
	w := &world{bodies: map[string]string{summary: `{"page":{"name":"Bee","url":"https://bee.example","status":"HASISSUES"},
		"activeIncidents":[{"id":"i","name":"Down","started":"2009-12-29T00:00:00Z","status":"INVESTIGATING","impact":"MAJOROUTAGE"}],
		"activeMaintenances":[{"id":"m","name":"Move","start":"2011-01-01T00:00:00Z","status":"NOTSTARTEDYET","duration":"60"}]}`}}
	r := &registry{}
	inWorld(t, w, r, []Page{{Service: "bee", Name: "Bee", URL: "https://bee.example", Kind: "instatus"}}, func() {
		time.Sleep(30 * time.Minute)
		w.set(summary, quiet)
		last := time.Now()
		time.Sleep(20 * time.Minute)
		if got := r.states(); got != "i:c m:C" {
			t.Errorf("got %s", got)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if end := r.outages["bee-i"].EndedAt; end.After(last) || last.Sub(end) > 2*time.Minute {
			t.Errorf("it ended at %v, and was listed until %v", end, last)
		}
	})
}

// TestRestart: a watcher that begins anew knows what it had seen before, and
// concludes nothing of what came out of a file.
func TestRestart(t *testing.T) {
	w := &world{bodies: map[string]string{beeFeed: beePage("c+", "b", "a")}}
	r := &registry{}
	inWorld(t, w, r, bee, func() { time.Sleep(10 * time.Minute) })
	w.set(beeFeed, beePage("b", "a"))
	r.outages["bee-file"] = hugops.Outage{ID: "bee-file", Service: "bee", Feed: "status:bee", StartedAt: time.Date(2009, 12, 28, 9, 0, 0, 0, time.UTC), Source: "file"}
	inWorld(t, w, r, bee, func() { time.Sleep(40 * time.Minute) })
	if got := r.states(); got != "a:c b:c c:C file:o" {
		t.Errorf("got %s", got)
	}
}

// TestOldAnswer: an answer older than the one before, out of another cache, does
// not open again what is over, unless it stays.
func TestOldAnswer(t *testing.T) {
	at := func(minute, status string) string {
		return `{"page":{"id":"p","updated_at":"2009-12-28T12:` + minute + `:00Z"},"incidents":[{"id":"a","name":"a","created_at":"2009-12-28T11:00:00Z",` + status + `}]}`
	}
	w := &world{bodies: map[string]string{beeFeed: at("30", `"status":"resolved","resolved_at":"2009-12-28T12:30:00Z"`)}}
	r := &registry{}
	inWorld(t, w, r, bee, func() {
		time.Sleep(6 * time.Minute)
		w.set(beeFeed, at("10", `"status":"investigating"`))
		time.Sleep(50 * time.Minute)
		if got := r.states(); got != "a:c" {
			t.Errorf("got %s", got)
		}
		r.mu.Lock()
		if last := r.rows[len(r.rows)-1]; last.State != hugops.CoverageStalled {
			t.Errorf("the ledger says %s", last.State)
		}
		r.mu.Unlock()
		time.Sleep(time.Hour)
		if got := r.states(); got != "a:o" {
			t.Errorf("after two hours: %s", got)
		}
	})
}

// TestPieced: an event of AWS's RSS stays one, with all its notices, while its
// items leave the feed, also across a restart.
func TestPieced(t *testing.T) {
	const feed = "status.aws.amazon.com/rss/all.rss"
	whole := string(readFile(t, "aws.rss"))
	rest := whole[:strings.LastIndex(whole[:strings.Index(whole, "directconnect-eu-north-9_1762092000")], "<item>")] + "</channel></rss>"
	w := &world{bodies: map[string]string{feed: whole}}
	r := &registry{}
	pages := []Page{{Service: "aws", Name: "AWS", URL: "https://" + feed, Kind: "aws"}}
	inWorld(t, w, r, pages, func() { time.Sleep(10 * time.Minute) })
	before := len(r.outages)
	w.set(feed, rest)
	inWorld(t, w, r, pages, func() { time.Sleep(10 * time.Minute) })
	const id = "aws-directconnect-eu-north-9_1762092000"
	if o := r.outages[id]; len(r.outages) != before || before != 5 || len(o.Updates) != 3 || o.StartedAt.Unix() != 1762092000 {
		t.Errorf("%d outages, then %d; %+v", before, len(r.outages), o)
	}
}
