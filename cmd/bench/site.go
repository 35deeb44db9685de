package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// siteBench asks a site that has much to tell.
type siteBench struct {
	program           string
	dir               string // of the data; made and filled if it has none
	readings, outages int
	rate, arriving    int // requests and readings a second
	length            time.Duration
}

func (b siteBench) run(ctx context.Context) error {
	data := filepath.Join(b.dir, fmt.Sprintf("readings-%d-%d", b.readings, b.outages))
	if _, err := os.Stat(data); err != nil {
		began := time.Now()
		h := history{b.readings, b.outages, began.UTC()}
		if err := h.fill(ctx, data+".making"); err != nil {
			return err
		}
		if err := os.Rename(data+".making", data); err != nil {
			return err
		}
		fmt.Printf("made %d readings of %d outages in %.0f s\n", b.readings, b.outages, time.Since(began).Seconds())
	}
	began := time.Now()
	s, err := serve(b.program, data)
	if err != nil {
		return err
	}
	defer s.Process.Kill()
	if err := b.start(ctx, s, began); err != nil {
		return err
	}
	l := load{s.base, b.outages, b.rate, 10 * time.Second}
	l.run(ctx) // to warm up
	l.length = b.length
	fmt.Printf("\n%d requests a second, quiet:\n", b.rate)
	b.measure(ctx, s, l)
	if b.arriving > 0 {
		if err := b.busy(ctx, s, l, data); err != nil {
			return err
		}
	}
	return s.stop()
}

// start says how soon after its start the server shows the front page, and how soon
// it has counted all outages.
func (b siteBench) start(ctx context.Context, s *server, began time.Time) error {
	if fault := ask(ctx, http.DefaultClient, s.base+"/"); fault != "" {
		return fmt.Errorf("the first page: %s", fault)
	}
	fmt.Printf("first page %.1f s after the start", time.Since(began).Seconds())
	for {
		n, err := pending(ctx, s.base)
		if err != nil {
			return err
		}
		if n == 0 {
			fmt.Printf(", all outages counted after %.1f s\n", time.Since(began).Seconds())
			return nil
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// pending is how many outages the site has not counted yet.
func pending(ctx context.Context, base string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/outages?limit=500", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var list struct {
		Outages []struct {
			Index struct{ Pending bool }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		return 0, fmt.Errorf("the list of outages: %s: %w", resp.Status, err)
	}
	n := 0
	for _, o := range list.Outages {
		if o.Index.Pending {
			n++
		}
	}
	return n, nil
}

// measure runs the load and prints what came of it.
func (b siteBench) measure(ctx context.Context, s *server, l load) {
	used := clockOf(s.Process.Pid)
	report(os.Stdout, l.run(ctx))
	used = clockOf(s.Process.Pid) - used
	fmt.Printf("server: %d MiB resident with the engine, %.0f %% of one processor\n", memory(s.Process.Pid)>>20, 100*used.Seconds()/l.length.Seconds())
}

// busy measures while readings arrive of the five outages that most is said of.
func (b siteBench) busy(ctx context.Context, s *server, l load, data string) error {
	db, err := writer(ctx, data)
	if err != nil {
		return err
	}
	defer db.Close()
	a := arrivals{store: db}
	for i := 1; i <= min(b.outages, 9); i += 2 { // the odd numbers are open
		a.outages = append(a.outages, fmt.Sprintf("bench-%d", i))
	}
	fmt.Printf("\n%d requests a second while %d readings a second arrive:\n", b.rate, b.arriving)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	began := time.Now()
	go func() {
		_, err := a.come(ctx, b.arriving)
		ended <- err
	}()
	b.measure(ctx, s, l)
	cancel()
	err = <-ended
	fmt.Printf("%.0f readings a second were written\n", float64(a.count)/time.Since(began).Seconds())
	return err
}
