package store

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

func newTestCache(t *testing.T) *cache {
	t.Helper()
	c := newCache(&Store{config: Config{Stale: time.Hour}, log: quiet})
	t.Cleanup(c.close)
	return c
}

// TestKept: a value is loaded once for all who wait, serves while the next is
// loaded, and goes on serving when loading fails.
func TestKept(t *testing.T) {
	c := newTestCache(t)
	ctx := t.Context()
	var k kept[int]
	var loads atomic.Int64
	gate := make(chan struct{})
	load := func(context.Context, int, bool) (int, time.Duration, error) {
		n := int(loads.Add(1))
		if n != 2 {
			<-gate
		}
		if n == 4 {
			return 0, 0, errors.New("no database")
		}
		return n, time.Hour, nil
	}
	get := func(want int, what string) {
		t.Helper()
		if got, err := k.get(ctx, c, load); got != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", what, got, err, want)
		}
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { get(1, "all wait for the first loading") })
	}
	gate <- struct{}{}
	wg.Wait()
	k.forget()
	get(2, "who comes after a long time waits")
	get(2, "what rests is not looked at")
	k.until = time.Now()
	get(2, "a slow loading is not waited for")
	get(2, "and there is one only")
	flight := k.flight
	gate <- struct{}{}
	<-flight.done
	get(3, "its value serves from then on")
	k.forget()
	wg.Go(func() { gate <- struct{}{} })
	got, err := k.get(ctx, c, load)
	if got != 3 || err != nil {
		t.Errorf("a failed loading: %d, %v; want the old 3", got, err)
	}
	wg.Wait()
	if n := loads.Load(); n != 4 {
		t.Errorf("%d loadings, want 4", n)
	}
}

func TestKeptEndsWithItsCaller(t *testing.T) {
	c := newTestCache(t)
	var k kept[int]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := k.get(ctx, c, func(ctx context.Context, _ int, _ bool) (int, time.Duration, error) {
		<-ctx.Done() // of the cache
		return 0, 0, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who left: %v", err)
	}
}

// TestAnswersFollow: what another process writes is seen, and when the database
// is away the last answers stay.
func TestAnswersFollow(t *testing.T) {
	c := config(t)
	writer := open(t, c)
	c.Stale = 0
	line := &failing{RoundTripper: c.Transport}
	c.Transport = line
	s := open(t, c)
	ctx := t.Context()
	look := func() int {
		t.Helper()
		d, err := s.Detail(ctx, nimbus.ID, later)
		if err != nil {
			t.Fatal(err)
		}
		list, err := summaries(ctx, s, later, 0)
		if err != nil || len(list) != 1 || list[0].Posts != d.Posts {
			t.Fatalf("summaries: %+v, %v", list, err)
		}
		return d.Posts
	}
	again := func() { // as if a second had gone by
		s.cache.prints.forget()
		s.cache.outages.forget()
		s.cache.spoken.forget()
		s.cache.entry(nimbus.ID).figures.forget()
	}
	if err := s.PutOutages(ctx, []hugops.Outage{nimbus}); err != nil {
		t.Fatal(err)
	}
	if n := look(); n != 0 {
		t.Errorf("%d posts before any", n)
	}
	if err := writer.Write(ctx, crowd(40), nil); err != nil {
		t.Fatal(err)
	}
	again()
	if n := look(); n != 40 {
		t.Errorf("%d posts, want 40", n)
	}
	computed := s.cache.entry(nimbus.ID).figures.value.value
	if err := writer.Write(ctx, crowd(40), nil); err != nil {
		t.Fatal(err)
	}
	again()
	if n := look(); n != 40 || s.cache.entry(nimbus.ID).figures.value.value != computed {
		t.Errorf("%d posts; or a replay made the figures be computed again", n)
	}
	if err := writer.Write(ctx, nil, []hugops.Deletion{postOf("c7")}); err != nil {
		t.Fatal(err)
	}
	again()
	if n := look(); n != 39 {
		t.Errorf("%d posts after a deletion, want 39", n)
	}
	line.broken.Store(true)
	again()
	if n := look(); n != 39 {
		t.Errorf("%d posts without a database, want the last answer, 39", n)
	}
	if err := s.Ping(ctx); err == nil {
		t.Error("Ping finds a database that is away")
	}
	line.broken.Store(false)
}
