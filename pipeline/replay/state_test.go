package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops/pipeline"
)

// inputFile writes ten posts, plain or gzip, and returns its name.
func inputFile(t *testing.T, zipped bool) string {
	t.Helper()
	var b bytes.Buffer
	for i := range 10 {
		b.WriteString(postLine(fmt.Sprint(i), float64(i)))
	}
	data := b.Bytes()
	if zipped {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		w.Write(data)
		w.Close()
		data = z.Bytes()
	}
	file := filepath.Join(t.TempDir(), "posts.ndjson")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// stopAfter replays until n items are acknowledged, takes one more without an
// acknowledgement, and stops.
func stopAfter(t *testing.T, cfg Config, n int) (got []pipeline.Item) {
	t.Helper()
	stop := errors.New("stopped")
	err := New(cfg).Run(t.Context(), func(_ context.Context, it pipeline.Item) error {
		got = append(got, it)
		if len(got) > n {
			return stop
		}
		it.Ack()
		return nil
	})
	if !errors.Is(err, stop) {
		t.Fatalf("Run ended with %v", err)
	}
	return got
}

// TestResume stops a replay after four acknowledged posts, twice, and starts it
// again: it goes on with the fifth, then the eighth, with the shift of the first
// start, and once it is at the end it does nothing.
func TestResume(t *testing.T) {
	for _, zipped := range []bool{false, true} {
		t.Run(fmt.Sprintf("gzip %t", zipped), func(t *testing.T) {
			cfg := Config{Path: inputFile(t, zipped), StateDir: t.TempDir(), Shift: ShiftStart}
			first := stopAfter(t, cfg, 4)
			second := stopAfter(t, cfg, 3)
			third := collect(t, New(cfg))
			if got, want := ids(slices.Concat(first, second, third)), strings.Fields("0 1 2 3 4 4 5 6 7 7 8 9"); !slices.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
			if a, b := first[4].Event.At, second[0].Event.At; !a.Equal(b) {
				t.Errorf("the same post carried %v and, after the restart, %v", a, b)
			}
			if fourth := collect(t, New(cfg)); len(fourth) != 0 {
				t.Errorf("after the end %d items were sent", len(fourth))
			}
			cfg.Again = true
			if again := collect(t, New(cfg)); len(again) != 10 {
				t.Errorf("again: %d items", len(again))
			}
		})
	}
}

// TestResumeAnywhere stops a replay of each golden input after every number of
// items and goes on from there, compressed too: what is left is the end of the
// whole, and bad records keep their places.
func TestResumeAnywhere(t *testing.T) {
	inputs, _ := filepath.Glob("testdata/*.in.*")
	for _, in := range inputs {
		plain, err := os.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		w.Write(plain)
		w.Close()
		for step, data := range map[int][]byte{1: plain, 4: z.Bytes()} {
			cfg := Config{Path: in, Data: data, Server: "pond.example", Door: testDoor()}
			want := places(collect(t, New(cfg)))
			for n := 0; n < len(want); n += step {
				cfg.StateDir = t.TempDir()
				stopAfter(t, cfg, n)
				rest := places(collect(t, New(cfg)))
				if len(rest) < len(want)-n || !slices.Equal(rest, want[len(want)-len(rest):]) {
					t.Errorf("%s after %d of %d: %q is left", in, n, len(want), rest)
				}
			}
		}
	}
}

// places are the ids of posts and the positions of bad records.
func places(items []pipeline.Item) []string {
	places := ids(items)
	for i, it := range items {
		if it.Bad != nil {
			places[i] = it.Bad.Position
		}
	}
	return places
}

// TestTimelineIsStable asks for the timeline before the run, as cmd does to move
// outages, and in a later process.
func TestTimelineIsStable(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := Config{Path: inputFile(t, false), StateDir: t.TempDir(), Shift: ShiftEnd, Now: func() time.Time { return now }}
	src := New(cfg)
	tl, err := src.Timeline(t.Context())
	if err != nil || !tl.Anchor.Equal(noon.Add(9*time.Second)) || !tl.Now.Equal(now) {
		t.Fatalf("%+v, %v", tl, err)
	}
	now = now.Add(time.Hour)
	items := collect(t, src)
	if got, want := items[9].Event.At, tl.Now; !got.Equal(want) {
		t.Errorf("the last post carries %v, want %v", got, want)
	}
	later, err := New(cfg).Timeline(t.Context())
	if err != nil || later != tl {
		t.Errorf("a later process has %+v, want %+v, %v", later, tl, err)
	}
}

// TestStateOfAnotherFile shows when a memory counts: not for another content
// under the same name, not when it is damaged, and for a file that has grown.
func TestStateOfAnotherFile(t *testing.T) {
	cases := []struct {
		name string
		do   func(cfg Config) error
		want string
	}{
		{"another content", func(cfg Config) error {
			return os.WriteFile(cfg.Path, []byte(postLine("new", 0)+strings.Repeat(postLine("x", 1), 20)), 0o600)
		}, "new"},
		{"a damaged memory", func(cfg Config) error {
			return os.WriteFile(cfg.statePath(), []byte("{"), 0o600)
		}, "0"},
		{"no memory", func(cfg Config) error { return os.Remove(cfg.statePath()) }, "0"},
		{"a file that has grown", func(cfg Config) error {
			f, err := os.OpenFile(cfg.Path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString(postLine("grown", 99))
			return errors.Join(err, f.Close())
		}, "grown"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg := Config{Path: inputFile(t, false), StateDir: t.TempDir()}
			collect(t, New(cfg))
			if err := c.do(cfg); err != nil {
				t.Fatal(err)
			}
			items := collect(t, New(cfg))
			if len(items) == 0 || ids(items)[0] != c.want {
				t.Errorf("got %v, want to begin with %s", ids(items), c.want)
			}
		})
	}
}

// TestLateAcks shows that Run at the end of its input waits for the
// acknowledgements, and that one which comes after a stop still counts.
func TestLateAcks(t *testing.T) {
	cfg := Config{Path: inputFile(t, false), StateDir: t.TempDir()}
	acks := make(chan func(), 10)
	ended := make(chan error, 1)
	go func() {
		ended <- New(cfg).Run(t.Context(), func(_ context.Context, it pipeline.Item) error { acks <- it.Ack; return nil })
	}()
	for range 10 {
		ack := <-acks
		select {
		case err := <-ended:
			t.Fatalf("Run ended before the last acknowledgement: %v", err)
		default:
		}
		ack()
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if items := collect(t, New(cfg)); len(items) != 0 {
		t.Errorf("%d items were sent again", len(items))
	}
}

// TestUnwritableState shows that a replay which cannot remember goes on, loudly.
func TestUnwritableState(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Path: inputFile(t, false), StateDir: filepath.Join(dir, "state")}
	var log bytes.Buffer
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	src := New(cfg)
	if _, err := src.Timeline(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(cfg.StateDir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.StateDir, nil, 0o600); err != nil { // a file where the folder was
		t.Fatal(err)
	}
	if items := collect(t, src); len(items) != 10 {
		t.Errorf("%d items", len(items))
	}
	if !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("the log says nothing:\n%s", log.String())
	}
}
