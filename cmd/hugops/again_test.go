package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/hugops/hugops/pipeline"
)

// TestReplayOfTheTopic works through the whole topic twice more, with other batch
// sizes: every row, minute and index stays as it was.
func TestReplayOfTheTopic(t *testing.T) {
	dir, data := t.TempDir(), newData(t)
	posts, outages := write(t, dir, "posts.ndjson", stormPosts(t, 2000)), write(t, dir, "outages.json", stormOutages)
	runs(t, 0, "", upArgs(data, posts, outages)...)
	want := exported(t, data)
	for _, size := range []int{137, 1000} {
		workAgain(t, data, size)
		for name, got := range exported(t, data) {
			if got != want[name] {
				t.Errorf("batches of %d changed %s\n%s", size, name, firstDifference(got, want[name]))
			}
		}
	}
}

// workAgain sets the workers' offsets back to the beginning and lets a worker
// with the given batch size work through everything.
func workAgain(t *testing.T, data string, batchSize int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	log := slog.New(slog.DiscardHandler)
	f := newFlags(upCommand)
	mf := f.machine()
	*mf.data = data
	err := using(mf, log, func(m *machine) error {
		s, err := m.openStore(ctx)
		if err != nil {
			return err
		}
		addrs, err := m.brokers(ctx)
		if err != nil {
			return err
		}
		rewind(t, ctx, addrs)
		lag, err := pipeline.Lag(ctx, addrs)
		if err != nil || lag < 2000 {
			t.Fatalf("after the rewind %d messages are left (%v), want all", lag, err)
		}
		known, err := s.Outages(ctx)
		if err != nil {
			return err
		}
		b, err := newBrain(known)
		if err != nil {
			return err
		}
		working, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() {
			w := pipeline.NewWorker(pipeline.WorkerConfig{Brokers: addrs, Reader: b, Sink: s, BatchSize: batchSize, Log: log})
			ended <- w.Run(working)
		}()
		err = pipeline.WaitIdle(ctx, addrs)
		stop()
		return errors.Join(err, <-ended)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func rewind(t *testing.T, ctx context.Context, addrs []string) {
	t.Helper()
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{ID: pipeline.Group, Brokers: addrs, Topics: []string{pipeline.TopicPosts}})
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	generation, err := group.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	zero := map[int]int64{}
	for _, p := range generation.Assignments[pipeline.TopicPosts] {
		zero[p.ID] = 0
	}
	if err := generation.CommitOffsets(map[string]map[int]int64{pipeline.TopicPosts: zero}); err != nil {
		t.Fatal(err)
	}
}
