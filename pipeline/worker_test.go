package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/broker"
)

func TestFromSourceToSink(t *testing.T) {
	brokers := startBroker(t)
	gone := hugops.Event{Kind: hugops.AuthorGone, At: noon, Network: hugops.Mastodon, Author: "p1-11111111111111111111111111"}
	events := append(createdEvents(3000), edited(7, time.Minute, "resolved, thank you all"), deletedEvent(8), gone)
	collect(t, brokers, nil, emitAll("test:1", items(events...)...))

	sink := &memory{}
	work(t, brokers, sink)
	equal(t, "posts", sink.posts(), 3000)
	for i := range 3000 {
		want := created(i).Post.Text
		if i == 7 {
			want = "resolved, thank you all"
		}
		texts := sink.texts[created(i).Post.ID]
		if len(texts) == 0 || texts[len(texts)-1] != want {
			t.Errorf("post %d arrived as %q, want %q last", i, texts, want)
		}
	}
	deletions := map[hugops.Deletion]int{}
	for _, d := range sink.deletions {
		deletions[d]++
	}
	equal(t, "deletions of post 8", deletions[hugops.Deletion{Network: hugops.Bluesky, ID: created(8).Post.ID}], 1)
	equal(t, "departures", deletions[hugops.Deletion{Network: hugops.Mastodon, Author: gone.Author}], 1)
}

func TestEventsOfOnePostKeepTheirOrder(t *testing.T) {
	brokers := startBroker(t)
	var events []hugops.Event
	for version := range 20 {
		for post := range 50 {
			events = append(events, edited(post, time.Duration(version)*time.Minute, fmt.Sprint(version)))
		}
	}
	collect(t, brokers, nil, emitAll("test:1", items(events...)...))

	seen, partition := map[string]int{}, map[string]int{}
	for _, m := range messages(t, brokers, TopicPosts) {
		e, err := DecodeEvent(m.Value)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "version of "+e.Post.ID, e.Post.Text, fmt.Sprint(seen[e.Post.ID]))
		if seen[e.Post.ID]++; seen[e.Post.ID] > 1 {
			equal(t, "partition of "+e.Post.ID, m.Partition, partition[e.Post.ID])
		}
		partition[e.Post.ID] = m.Partition
	}
	equal(t, "posts", len(seen), 50)
}

// Data first, offset second: while the sink fails nothing is committed, and when
// it is back nothing is missing and nothing came twice.
func TestSinkFailsAndRecovers(t *testing.T) {
	brokers := startBroker(t)
	produce(t, brokers, createdEvents(1000)...)
	var failures atomic.Int64
	sink := &memory{}
	sink.before = func(ctx context.Context, readings []hugops.Reading) error {
		if failures.Add(1) > 5 {
			return nil
		}
		lag, err := Lag(ctx, brokers)
		if err != nil || lag != 1000 {
			t.Errorf("lag %d (%v) while nothing is stored, want 1000", lag, err)
		}
		return errDown
	}
	work(t, brokers, sink)
	equal(t, "posts", sink.posts(), 1000)
	for id, texts := range sink.texts {
		equal(t, "arrivals of "+id, len(texts), 1)
	}
}

// A worker that dies after the sink has the data but before the commit leaves
// the offset where it was: the next one gets the same posts.
func TestCrashBeforeCommit(t *testing.T) {
	brokers := startBroker(t)
	produce(t, brokers, createdEvents(100)...)
	stored := make(chan int, 100)
	crashing := &memory{before: func(ctx context.Context, readings []hugops.Reading) error {
		stored <- len(readings)
		<-ctx.Done() // the answer never comes
		return ctx.Err()
	}}
	w := newTestWorker(t, brokers, crashing)
	w.drain = time.Millisecond
	r := run(t, w.Run)
	if n := <-stored; n == 0 {
		t.Error("an empty batch")
	}
	r.end(t)
	lag, err := Lag(deadline(t), brokers)
	if err != nil || lag != 100 {
		t.Fatalf("lag %d (%v), want 100: nothing may be committed", lag, err)
	}

	sink := &memory{}
	work(t, brokers, sink)
	equal(t, "posts after the crash", sink.posts(), 100)
}

