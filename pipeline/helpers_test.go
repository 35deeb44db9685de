package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/segmentio/kafka-go"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/broker"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// created is the i-th post of the tests.
func created(i int) hugops.Event {
	at := noon.Add(time.Duration(i) * time.Second)
	return hugops.Event{Kind: hugops.Created, At: at, Post: &hugops.Post{
		ID: fmt.Sprintf("at://did:plc:test/app.bsky.feed.post/%d", i), Network: hugops.Bluesky,
		Author: "p1-00000000000000000000000000", PostedAt: at, Lang: "en",
		Text: fmt.Sprintf("Number %d: the status page says all green, hugs to whoever is paged right now", i),
	}}
}

// edited is a later version of the i-th post.
func edited(i int, after time.Duration, text string) hugops.Event {
	e := created(i)
	e.Kind, e.At = hugops.Edited, e.At.Add(after)
	e.Post.EditedAt, e.Post.Text = e.At, text
	return e
}

func deletedEvent(i int) hugops.Event {
	p := created(i).Post
	return hugops.Event{Kind: hugops.Deleted, At: noon, Network: p.Network, ID: p.ID}
}

func startBroker(t testing.TB) []string {
	t.Helper()
	b, err := broker.Open(t.TempDir(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return []string{b.Addr()}
}

// testLog keeps what a test logs for the case that it fails.
func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// deadline is for waiting on something that must come.
func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// put brings raw messages into the posts topic, past every check.
func put(t testing.TB, brokers []string, values ...[]byte) {
	t.Helper()
	p := NewProducer(brokers, testLog(t))
	defer p.Close()
	if err := EnsureTopics(deadline(t), brokers); err != nil {
		t.Fatal(err)
	}
	records := make([]record, len(values))
	for i, v := range values {
		records[i] = record{topic: TopicPosts, key: []byte("one partition"), value: v}
	}
	if refused, err := p.write(deadline(t), records); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
}

func produce(t testing.TB, brokers []string, events ...hugops.Event) {
	t.Helper()
	p := NewProducer(brokers, testLog(t))
	defer p.Close()
	if err := EnsureTopics(deadline(t), brokers); err != nil {
		t.Fatal(err)
	}
	if err := p.Produce(deadline(t), events...); err != nil {
		t.Fatal(err)
	}
}

func createdEvents(n int) []hugops.Event {
	events := make([]hugops.Event, n)
	for i := range events {
		events[i] = created(i)
	}
	return events
}

// messages reads a whole topic as it is now, partition by partition.
func messages(t testing.TB, brokers []string, topic string) []kafka.Message {
	t.Helper()
	a := newAdmin(brokers)
	defer a.close()
	ids, err := a.partitions(deadline(t), topic)
	if err != nil {
		t.Fatal(err)
	}
	var all []kafka.Message
	for _, id := range ids {
		res, err := a.client.ListOffsets(deadline(t), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
			topic: {kafka.FirstOffsetOf(id), kafka.LastOffsetOf(id)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		ends := res.Topics[topic][0]
		r := kafka.NewReader(kafka.ReaderConfig{
			Brokers: brokers, Topic: topic, Partition: id, MaxWait: 100 * time.Millisecond, MaxBytes: 10 << 20,
		})
		for range ends.LastOffset - ends.FirstOffset {
			m, err := r.ReadMessage(deadline(t))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, m)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func deadLetters(t testing.TB, brokers []string) []Letter {
	t.Helper()
	var letters []Letter
	for _, m := range messages(t, brokers, TopicDeadLetters) {
		var l Letter
		if err := json.Unmarshal(m.Value, &l); err != nil {
			t.Fatalf("dead letter %q: %v", m.Value, err)
		}
		letters = append(letters, l)
	}
	return letters
}

// echo reads every post as neutral, and panics at a text that asks for it.
type echo struct{}

func (echo) Read(p hugops.Post) hugops.Reading {
	if p.Text == "panic" {
		panic("no reading of this")
	}
	return hugops.Reading{Post: p, Verdict: hugops.Verdict{Stance: hugops.Neutral}}
}

// memory is a sink that keeps everything. before, if set, is asked first.
type memory struct {
	before func(ctx context.Context, readings []hugops.Reading) error

	mu        sync.Mutex
	writes    int
	texts     map[string][]string // post id → texts, in the order of arrival
	deletions []hugops.Deletion
}

func (m *memory) Write(ctx context.Context, readings []hugops.Reading, deletions []hugops.Deletion) error {
	if m.before != nil {
		if err := m.before(ctx, readings); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.texts == nil {
		m.texts = make(map[string][]string)
	}
	for _, r := range readings {
		m.texts[r.Post.ID] = append(m.texts[r.Post.ID], r.Post.Text)
	}
	m.deletions = append(m.deletions, deletions...)
	return nil
}

func (m *memory) posts() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.texts)
}

// running is a worker or collector at work.
type running struct {
	stop context.CancelFunc
	done chan error
}

func run(t testing.TB, f func(context.Context) error) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- f(ctx) }()
	t.Cleanup(cancel)
	return r
}

// wait returns when it has ended by itself.
func (r *running) wait(t testing.TB) {
	t.Helper()
	select {
	case err := <-r.done:
		if err != nil {
			t.Error(err)
		}
	case <-deadline(t).Done():
		t.Fatal("does not end")
	}
}

func (r *running) end(t testing.TB) {
	t.Helper()
	r.stop()
	r.wait(t)
}

// newTestWorker is quick to give up and to try again.
func newTestWorker(t testing.TB, brokers []string, sink Sink) *Worker {
	w := NewWorker(WorkerConfig{
		Brokers: brokers, Reader: echo{}, Sink: sink, BatchWait: 20 * time.Millisecond, Log: testLog(t),
	})
	w.retry = backoff{min: time.Millisecond, max: 10 * time.Millisecond}
	return w
}

// work runs a worker until everything is committed.
func work(t testing.TB, brokers []string, sink Sink) {
	t.Helper()
	r := run(t, newTestWorker(t, brokers, sink).Run)
	if err := WaitIdle(deadline(t), brokers); err != nil {
		t.Fatal(err)
	}
	r.end(t)
}

// source is a Source made of a function.
type source struct {
	name string
	run  func(ctx context.Context, emit Emit) error
}

func (s source) Name() string                             { return s.name }
func (s source) Run(ctx context.Context, emit Emit) error { return s.run(ctx, emit) }

// emitAll is a finite source of items.
func emitAll(name string, items ...Item) source {
	return source{name, func(ctx context.Context, emit Emit) error {
		for _, it := range items {
			it.Source = name
			if err := emit(ctx, it); err != nil {
				return err
			}
		}
		return nil
	}}
}

func items(events ...hugops.Event) []Item {
	out := make([]Item, len(events))
	for i, e := range events {
		out[i].Event = e
	}
	return out
}

func collect(t testing.TB, brokers []string, relevance Relevance, sources ...Source) {
	t.Helper()
	c := NewCollector(CollectorConfig{Brokers: brokers, Sources: sources, Relevance: relevance, Log: testLog(t)})
	run(t, c.Run).wait(t)
}

var errDown = errors.New("the database is away")

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func equalSlices[T comparable](t testing.TB, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
