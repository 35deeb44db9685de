package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/store"
)

// server is a "hugops serve" of its own process.
type server struct {
	*exec.Cmd
	base string // http://127.0.0.1:port
}

// serve starts the program on a data directory and waits for its address.
func serve(program, data string) (*server, error) {
	cmd := exec.Command(program, "serve", "--data", data, "--listen", "127.0.0.1:0", "--rate-limit", "0", "--log-level", "warn")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		cmd.Wait()
		return nil, fmt.Errorf("the site did not start: %w", err)
	}
	go io.Copy(io.Discard, out)
	return &server{cmd, strings.TrimSuffix(regexp.MustCompile(`http://\S+`).FindString(line), "/")}, nil
}

// stop ends the server as Ctrl-C does.
func (s *server) stop() error {
	if err := s.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return s.Wait()
}

// writer opens the database of a running server, as another hugops would.
func writer(ctx context.Context, data string) (*store.Store, error) {
	raw, err := os.ReadFile(filepath.Join(data, "run.json"))
	if err != nil {
		return nil, err
	}
	var running struct {
		ClickHouse string `json:"clickhouse"`
	}
	if err := json.Unmarshal(raw, &running); err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Config{URL: running.ClickHouse})
}

// arrivals are readings that come now, of some outages.
type arrivals struct {
	store   *store.Store
	outages []string
	count   int
}

// write stores n more readings, spread over the outages.
func (a *arrivals) write(ctx context.Context, n int) error {
	list := make([]hugops.Reading, n)
	now := time.Now().UTC()
	for i := range list {
		a.count++
		p := hugops.Probabilities{Support: 0.9, Venting: 0.04, Neutral: 0.06}
		if a.count%3 == 0 {
			p.Support, p.Venting = p.Venting, p.Support
		}
		outage := a.outages[a.count%len(a.outages)]
		list[i] = hugops.Reading{
			Post: hugops.Post{ID: fmt.Sprintf("a%d-%d", now.UnixNano(), i), Network: hugops.Mastodon, Author: fmt.Sprintf("%064x", rand.Uint32()),
				PostedAt: now, Lang: "en", Source: "mastodon:bench", Text: "Take your time, we can wait"},
			Verdict: hugops.Verdict{Probabilities: p, Stance: p.Stance(), Lang: "en", Model: "bench"},
			Rules:   "bench", Links: []hugops.Link{{Outage: outage, Probability: 0.9, Evidence: []string{"alias:service", "time:during"}}},
		}
	}
	return a.store.Write(ctx, list, nil)
}

// come writes so many readings a second until ctx is done, five times a second,
// and returns how many it wrote.
func (a *arrivals) come(ctx context.Context, rate int) (int, error) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for {
		select {
		case <-ctx.Done():
			return a.count, nil
		case <-tick.C:
		}
		due := int(time.Since(began).Seconds()*float64(rate)) - a.count
		if due <= 0 {
			continue
		}
		if err := a.write(ctx, min(due, 5*rate)); err != nil && ctx.Err() == nil {
			return a.count, err
		}
	}
}
