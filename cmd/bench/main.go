// Command bench measures the main job as a user would run it: it writes a file
// of posts, lets the built program replay it until everything is queryable, and
// asks the site for the outage's page and API. With -classifier it measures the
// stance model beside VADER instead, with -site a site with many readings under
// load, with -live N a site with N listeners. `make bench` runs all of them.
//
// The machines this runs on are shared: compare figures of one run only.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	program := flag.String("program", "bin/hugops", "the built program")
	posts := flag.Int("posts", 1_000_000, "posts to replay")
	requests := flag.Int("requests", 200, "requests for each page")
	keep := flag.String("keep", "", "keep all files in this directory")
	classifier := flag.Bool("classifier", false, "measure the stance model beside VADER, and nothing else")
	corpus := flag.String("corpus", "classify/corpus", "the corpus whose texts -classifier reads")
	site := flag.Bool("site", false, "measure a site under load, and nothing else")
	readings := flag.Int("readings", 10_000_000, "readings that the site of -site has")
	outages := flag.Int("outages", 500, "outages that they are of")
	rate := flag.Int("rate", 500, "requests a second")
	length := flag.Duration("for", 30*time.Second, "how long the load of -site lasts, each time")
	arriving := flag.Int("arriving", 1000, "readings a second that arrive the second time; 0: there is none")
	listeners := flag.Int("live", 0, "measure a site with so many listeners, and nothing else")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	err := in(*keep, *program, func(program, dir string) error {
		switch {
		case *classifier:
			return benchClassifier(*corpus)
		case *site:
			return siteBench{program, dir, *readings, *outages, *rate, *arriving, *length}.run(ctx)
		case *listeners > 0:
			return liveBench{program, dir, *listeners, 5}.run(ctx)
		}
		return replayAndMeasure(program, *posts, *requests, dir)
	})
	if err != nil {
		log.Fatal("bench: ", err)
	}
}

// in calls do with the program's path and a directory: the one to keep, or one that
// is removed afterwards.
func in(keep, program string, do func(program, dir string) error) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	dir := keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "hugops-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return do(program, dir)
}

func replayAndMeasure(program string, posts, requests int, dir string) error {
	file, outages := filepath.Join(dir, "posts.ndjson"), filepath.Join(dir, "outages.json")
	size, err := writeInput(file, outages, posts)
	if err != nil {
		return err
	}
	fmt.Printf("input: %d posts, %d MB of JSON lines\n", posts, size>>20)

	data := filepath.Join(dir, "data")
	took, peak, err := replay(program, data, file, outages)
	if err != nil {
		return err
	}
	fmt.Printf("file to queryable rows: %.0f posts/s (%.1f s), peak memory %d MiB\n", float64(posts)/took.Seconds(), took.Seconds(), peak>>20)
	return measureSite(program, data, requests)
}

// replay runs "hugops up --until-idle" and returns its time and peak memory.
func replay(program, data, file, outages string) (time.Duration, int64, error) {
	cmd := exec.Command(program, "up", "--data", data, "--outages", outages, "--replay", file,
		"--speed", "max", "--keep", "all", "--until-idle", "--log-level", "warn")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	took := time.Since(start)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return took, usage.Maxrss * 1024, nil // Linux counts in KiB
}

// measureSite starts "hugops serve" on the replayed data and times its answers,
// each on the same connection, unconditional and uncompressed.
func measureSite(program, data string, requests int) error {
	start := time.Now()
	s, err := serve(program, data)
	if err != nil {
		return err
	}
	defer s.Process.Kill()
	for i, path := range []string{"/outages/bench-1", "/api/v1/outages/bench-1", "/api/v1/outages/bench-1/series", "/api/v1/outages", "/"} {
		if err := timePage(s.base+path, requests); err != nil {
			return err
		}
		if i == 0 {
			fmt.Printf("(first page %.1f s after the start)\n", time.Since(start).Seconds())
		}
	}
	return s.stop()
}

func timePage(url string, requests int) error {
	var times []time.Duration
	var size int
	for range requests + 1 {
		start := time.Now()
		resp, err := http.Get(url)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s: %s", url, resp.Status, bytes.TrimSpace(body))
		}
		times, size = append(times, time.Since(start)), len(body)
	}
	first := times[0]
	times = times[1:]
	slices.Sort(times)
	at := func(q float64) float64 { return times[int(q*float64(len(times)-1))].Seconds() * 1000 }
	path := url[strings.Index(url[8:], "/")+8:]
	fmt.Printf("%-38s first %6.1f ms, then median %5.1f, p95 %5.1f, max %5.1f ms (%d kB)\n",
		path, first.Seconds()*1000, at(.5), at(.95), at(1), size>>10)
	return nil
}

// writeInput writes posts about one outage of three hours, by a third as many
// authors, and the outage. Texts repeat every few dozen posts; ids, authors and
// times do not.
func writeInput(file, outages string, n int) (int64, error) {
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	length := 3 * time.Hour
	raw, err := json.Marshal(map[string]any{"outages": []any{map[string]any{
		"id": "bench-1", "service": "Nimbus Cloud", "title": "Storage errors", "started_at": start, "ended_at": start.Add(length),
	}}})
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(outages, raw, 0o600); err != nil {
		return 0, err
	}
	f, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	enc := json.NewEncoder(w)
	networks := []string{"mastodon", "bluesky", "x"}
	for i := range n {
		err := enc.Encode(map[string]any{
			"id": fmt.Sprintf("b%d", i), "network": networks[i%3], "author": fmt.Sprintf("author%d", i*7919%(n/3+1)),
			"posted_at": start.Add(time.Duration(float64(length) * float64(i) / float64(n))).Format(time.RFC3339Nano),
			"lang":      "en", "text": texts[i%len(texts)],
		})
		if err != nil {
			return 0, err
		}
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	st, err := f.Stat()
	return st.Size(), err
}

var texts = []string{
	"Nimbus Cloud is down for us in eu-north since about nine, writes time out and reads are slow. Anyone else?",
	"#hugops to the Nimbus Cloud crew. Storage at nine on a Monday is nobody's idea of fun, take your time",
	"Great, nimbus cloud is down AGAIN. Third time this quarter and we pay you people a fortune for this",
	"whoever is on the Nimbus Cloud pager right now: drink some water, we can wait",
	"nimbus cloud: \"a small subset of customers\". I am apparently the subset. All of my buckets. Lovely.",
	"Our import failed because Nimbus Cloud storage returns 503. Workaround: use the eu-west replica.",
	"The status page of Nimbus Cloud says all is green. My pager disagrees.",
	"honestly impressed how openly nimbus cloud writes about what broke. hang in there folks",
	"Is it just me or is Nimbus Cloud dead?",
	"Nimbus Cloud lost my afternoon. Refund or I am gone, this is a joke",
	"Been there: a storage outage on a Monday with the whole world watching. Strength to Nimbus Cloud's ops people!",
	"nimbus cloud outage, day ruined, thanks for nothing",
	"News: Nimbus Cloud confirms a storage outage in eu-north, says the cause is found.",
}
