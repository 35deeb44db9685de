package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/segmentio/kafka-go"

	"github.com/hugops/hugops"
)

// Reader makes a reading of a post. It is called by several goroutines at once.
// If it panics, the post goes to the dead letters.
type Reader interface {
	Read(p hugops.Post) hugops.Reading
}

// Sink stores readings and carries out deletions. After it returned nil the
// offsets are committed, so nil means stored. It will see the same readings
// again after a crash, and it must not keep the slices. An error means: the same
// batch again, after a pause, for as long as it takes.
type Sink interface {
	Write(ctx context.Context, readings []hugops.Reading, deletions []hugops.Deletion) error
}

// WorkerConfig is what a worker needs. A batch goes to the sink when it has
// BatchSize messages (20,000 when 0) or its first is BatchWait old (500 ms when
// 0).
type WorkerConfig struct {
	Brokers   []string
	Reader    Reader
	Sink      Sink
	BatchSize int
	BatchWait time.Duration
	Log       *slog.Logger
}

// Worker reads posts from Kafka and brings their readings into the sink. Any
// number of workers share the load, by partition.
type Worker struct {
	cfg      WorkerConfig
	retry    backoff
	drain    time.Duration
	patience time.Duration // idle with a lag for so long: a new reader
	warned   time.Time     // when the reader's trouble was logged last

	fetched  atomic.Int64 // messages, ever
	inflight atomic.Int64 // batches between the fetcher and the commit
}

// NewWorker returns a worker; Run does the work.
func NewWorker(cfg WorkerConfig) *Worker {
	if cfg.BatchSize <= 0 {
		cfg.BatchSize = 20_000
	}
	if cfg.BatchWait <= 0 {
		cfg.BatchWait = 500 * time.Millisecond
	}
	return &Worker{
		cfg:      cfg,
		retry:    backoff{min: 200 * time.Millisecond, max: 15 * time.Second},
		drain:    DrainTime,
		patience: minPatience,
	}
}

// minPatience and maxPatience bound how long the watchdog waits.
const (
	minPatience = 30 * time.Second
	maxPatience = 10 * time.Minute
)

// maxBatchBytes closes a batch early when its messages are long.
const maxBatchBytes = 32 << 20

var (
	consumed     = metrics.NewCounter(`hugops_worker_consumed_total`)
	written      = metrics.NewCounter(`hugops_worker_written_total`)
	deleted      = metrics.NewCounter(`hugops_worker_deletions_total`)
	fetchErrors  = metrics.NewCounter(`hugops_worker_fetch_errors_total`)
	sinkErrors   = metrics.NewCounter(`hugops_worker_sink_errors_total`)
	commitErrors = metrics.NewCounter(`hugops_worker_commit_errors_total`)
	readerStalls = metrics.NewCounter(`hugops_worker_reader_restarts_total`)
	batchSizes   = metrics.NewSummary(`hugops_worker_batch_size`)
	writeSeconds = metrics.NewSummary(`hugops_worker_write_seconds`)
	lagGauge     = metrics.NewGauge(`hugops_worker_lag`, nil)
)

// Run works until ctx is done; then it finishes what it holds, within DrainTime,
// and returns nil. While one batch is written, the next one is read and the one
// after it fetched; they are committed in order.
func (w *Worker) Run(ctx context.Context) error {
	if err := ensureTopics(ctx, w.cfg.Brokers, w.retry, w.cfg.Log); err != nil {
		return nil // told to stop before anything was taken
	}
	finish, cancel := graceful(ctx, w.drain)
	defer cancel()
	producer := NewProducer(w.cfg.Brokers, w.cfg.Log)
	defer producer.Close()

	fetched, read := make(chan *parcel), make(chan *parcel)
	var stages sync.WaitGroup
	stages.Go(func() { w.readAll(fetched, read) })
	stages.Go(func() { w.writeAll(finish, producer, read) })
	for ctx.Err() == nil {
		w.fetch(ctx, fetched)
	}
	close(fetched)
	stages.Wait()
	return nil
}

// parcel is a batch on its way through the worker.
type parcel struct {
	reader *kafka.Reader
	msgs   []kafka.Message
	bytes  int

	readings  []hugops.Reading
	deletions []hugops.Deletion
	letters   []*Letter
	commits   []kafka.Message // the last message of each partition

	closed chan struct{} // set on the last batch of a reader: close it, then this
}

// fetch takes messages from a new Kafka reader until ctx is done or the watchdog
// finds that the reader stalls. It returns after the last batch of the reader is
// committed, so that there is never a second one.
func (w *Worker) fetch(ctx context.Context, out chan<- *parcel) {
	reader := w.newReader()
	before := w.fetched.Load()
	watched, stop := context.WithCancel(ctx)
	defer stop()
	var watching sync.WaitGroup
	watching.Go(func() { w.watch(watched, stop) })

	for watched.Err() == nil {
		b := &parcel{reader: reader}
		err := w.fill(watched, b)
		if len(b.msgs) > 0 {
			w.handOver(b, out)
		}
		if errors.Is(err, io.EOF) {
			break
		}
	}
	last := &parcel{reader: reader, closed: make(chan struct{})}
	w.handOver(last, out)
	<-last.closed
	stop()
	watching.Wait()
	w.patience = min(2*w.patience, maxPatience)
	if w.fetched.Load() > before {
		w.patience = minPatience
	}
}

func (w *Worker) handOver(b *parcel, out chan<- *parcel) {
	w.inflight.Add(1)
	out <- b
}

