package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// route is one kind of request of the load: a path with %d for the number of an
// outage, and how often it comes.
type route struct {
	path   string
	weight int
}

var routes = []route{
	{"/", 10},
	{"/outages/bench-%d", 35},
	{"/api/v1/outages", 10},
	{"/api/v1/outages/bench-%d", 20},
	{"/api/v1/outages/bench-%d/series", 15},
	{"/api/v1/outages/bench-%d/index", 10},
}

// load is requests at a constant rate, whether or not earlier ones were answered.
// Each is timed from when it was due, so that a stalled server cannot hide behind
// the requests that it did not get.
type load struct {
	base    string
	outages int
	rate    int // a second
	length  time.Duration
}

// answered is what one request came to.
type answered struct {
	route int
	took  time.Duration
	fault string
}

func (l load) run(ctx context.Context) []answered {
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		MaxIdleConns: 1000, MaxIdleConnsPerHost: 1000, DisableCompression: true}}
	defer client.CloseIdleConnections()
	dice := rand.New(rand.NewPCG(3, 4))
	out := make([]answered, l.rate*int(l.length/time.Second))
	begin := time.Now()
	var wg sync.WaitGroup
	for i := range out {
		due := begin.Add(time.Duration(i) * time.Second / time.Duration(l.rate))
		n := pick(dice)
		path := routes[n].path
		if strings.Contains(path, "%d") {
			path = fmt.Sprintf(path, 1+dice.IntN(l.outages))
		}
		time.Sleep(time.Until(due))
		if ctx.Err() != nil {
			return out[:i]
		}
		wg.Go(func() {
			fault := ask(ctx, client, l.base+path)
			out[i] = answered{n, time.Since(due), fault}
		})
	}
	wg.Wait()
	return out
}

// pick chooses a route by its weight.
func pick(dice *rand.Rand) int {
	total := 0
	for _, r := range routes {
		total += r.weight
	}
	at := dice.IntN(total)
	for i, r := range routes {
		if at -= r.weight; at < 0 {
			return i
		}
	}
	return 0
}

// ask reads one answer as a browser would that has nothing in its cache, and says
// what was wrong with it.
func ask(ctx context.Context, client *http.Client, url string) string {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := client.Do(r)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err.Error()
	}
	if resp.StatusCode != http.StatusOK {
		return resp.Status
	}
	return ""
}

// report prints a line for each route and one for all.
func report(out io.Writer, all []answered) {
	fmt.Fprintf(out, "%-34s %8s %7s %8s %8s %8s %8s\n", "", "requests", "errors", "p50 ms", "p99 ms", "p99.9 ms", "max ms")
	line := func(name string, which func(answered) bool) {
		var took []time.Duration
		faults, example := 0, ""
		for _, a := range all {
			if which(a) {
				took = append(took, a.took)
				if a.fault != "" {
					faults++
					example = a.fault
				}
			}
		}
		if len(took) == 0 {
			return
		}
		slices.Sort(took)
		fmt.Fprintf(out, "%-34s %8d %7d %8.1f %8.1f %8.1f %8.1f %s\n", name, len(took), faults,
			at(took, .5), at(took, .99), at(took, .999), at(took, 1), example)
	}
	for i, r := range routes {
		line(r.path, func(a answered) bool { return a.route == i })
	}
	line("all", func(answered) bool { return true })
}

// at is a quantile of sorted times, in milliseconds.
func at(sorted []time.Duration, q float64) float64 {
	return sorted[int(q*float64(len(sorted)-1))].Seconds() * 1000
}

// memory is the resident memory of a process in bytes (Linux), 0 if unknown.
func memory(pid int) int64 {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(raw)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}

// clockOf is the processor time that a process has used (Linux).
func clockOf(pid int) time.Duration {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(raw), ") ") // the name may hold anything but this
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var user, system int64
	fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	const ticks = 100 // a second, on every Linux
	return time.Duration(user+system) * time.Second / ticks
}
