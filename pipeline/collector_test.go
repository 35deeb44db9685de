package pipeline

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/segmentio/kafka-go"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/broker"
)

// relevanceFunc drops a post with the reason that it returns.
type relevanceFunc func(p *hugops.Post) string

func (f relevanceFunc) Relevant(p *hugops.Post) (bool, string) {
	reason := f(p)
	return reason == "", reason
}

func TestFilter(t *testing.T) {
	byText := relevanceFunc(func(p *hugops.Post) string {
		return map[string]string{"breakfast": "no service", "football": "no outage"}[p.Text]
	})
	with := func(e hugops.Event, text string) hugops.Event { e.Post.Text = text; return e }
	gone := hugops.Event{Kind: hugops.AuthorGone, At: noon, Network: hugops.X, Author: "p1-22222222222222222222222222"}
	brokers := startBroker(t)
	collect(t, brokers, byText, emitAll("test:filter", items(
		with(created(1), "slack is down"),
		with(created(2), "breakfast"),
		with(created(3), "breakfast"),
		with(created(4), "football"),
		with(edited(5, time.Minute, ""), "football"), // must replace what was kept, without its words
		deletedEvent(6),
		gone,
	)...))

	var keys []string
	for _, m := range messages(t, brokers, TopicPosts) {
		keys = append(keys, string(m.Key))
		if strings.Contains(string(m.Value), "football") {
			t.Errorf("the words of an edit that is not relevant are in Kafka: %s", m.Value)
		}
	}
	one, five, six := created(1), created(5), deletedEvent(6)
	want := []string{one.Key(), five.Key(), six.Key(), gone.Key()}
	slices.Sort(keys)
	slices.Sort(want)
	equalSlices(t, "keys in Kafka", keys, want)

	for name, want := range map[string]uint64{
		`hugops_collect_seen_total{source="test:filter"}`:                        7,
		`hugops_collect_kept_total{source="test:filter"}`:                        4,
		`hugops_collect_dropped_total{source="test:filter",reason="no service"}`: 2,
		`hugops_collect_dropped_total{source="test:filter",reason="no outage"}`:  1,
	} {
		equal(t, name, metrics.GetOrCreateCounter(name).Get(), want)
	}
}

func TestFilterIsSwappedWhileRunning(t *testing.T) {
	brokers := startBroker(t)
	var c *Collector
	src := source{"test:swap", func(ctx context.Context, emit Emit) error {
		if err := emit(ctx, Item{Event: created(1)}); err != nil {
			return err
		}
		c.SetRelevance(relevanceFunc(func(*hugops.Post) string { return "nothing is relevant" }))
		if err := emit(ctx, Item{Event: created(2)}); err != nil {
			return err
		}
		c.SetRelevance(nil)
		return emit(ctx, Item{Event: created(3)})
	}}
	c = NewCollector(CollectorConfig{Brokers: brokers, Sources: []Source{src}, Log: testLog(t)})
	run(t, c.Run).wait(t)
	equal(t, "messages", len(messages(t, brokers, TopicPosts)), 2)
}

// Acknowledgements come once, in the order of emission, whatever became of the
// item; and only after Kafka has it.
func TestAcksInOrder(t *testing.T) {
	const n = 10_000
	brokers := startBroker(t)
	drop := relevanceFunc(func(p *hugops.Post) string {
		if strings.HasPrefix(p.Text, "drop") {
			return "asked for"
		}
		return ""
	})
	var acked []int
	src := source{"test:acks", func(ctx context.Context, emit Emit) error {
		for i := range n {
			it := Item{Event: created(i), Source: "test:acks", Ack: func() { acked = append(acked, i) }}
			switch i % 5 {
			case 1:
				it.Event.Post.Text = "drop"
			case 2:
				it = Item{Bad: &BadInput{Raw: []byte("{"), Err: errors.New("half a line")}, Source: it.Source, Ack: it.Ack}
			}
			if err := emit(ctx, it); err != nil {
				return err
			}
		}
		return nil
	}}
	collect(t, brokers, drop, src)
	if len(acked) != n || !slices.IsSorted(acked) {
		t.Errorf("%d acknowledgements (in order: %v), want %d in order", len(acked), slices.IsSorted(acked), n)
	}
	equal(t, "messages", len(messages(t, brokers, TopicPosts)), n/5*3)
	equal(t, "dead letters", len(deadLetters(t, brokers)), n/5)
}