func (w *Worker) newReader() *kafka.Reader {
	return kafka.NewReader(kafka.ReaderConfig{
		Brokers:           w.cfg.Brokers,
		GroupID:           Group,
		Topic:             TopicPosts,
		StartOffset:       kafka.FirstOffset,
		MinBytes:          1,
		MaxBytes:          10 << 20,
		MaxWait:           250 * time.Millisecond,
		QueueCapacity:     4000,
		CommitInterval:    0,
		HeartbeatInterval: 2 * time.Second,
		SessionTimeout:    10 * time.Second,
		RebalanceTimeout:  10 * time.Second,
		JoinGroupBackoff:  500 * time.Millisecond,
		ReadLagInterval:   -1,
		Dialer:            &kafka.Dialer{ClientID: "hugops-worker", Timeout: 5 * time.Second, DualStack: true},
		ErrorLogger: kafka.LoggerFunc(func(format string, args ...any) {
			w.cfg.Log.Debug("kafka reader", "detail", fmt.Sprintf(format, args...))
		}),
	})
}

// fill fetches until the batch is full or old enough. It waits for the first
// message as long as it takes.
func (w *Worker) fill(ctx context.Context, b *parcel) error {
	wait := ctx
	for len(b.msgs) < w.cfg.BatchSize && b.bytes < maxBatchBytes {
		m, err := b.reader.FetchMessage(wait)
		switch {
		case err == nil:
		case wait.Err() != nil, errors.Is(err, io.EOF):
			return err
		default: // the reader heals itself
			w.trouble(err)
			continue
		}
		if len(b.msgs) == 0 {
			var cancel context.CancelFunc
			wait, cancel = context.WithTimeout(ctx, w.cfg.BatchWait)
			defer cancel()
		}
		w.fetched.Add(1)
		b.msgs = append(b.msgs, m)
		b.bytes += len(m.Key) + len(m.Value)
	}
	return nil
}

// trouble counts every error of the Kafka reader and logs one in five seconds:
// each partition tells its own.
func (w *Worker) trouble(err error) {
	fetchErrors.Inc()
	if time.Since(w.warned) > 5*time.Second {
		w.warned = time.Now()
		w.cfg.Log.Warn("kafka reader has trouble, goes on trying", "err", err)
	}
}

// watch publishes the lag, and calls restart when there is one while nothing has
// been fetched and nothing is under way: a Kafka reader can stop for good after
// a broker was restarted (kafka-go issues 387, 955, 1141). A lag can also be
// that of another worker's partitions, so each restart in vain makes it wait
// twice as long.
func (w *Worker) watch(ctx context.Context, restart func()) {
	a := newAdmin(w.cfg.Brokers)
	defer a.close()
	tick := time.NewTicker(max(w.patience/6, time.Millisecond))
	defer tick.Stop()
	before, idleSince := w.fetched.Load(), time.Now()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		lag, err := a.lag(ctx)
		if err != nil { // no broker: a new reader would not help
			a.close()
			continue
		}
		lagGauge.Set(float64(lag))
		if now := w.fetched.Load(); now != before || w.inflight.Load() > 0 || lag == 0 {
			before, idleSince = now, time.Now()
			continue
		}
		if time.Since(idleSince) < w.patience {
			continue
		}
		readerStalls.Inc()
		w.cfg.Log.Warn("nothing fetched although posts wait, will connect anew", "lag", lag, "idle", time.Since(idleSince).Round(time.Second))
		restart()
		return
	}
}

// writeAll writes batch after batch, commits each, and closes the reader after
// its last. When ctx ends before a batch is through, it commits nothing any more.
func (w *Worker) writeAll(ctx context.Context, p *Producer, in <-chan *parcel) {
	for b := range in {
		if b.closed != nil {
			if err := closeWithin(b.reader.Close); err != nil {
				w.cfg.Log.Warn("kafka reader did not close cleanly", "err", err)
			}
			close(b.closed)
		} else if err := w.write(ctx, p, b); err != nil {
			w.cfg.Log.Warn("stopped before everything was written; it will be delivered again",
				"readings", len(b.readings), "err", err)
		}
		w.inflight.Add(-1)
	}
}

// write is the delivery contract: dead letters and data first, offset second. It
// fails only when ctx has ended, and so do all later batches then.
func (w *Worker) write(ctx context.Context, p *Producer, b *parcel) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := writeLetters(ctx, p, b.letters, w.cfg.Log); err != nil {
		return err
	}
	if err := w.sink(ctx, b); err != nil {
		return err
	}
	w.commit(ctx, b)
	return nil
}

// sink writes the batch, again and again until the sink takes it or ctx ends.
func (w *Worker) sink(ctx context.Context, b *parcel) error {
	if len(b.readings) == 0 && len(b.deletions) == 0 {
		return nil
	}
	pause := w.retry
	for attempt := 1; ; attempt++ {
		start := time.Now()
		err := w.cfg.Sink.Write(ctx, b.readings, b.deletions)
		if err == nil {
			writeSeconds.UpdateDuration(start)
			batchSizes.Update(float64(len(b.readings)))
			written.Add(len(b.readings))
			deleted.Add(len(b.deletions))
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		sinkErrors.Inc()
		w.cfg.Log.Error("readings could not be stored; nothing is lost, will try the same batch again",
			"readings", len(b.readings), "attempt", attempt, "err", err)
		if err := pause.wait(ctx); err != nil {
			return err
		}
	}
}

// commit tells Kafka that the batch is done. That it fails is no loss: the next
// commit says the same, and else the messages come again.
func (w *Worker) commit(ctx context.Context, b *parcel) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := b.reader.CommitMessages(ctx, b.commits...); err != nil {
		commitErrors.Inc()
		w.cfg.Log.Warn("offset could not be committed; some posts may be read again", "err", err)
	}
}
