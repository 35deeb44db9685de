package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/segmentio/kafka-go"

	"github.com/hugops/hugops"
)

// Limits of one batch. A batch of kafka-go is one produce request to one
// partition and must stay under the broker's message.max.bytes, which is 1 MiB
// unless somebody changed it.
const (
	sendRecords = 16_000
	sendBytes   = 8 << 20
	batchBytes  = 1_000_000
	// kafka-go makes room for a whole batch even for one message, so that few
	// messages travel in small batches and many in large ones.
	smallBatch, largeBatch = 100, 2500
)

var (
	produced      = metrics.NewCounter(`hugops_kafka_produced_total`)
	produceErrors = metrics.NewCounter(`hugops_kafka_produce_errors_total`)
)

// Producer writes events into Kafka and returns when all in-sync replicas have
// them. It is safe for concurrent use, but only one call after the other keeps
// the order of one post's events.
type Producer struct {
	few, many *kafka.Writer
	transport *kafka.Transport
	admin     *admin
	log       *slog.Logger
	pause     backoff
}

// NewProducer returns a producer; it connects when it first writes.
func NewProducer(brokers []string, log *slog.Logger) *Producer {
	transport := &kafka.Transport{ClientID: "hugops", DialTimeout: 5 * time.Second, MetadataTTL: 6 * time.Second}
	writer := func(batch int) *kafka.Writer {
		return &kafka.Writer{
			Addr:         kafka.TCP(brokers...),
			Balancer:     &kafka.Hash{},
			RequiredAcks: kafka.RequireAll,
			Compression:  kafka.Lz4,
			BatchSize:    batch,
			BatchBytes:   batchBytes,
			BatchTimeout: time.Millisecond, // the callers batch; no need to wait for more
			MaxAttempts:  1,                // writeSlice tries again, and keeps the order
			Transport:    transport,
		}
	}
	return &Producer{
		few: writer(smallBatch), many: writer(largeBatch), transport: transport,
		admin: newAdmin(brokers),
		log:   log,
		pause: backoff{min: 200 * time.Millisecond, max: 10 * time.Second},
	}
}

// Close waits for what is being written, not for long, and closes the
// connections.
func (p *Producer) Close() error {
	err := closeWithin(func() error { return errors.Join(p.few.Close(), p.many.Close()) })
	p.transport.CloseIdleConnections()
	p.admin.close()
	return err
}

// Produce writes events and returns when Kafka has all of them, however long
// that takes; with ctx.Err() when ctx ends before, and then some may be there
// and some not. An event that is invalid or too large is refused before anything
// is written.
func (p *Producer) Produce(ctx context.Context, events ...hugops.Event) error {
	records := make([]record, len(events))
	for i := range events {
		raw, err := EncodeEvent(&events[i])
		if err != nil {
			return fmt.Errorf("event %d (%s): %w", i, events[i].Key(), err)
		}
		records[i] = record{topic: TopicPosts, key: []byte(events[i].Key()), value: raw}
	}
	refused, err := p.write(ctx, records)
	if err == nil && len(refused) > 0 {
		return fmt.Errorf("%w event %s: %w for the broker: raise its message.max.bytes above %d",
			hugops.ErrInvalid, records[refused[0]].key, errTooLarge, MaxEventBytes)
	}
	return err
}

// record is one message on its way into Kafka.
type record struct {
	topic string
	key   []byte
	value []byte
}

// write writes the records and returns when Kafka has them all, trying again for
// ever; or with an error when ctx ends. refused are the indexes of records that
// the broker will never take because of their size.
func (p *Producer) write(ctx context.Context, records []record) (refused []int, err error) {
	for start := 0; start < len(records); {
		end, size := start, 0
		for end < len(records) && end-start < sendRecords && size < sendBytes {
			size += len(records[end].key) + len(records[end].value)
			end++
		}
		no, err := p.writeSlice(ctx, records[start:end])
		for _, i := range no {
			refused = append(refused, start+i)
		}
		if err != nil {
			return refused, err
		}
		start = end
	}
	return refused, nil
}

func (p *Producer) writeSlice(ctx context.Context, records []record) (refused []int, err error) {
	now := time.Now()
	left := make([]int, len(records)) // indexes that Kafka does not have yet
	msgs := make([]kafka.Message, len(records))
	for i, r := range records {
		left[i] = i
		msgs[i] = kafka.Message{Topic: r.topic, Key: r.key, Value: r.value, Time: now}
	}
	pause := p.pause
	for attempt := 1; ; attempt++ {
		writer := p.many
		if len(msgs) <= smallBatch {
			writer = p.few
		}
		err := writer.WriteMessages(ctx, msgs...)
		if err == nil {
			produced.Add(len(records) - len(refused))
			return refused, nil
		}
		if ctx.Err() != nil {
			return refused, ctx.Err()
		}
		produceErrors.Inc()
		if len(left) == 1 && tooLarge(err) {
			return append(refused, left[0]), nil
		}
		p.log.Warn("kafka does not take posts, will try again", "messages", len(left), "attempt", attempt, "err", firstError(err))
		if is(err, kafka.UnknownTopicOrPartition) {
			_ = p.admin.ensureTopics(ctx) // the next attempt tells
		}
		if tooLarge(err) {
			no, err := p.writeSingly(ctx, records, left)
			return append(refused, no...), err
		}
		// After a restart of the broker every idle connection is dead, and each
		// attempt would only find out about one.
		p.transport.CloseIdleConnections()
		left, msgs = again(err, left, msgs)
		if err := pause.wait(ctx); err != nil {
			return refused, err
		}
	}
}

// writeSingly writes one record after the other, to find those that are too
// large for the broker: one such message fails the whole batch that it is in
// (kafka-go issue 777).
func (p *Producer) writeSingly(ctx context.Context, records []record, left []int) (refused []int, err error) {
	for _, i := range left {
		no, err := p.writeSlice(ctx, records[i:i+1])
		if err != nil {
			return refused, err
		}
		if len(no) > 0 {
			refused = append(refused, i)
		}
	}
	return refused, nil
}

// again picks what must be sent once more: every message whose key has a failed
// message, so that the order within a post ends right.
func again(err error, left []int, msgs []kafka.Message) ([]int, []kafka.Message) {
	var each kafka.WriteErrors
	if !errors.As(err, &each) || len(each) != len(msgs) {
		return left, msgs
	}
	failed := make(map[string]bool)
	for i, e := range each {
		if e != nil {
			failed[string(msgs[i].Key)] = true
		}
	}
	var indexes []int
	var out []kafka.Message
	for i, m := range msgs {
		if failed[string(m.Key)] {
			indexes, out = append(indexes, left[i]), append(out, m)
		}
	}
	return indexes, out
}

func tooLarge(err error) bool {
	var client kafka.MessageTooLargeError
	return errors.As(err, &client) || is(err, kafka.MessageSizeTooLarge)
}

// is reports whether err, or any message's error in it, is target.
func is(err error, target error) bool {
	var each kafka.WriteErrors
	if !errors.As(err, &each) {
		return errors.Is(err, target)
	}
	for _, e := range each {
		if errors.Is(e, target) {
			return true
		}
	}
	return false
}

// firstError makes a thousand equal errors one.
func firstError(err error) error {
	var each kafka.WriteErrors
	if errors.As(err, &each) {
		for _, e := range each {
			if e != nil {
				return fmt.Errorf("%d of %d messages failed, the first: %w", each.Count(), len(each), e)
			}
		}
	}
	return err
}