func TestBadInputGoesToTheDeadLetters(t *testing.T) {
	brokers := startBroker(t)
	invalid := created(1)
	invalid.Post.Author = ""
	notUTF8 := created(2)
	notUTF8.Post.URLs = []string{"https://status.example/\xff"}
	huge := created(3)
	huge.Post.URLs = []string{"https://status.example/" + strings.Repeat("x", MaxEventBytes)}
	long := bytes.Repeat([]byte("ä"), 5<<20)
	collect(t, brokers, nil, emitAll("test:bad",
		Item{Bad: &BadInput{Raw: []byte("\xff\x00"), Err: errors.New("not UTF-8: \xff"), Position: "\xff.ndjson:1"}},
		Item{Bad: &BadInput{Raw: long, Err: errors.New("line of 10485760 bytes is longer than 1 MiB"), Position: "posts.ndjson:17"}},
		Item{Event: invalid}, Item{Event: notUTF8}, Item{Event: huge}, Item{Event: created(4)},
	))

	equal(t, "messages", len(messages(t, brokers, TopicPosts)), 1)
	letters := deadLetters(t, brokers)
	if len(letters) != 5 {
		t.Fatalf("%d dead letters, want 5", len(letters))
	}
	equal(t, "bytes", string(letters[0].RawBase64), "\xff\x00")
	equal(t, "reason", letters[0].Reason, "not UTF-8: \ufffd")
	l := letters[1]
	equal(t, "stage", l.Stage, StageCollect)
	equal(t, "source", l.Source, "test:bad")
	equal(t, "position", l.Position, "posts.ndjson:17")
	equal(t, "reason", l.Reason, "line of 10485760 bytes is longer than 1 MiB")
	equal(t, "size", l.Size, len(long))
	equal(t, "kept", l.Raw, string(long[:MaxLetterRaw]))
	for i, want := range []string{"author is missing", "invalid UTF-8", "too large"} {
		if l := letters[i+2]; !strings.Contains(l.Reason, want) || l.Source != "test:bad" || l.Size == 0 {
			t.Errorf("dead letter %d: %q of %s, %d bytes; want one that says %q", i+2, l.Reason, l.Source, l.Size, want)
		}
	}
}

// One message that is too large for the broker's own limit fails the batch that
// it is in; only it may end in the dead letters.
func TestBrokerWithASmallerLimit(t *testing.T) {
	brokers := startBroker(t)
	a := newAdmin(brokers)
	defer a.close()
	small := topicConfig(TopicPosts, 1)
	small.ConfigEntries = append(small.ConfigEntries, kafka.ConfigEntry{ConfigName: "max.message.bytes", ConfigValue: "4000"})
	res, err := a.client.CreateTopics(deadline(t), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{small}})
	if err != nil || res.Errors[TopicPosts] != nil {
		t.Fatal(res, err)
	}
	events := createdEvents(20)
	noise, random := make([]byte, 6000), rand.NewChaCha8([32]byte{1}) // does not compress to 4,000
	_, _ = random.Read(noise)
	events[7].Post.Text = hex.EncodeToString(noise)
	collect(t, brokers, nil, emitAll("test:limit", items(events...)...))
	seen := map[string]bool{}
	for _, m := range messages(t, brokers, TopicPosts) {
		seen[string(m.Key)] = true
	}
	equal(t, "posts in Kafka", len(seen), 19)
	equal(t, "the large one", seen[events[7].Key()], false)
	letters := deadLetters(t, brokers)
	if len(letters) != 1 || letters[0].Class != "size" {
		t.Errorf("dead letters %+v, want one of class size", letters)
	}
}

