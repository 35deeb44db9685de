package pipeline

import (
	"context"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// BenchmarkEncodeEvent is the collector's cost of one post.
func BenchmarkEncodeEvent(b *testing.B) {
	e := created(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := EncodeEvent(&e); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeEvent is the worker's cost of one post, before the reading.
func BenchmarkDecodeEvent(b *testing.B) {
	e := created(1)
	raw, err := EncodeEvent(&e)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeEvent(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCollect is posts a second from a source into the embedded broker.
func BenchmarkCollect(b *testing.B) {
	brokers := startBroker(b)
	events := items(createdEvents(10_000)...)
	b.ResetTimer()
	src := source{"bench:1", func(ctx context.Context, emit Emit) error {
		for i := range b.N {
			if err := emit(ctx, events[i%len(events)]); err != nil {
				return err
			}
		}
		return nil
	}}
	collect(b, brokers, nil, src)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

// nowhere counts.
type nowhere struct{ readings int }

func (s *nowhere) Write(_ context.Context, readings []hugops.Reading, _ []hugops.Deletion) error {
	s.readings += len(readings)
	return nil
}

// BenchmarkWork is posts a second from the embedded broker through decoding and
// an empty reader to an empty sink.
func BenchmarkWork(b *testing.B) {
	brokers := startBroker(b)
	events := createdEvents(b.N)
	produce(b, brokers, events...)
	events = nil
	b.ResetTimer()
	w := NewWorker(WorkerConfig{
		Brokers: brokers, Reader: echo{}, Sink: &nowhere{}, BatchWait: 50 * time.Millisecond, Log: testLog(b),
	})
	r := run(b, w.Run)
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	if err := WaitIdle(ctx, brokers); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
	b.StopTimer()
	r.end(b)
}
