package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/replay"
	"github.com/hugops/hugops/store"
)

// filterFlags say what is let in.
type filterFlags struct{ keep, optOut *string }

func (f *flags) filter() filterFlags {
	return filterFlags{
		keep:   f.String("keep", "relevant", "`what` goes in: \"relevant\" posts (about outages of known services, or with #hugops) or \"all\""),
		optOut: f.String("opt-out", "", "a `file` of accounts to leave out, one a line: network handle"),
	}
}

// relevance returns the filter, nil for none.
func (ff filterFlags) relevance(b *brain) (pipeline.Relevance, error) {
	switch *ff.keep {
	case "relevant":
		return b, nil
	case "all":
		return nil, nil
	}
	return nil, usagef("--keep %q is neither relevant nor all", *ff.keep)
}

// kept says which posts the filter lets in; nil: all.
func (ff filterFlags) kept(b *brain) func(*hugops.Post) bool {
	if filter, _ := ff.relevance(b); filter != nil {
		return func(p *hugops.Post) bool {
			keep, _ := filter.Relevant(p)
			return keep
		}
	}
	return nil
}

// door is what decoders do with authors: pseudonyms, providers' own accounts and
// the operator's list of those who opted out. Providers that only the demo knows
// are recognised by their name.
func (ff filterFlags) door(names hugops.Pseudonyms, known []hugops.Outage) (pipeline.Door, error) {
	out, err := readOptOut(*ff.optOut)
	if err != nil {
		return pipeline.Door{}, err
	}
	invented := map[string]string{}
	for _, o := range known {
		if o.Demo {
			invented[strings.ReplaceAll(o.Service, "-", "")] = o.Service
		}
	}
	services := classify.Services()
	return pipeline.Door{
		Pseudonyms: names,
		AuthorService: func(n hugops.Network, handle string) string {
			if slug := services.Account(n, handle); slug != "" || len(invented) == 0 {
				return slug
			}
			name, _, _ := strings.Cut(strings.TrimPrefix(handle, "@"), "@")
			name, _, _ = strings.Cut(name, ".")
			return invented[strings.ToLower(name)]
		},
		OptedOut: func(n hugops.Network, handle string) bool {
			return out[optOutKey(string(n), handle)]
		},
	}, nil
}

func optOutKey(network, handle string) string {
	return strings.ToLower(network + " " + strings.TrimPrefix(handle, "@"))
}

// readOptOut reads "network handle" lines; "#" begins a comment.
func readOptOut(file string) (map[string]bool, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the list of those who opted out: %w", err)
	}
	defer f.Close()
	out := map[string]bool{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case len(fields) == 2 && hugops.Network(strings.ToLower(fields[0])).Valid():
			out[optOutKey(fields[0], fields[1])] = true
		default:
			return nil, fmt.Errorf("%s:%d: want \"network handle\", e.g. mastodon alice@a.example", file, n)
		}
	}
	return out, lines.Err()
}

// replayFlags say how files are replayed.
type replayFlags struct {
	speed, shift, network *string
	again, demo           *bool
	outages               *[]string
}

func (f *flags) replay() replayFlags {
	return replayFlags{
		speed:   f.String("speed", "max", "how fast: \"true\" (as it happened), a `factor` such as 60 (times as fast), or \"max\" (a back-fill)"),
		shift:   f.String("shift", "none", "`moment` of the file that becomes now: none, start, end or a time such as 2026-11-02T14:00:00Z; outages of --outages move along"),
		network: f.String("network", "", "the `network` of a CSV file that does not tell it itself: x, mastodon or bluesky"),
		again:   f.Bool("again", false, "replay a file from its beginning even if it was replayed before"),
		demo:    f.Bool("demo", false, "replay the demo: posts about outages of invented services"),
		outages: f.list("outages", "a `file` of known outages to import first"),
	}
}

func parseSpeed(s string) (float64, error) {
	switch s {
	case "max":
		return 0, nil
	case "true":
		return 1, nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > 0) || v > 1e9 {
		return 0, usagef("--speed %q is neither true, max nor a number above 0", s)
	}
	return v, nil
}

// progress shows how far something has come, in bytes or posts: a bar on a
// terminal, a log line every few seconds otherwise.
func progress(std stdio, log *slog.Logger, message, name, unit string) func(done, total int64) {
	if f, ok := std.err.(*os.File); ok && isTerminal(f) && log.Enabled(context.Background(), slog.LevelInfo) {
		bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(name),
			progressbar.OptionShowBytes(unit == "bytes"), progressbar.OptionClearOnFinish())
		return func(done, total int64) {
			bar.ChangeMax64(total)
			bar.Set64(done)
		}
	}
	last := time.Now()
	return func(done, total int64) {
		if done < total && time.Since(last) < 5*time.Second {
			return
		}
		last = time.Now()
		log.Info(message, "done_"+unit, done, "total_"+unit, total)
	}
}

func isTerminal(f *os.File) bool {
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// putOutages reads outage files and stores them, moved by the timeline of the
// replay that they belong to.
func putOutages(ctx context.Context, s *store.Store, outages []hugops.Outage, tl replay.Timeline) error {
	moved := make([]hugops.Outage, len(outages))
	for i, o := range outages {
		moved[i] = tl.MoveOutage(o)
	}
	return s.PutOutages(ctx, moved)
}