func TestPoison(t *testing.T) {
	good := func(i int) []byte {
		e := created(i)
		raw, err := EncodeEvent(&e)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	event := func(member string) []byte {
		return []byte(strings.Replace(string(good(0)), `"kind":"created"`, member, 1))
	}
	cases := []struct {
		name   string
		raw    []byte
		class  string
		reason string
		base64 bool
	}{
		{name: "empty", raw: []byte{}, class: "json", reason: "EOF"},
		{name: "no JSON", raw: []byte("hello"), class: "json", reason: "invalid character 'h'"},
		{name: "half an event", raw: good(0)[:50], class: "json", reason: "unexpected EOF"},
		{name: "two events", raw: append(good(0), good(1)...), class: "json", reason: "after top-level value"},
		{name: "NUL bytes", raw: make([]byte, 100), class: "json", reason: "invalid character"},
		{name: "invalid UTF-8", raw: bytes.Replace(good(0), []byte("green"), []byte("gr\xff\xfen"), 1), class: "json", reason: "invalid UTF-8", base64: true},
		{name: "nested 10,001 deep", raw: event(`"kind":"created","more":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)), class: "json", reason: "exceeded max depth"},
		{name: "wrong type", raw: event(`"kind":["created"]`), class: "json", reason: "unmarshal JSON"},
		{name: "unknown kind", raw: event(`"kind":"sneezed"`), class: "invalid", reason: `kind "sneezed"`},
		{name: "no kind", raw: []byte(`{}`), class: "invalid", reason: `kind ""`},
		{name: "null", raw: []byte(`null`), class: "invalid", reason: `kind ""`},
		{name: "no author", raw: bytes.Replace(good(0), []byte(`"author"`), []byte(`"auteur"`), 1), class: "invalid", reason: "author is missing"},
		{name: "time out of range", raw: bytes.Replace(good(0), []byte(`"posted_at":"2026`), []byte(`"posted_at":"0026`), 1), class: "invalid", reason: "out of range"},
		{name: "too long", raw: event(`"kind":"created","more":"` + strings.Repeat("x", 900_000) + `"`), class: "size", reason: "too large"},
		{name: "the reader panics", raw: []byte(strings.Replace(string(good(0)), created(0).Post.Text, "panic", 1)), class: "panic", reason: "no reading of this"},
	}

	brokers := startBroker(t)
	var raw [][]byte
	for i, c := range cases {
		raw = append(raw, c.raw, good(1000+i)) // each has a good neighbour
	}
	put(t, brokers, raw...)
	sink := &memory{}
	work(t, brokers, sink)

	equal(t, "neighbours", sink.posts(), len(cases))
	letters := deadLetters(t, brokers)
	if len(letters) != len(cases) {
		t.Fatalf("%d dead letters, want %d, each once", len(letters), len(cases))
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := letters[i]
			equal(t, "class", l.Class, c.class)
			equal(t, "stage", l.Stage, StageWork)
			equal(t, "topic", l.Topic, TopicPosts)
			equal(t, "offset", l.Offset, int64(2*i))
			equal(t, "size", l.Size, len(c.raw))
			if !strings.Contains(l.Reason, c.reason) {
				t.Errorf("reason %q does not say %q", l.Reason, c.reason)
			}
			kept := []byte(l.Raw)
			if c.base64 {
				kept = l.RawBase64
			}
			if want := c.raw[:min(len(c.raw), MaxLetterRaw)]; !bytes.Equal(kept, want) {
				t.Errorf("kept %d bytes that are not the first %d", len(kept), len(want))
			}
		})
	}
}

// When the dead letters cannot be written, the posts beside them wait as well.
func TestOffsetWaitsForDeadLetters(t *testing.T) {
	sink := &memory{}
	w := newTestWorker(t, []string{"127.0.0.1:1"}, sink)
	p := NewProducer(w.cfg.Brokers, w.cfg.Log)
	defer p.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := w.write(ctx, p, &parcel{readings: make([]hugops.Reading, 1), letters: []*Letter{{}}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline's", err)
	}
	equal(t, "writes", sink.writes, 0)
}

func TestLastVersionInABatchWins(t *testing.T) {
	brokers := startBroker(t)
	produce(t, brokers,
		edited(1, 2*time.Minute, "second edit"), edited(1, time.Minute, "first edit"), created(1),
		edited(2, time.Minute, "as said first"), edited(2, time.Minute, "as said again"))
	sink := &memory{}
	w := newTestWorker(t, brokers, sink)
	w.cfg.BatchSize = 5 // all in one batch
	w.cfg.BatchWait = 10 * time.Second
	r := run(t, w.Run)
	if err := WaitIdle(deadline(t), brokers); err != nil {
		t.Fatal(err)
	}
	r.end(t)
	equal(t, "writes", sink.writes, 1)
	equalSlices(t, "post 1", sink.texts[created(1).Post.ID], []string{"second edit"})
	equalSlices(t, "post 2", sink.texts[created(2).Post.ID], []string{"as said again"})
}

// A slow sink holds the fetching back: never more than four batches are under
// way (one written, one read, one handed over, one filling).
func TestSlowSinkBoundsMemory(t *testing.T) {
	const batchSize, batches = 100, 60
	brokers := startBroker(t)
	produce(t, brokers, createdEvents(batchSize*batches)...)
	sink := &memory{}
	w := newTestWorker(t, brokers, sink)
	w.cfg.BatchSize = batchSize
	w.cfg.BatchWait = time.Minute // full batches only: the sink waits for three of them
	var stored, most int64
	sink.before = func(ctx context.Context, readings []hugops.Reading) error {
		slow := backoff{min: time.Millisecond, max: time.Millisecond}
		for w.fetched.Load() < min(stored+3*batchSize, batchSize*batches) { // until the others have filled up
			if err := slow.wait(ctx); err != nil {
				return err
			}
		}
		most = max(most, w.fetched.Load()-stored)
		stored += int64(len(readings))
		return nil
	}
	r := run(t, w.Run)
	if err := WaitIdle(deadline(t), brokers); err != nil {
		t.Fatal(err)
	}
	r.end(t)
	equal(t, "posts", sink.posts(), batchSize*batches)
	if most < 3*batchSize || most > 4*batchSize {
		t.Errorf("%d posts under way, want at most %d (and at least three batches in this test)", most, 4*batchSize)
	}
}

// Told to stop, the worker finishes what it fetched and commits it.
func TestWorkerDrains(t *testing.T) {
	brokers := startBroker(t)
	produce(t, brokers, createdEvents(500)...)
	sink, writing, slow := &memory{}, make(chan struct{}), make(chan struct{})
	w := newTestWorker(t, brokers, sink)
	w.cfg.BatchSize = 500
	w.cfg.BatchWait = 10 * time.Second
	sink.before = func(context.Context, []hugops.Reading) error { close(writing); <-slow; return nil }
	r := run(t, w.Run)
	<-writing
	r.stop()
	close(slow)
	r.wait(t)
	equal(t, "posts", sink.posts(), 500)
	lag, err := Lag(deadline(t), brokers)
	if err != nil || lag != 0 {
		t.Errorf("lag %d (%v), want 0: what was stored is committed", lag, err)
	}
}

// Workers come and go while posts flow: every post arrives.
func TestWorkersShareAndRebalance(t *testing.T) {
	brokers := startBroker(t)
	produce(t, brokers, createdEvents(2000)...)
	sink := &memory{}
	first := run(t, newTestWorker(t, brokers, sink).Run)
	second := run(t, newTestWorker(t, brokers, sink).Run)
	if err := WaitIdle(deadline(t), brokers); err != nil {
		t.Fatal(err)
	}
	first.end(t)
	more := createdEvents(4000)[2000:]
	produce(t, brokers, more...)
	if err := WaitIdle(deadline(t), brokers); err != nil {
		t.Fatal(err)
	}
	second.end(t)
	equal(t, "posts", sink.posts(), 4000)
}

// The broker goes away and comes back at the same address, under load: nothing
// that was acknowledged is lost, on either side.
func TestBrokerRestarts(t *testing.T) {
	dir := t.TempDir()
	b, err := broker.Open(dir, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	brokers := []string{b.Addr()}
	sink := &memory{}
	const n = 3000
	half, closed, acked := make(chan struct{}), make(chan struct{}), 0
	src := source{"test:1", func(ctx context.Context, emit Emit) error {
		for i := range n {
			it := Item{Event: created(i), Source: "test:1", Ack: func() {
				if acked++; acked == n/2 {
					close(half)
				}
			}}
			if err := emit(ctx, it); err != nil {
				return err
			}
			if i == n/2 { // the rest comes when the broker is away
				<-half
				if err := b.Close(); err != nil {
					return err
				}
				close(closed)
			}
		}
		return nil
	}}
	worker := run(t, newTestWorker(t, brokers, sink).Run)
	collector := run(t, NewCollector(CollectorConfig{Brokers: brokers, Sources: []Source{src}, Log: testLog(t)}).Run)
	<-closed
	back, err := broker.Open(dir, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	if back.Addr() != brokers[0] {
		t.Skipf("the port %s was taken in between", brokers[0])
	}
	collector.wait(t)
	equal(t, "acknowledged", acked, n)
	if err := WaitIdle(deadline(t), brokers); err != nil {
		t.Fatal(err)
	}
	worker.end(t)
	equal(t, "posts", sink.posts(), n)
}

func TestWatchdog(t *testing.T) {
	brokers := startBroker(t)
	produce(t, brokers, created(1))
	w := newTestWorker(t, brokers, &memory{})
	w.patience = 10 * time.Millisecond

	restarted := make(chan struct{})
	go w.watch(deadline(t), func() { close(restarted) })
	select {
	case <-restarted: // a post waits, nobody fetches
	case <-deadline(t).Done():
		t.Fatal("a stalled reader goes unnoticed")
	}

	work(t, brokers, &memory{}) // now nothing waits
	ctx, cancel := context.WithTimeout(t.Context(), 20*w.patience)
	defer cancel()
	w.watch(ctx, func() { t.Error("restarts a reader that has nothing to fetch") })
}

// The embedded broker spares what the workers have not read: it must mean the
// same topics and group.
func TestNamesAgreeWithTheBroker(t *testing.T) {
	equal(t, "posts", broker.PostsTopic, TopicPosts)
	equal(t, "group", broker.PostsGroup, Group)
	equal(t, "dead letters", broker.DeadLettersTopic, TopicDeadLetters)
}

// Without Kafka, too, both ends come to an end when told to.
func TestEndsWithoutKafka(t *testing.T) {
	b, err := broker.Open(t.TempDir(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	brokers := []string{b.Addr()}
	produce(t, brokers, created(1))
	sink, reading := &memory{}, make(chan struct{}, 1)
	sink.before = func(context.Context, []hugops.Reading) error { reading <- struct{}{}; return nil }
	worker := run(t, newTestWorker(t, brokers, sink).Run)
	endless := source{"test:endless", func(ctx context.Context, _ Emit) error { <-ctx.Done(); return ctx.Err() }}
	collector := run(t, NewCollector(CollectorConfig{Brokers: brokers, Sources: []Source{endless}, Log: testLog(t)}).Run)
	<-reading
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	collector.end(t)
	worker.end(t)

	never := run(t, newTestWorker(t, brokers, sink).Run) // it was away from the start
	never.end(t)
}