// While Kafka is away, a source is held back: what it can emit is bounded.
func TestKafkaAwayBoundsMemory(t *testing.T) {
	b, err := broker.Open(t.TempDir(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	brokers := []string{b.Addr()}
	emitted, acked, held := 0, atomic.Int64{}, make(chan struct{})
	src := source{"test:away", func(ctx context.Context, emit Emit) error {
		first := make(chan struct{})
		if err := emit(ctx, Item{Event: created(0), Ack: func() { acked.Add(1); close(first) }}); err != nil {
			return err
		}
		<-first
		if err := b.Close(); err != nil {
			return err
		}
		for i := 1; ; i++ {
			patience, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			err := emit(patience, Item{Event: created(i), Ack: func() { acked.Add(1) }})
			cancel()
			if err != nil { // held back
				close(held)
				return nil
			}
			emitted++
		}
	}}
	c := NewCollector(CollectorConfig{Brokers: brokers, Sources: []Source{src}, Log: testLog(t)})
	c.drain = 10 * time.Millisecond
	r := run(t, c.Run)
	<-held
	r.end(t)
	if limit := 2*sendRecords + 256; emitted == 0 || emitted > limit {
		t.Errorf("%d items were taken without Kafka, want at most %d", emitted, limit)
	}
	equal(t, "acknowledged", acked.Load(), 1)
}

// Told to stop, the collector finishes what it took.
func TestCollectorDrains(t *testing.T) {
	brokers := startBroker(t)
	emitted, acked := 0, 0
	enough := make(chan struct{})
	src := source{"test:drain", func(ctx context.Context, emit Emit) error {
		for i := 0; ; i++ {
			if err := emit(ctx, Item{Event: created(i), Ack: func() { acked++ }}); err != nil {
				return err
			}
			if emitted++; emitted == 5000 {
				close(enough)
			}
		}
	}}
	r := run(t, NewCollector(CollectorConfig{Brokers: brokers, Sources: []Source{src}, Log: testLog(t)}).Run)
	<-enough
	r.end(t)
	equal(t, "acknowledged", acked, emitted)
	equal(t, "messages", len(messages(t, brokers, TopicPosts)), emitted)
}

func TestOneSourceGivesUp(t *testing.T) {
	brokers := startBroker(t)
	refused := errors.New("the token was refused")
	bad := source{"test:refused", func(context.Context, Emit) error { return refused }}
	c := NewCollector(CollectorConfig{
		Brokers: brokers, Sources: []Source{bad, emitAll("test:good", items(createdEvents(10)...)...)}, Log: testLog(t),
	})
	r := run(t, c.Run)
	if err := <-r.done; !errors.Is(err, refused) || !strings.Contains(err.Error(), "test:refused") {
		t.Errorf("error %v, want the refused token of test:refused", err)
	}
	equal(t, "messages of the other source", len(messages(t, brokers, TopicPosts)), 10)
}

// What must be sent again after a failure: every event of a post of which one
// failed, and nothing else.
func TestRetryKeepsTheOrderOfAPost(t *testing.T) {
	down := errors.New("down")
	cases := []struct {
		keys   string // one letter a message
		failed string // x where it failed
		again  string // indexes that are sent again
	}{
		{"abcd", "....", ""},
		{"abcd", "xxxx", "0123"},
		{"abcd", ".x..", "1"},
		{"abab", "x...", "02"}, // the later a goes again, behind the earlier
		{"abab", "...x", "13"},
		{"aabb", "x..x", "0123"},
	}
	for _, c := range cases {
		t.Run(c.keys+c.failed, func(t *testing.T) {
			var msgs []kafka.Message
			var left []int
			errs := make(kafka.WriteErrors, len(c.keys))
			for i := range c.keys {
				msgs, left = append(msgs, kafka.Message{Key: []byte{c.keys[i]}}), append(left, i)
				if c.failed[i] == 'x' {
					errs[i] = down
				}
			}
			indexes, out := again(errs, left, msgs)
			got := ""
			for i, index := range indexes {
				got += fmt.Sprint(index)
				equal(t, "key", out[i].Key[0], c.keys[index])
			}
			equal(t, "sent again", got, c.again)
		})
	}
}

// After a restart of the broker all idle connections are dead. One failed attempt
// must be enough to find out, not one a connection.
func TestRestartCostsOneAttempt(t *testing.T) {
	dir := t.TempDir()
	b, err := broker.Open(dir, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := EnsureTopics(deadline(t), []string{b.Addr()}); err != nil {
		t.Fatal(err)
	}
	p := NewProducer([]string{b.Addr()}, testLog(t))
	defer p.Close()
	if err := p.Produce(deadline(t), createdEvents(1000)...); err != nil { // a connection a partition
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	back, err := broker.Open(dir, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	if back.Addr() != b.Addr() {
		t.Skipf("the port %s was taken in between", b.Addr())
	}
	before := produceErrors.Get()
	if err := p.Produce(deadline(t), created(0)); err != nil {
		t.Fatal(err)
	}
	if n := produceErrors.Get() - before; n > 2 {
		t.Errorf("%d attempts failed, want one (or two, if metadata was asked first)", n)
	}
}

// After a collector and a worker have ended, nothing of them goes on running.
func TestNoGoroutineIsLeft(t *testing.T) {
	brokers := startBroker(t)
	before := stacks()
	collect(t, brokers, nil, emitAll("test:leak", items(createdEvents(100)...)...))
	work(t, brokers, &memory{})
	if _, err := Lag(deadline(t), brokers); err != nil {
		t.Fatal(err)
	}
	slow, limit := backoff{min: time.Millisecond, max: 50 * time.Millisecond}, deadline(t)
	for {
		left := slices.DeleteFunc(stacks(), func(s string) bool { return slices.Contains(before, s) })
		if len(left) == 0 {
			return
		}
		if slow.wait(limit) != nil {
			t.Fatalf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
		}
	}
}

// stacks lists the goroutines of this package and of the Kafka client.
func stacks() (own []string) {
	buf := make([]byte, 4<<20)
	for _, s := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(s, "segmentio/kafka-go") || strings.Contains(s, "pipeline.(*") {
			own = append(own, s)
		}
	}
	return own
}
