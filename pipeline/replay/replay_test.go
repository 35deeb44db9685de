package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// postLine is an own post, so many seconds after noon.
func postLine(id string, seconds float64) string {
	at := noon.Add(time.Duration(seconds * float64(time.Second)))
	return fmt.Sprintf(`{"id":%q,"network":"x","author":"a","posted_at":%q,"text":"t"}`+"\n", id, at.Format(time.RFC3339Nano))
}

func ids(items []pipeline.Item) []string {
	var ids []string
	for _, it := range items {
		switch {
		case it.Bad != nil:
			ids = append(ids, "bad")
		case it.Event.Post != nil:
			ids = append(ids, it.Event.Post.ID)
		default:
			ids = append(ids, string(it.Event.Kind))
		}
	}
	return ids
}

// TestHostileLines puts each hostile line between two good ones: it becomes one
// piece of bad input with its place, and its neighbours are unharmed.
func TestHostileLines(t *testing.T) {
	good := func(text string) string {
		return `{"id":"g","network":"x","author":"a","posted_at":"2026-11-02T12:00:00Z","text":"` + text + `"}`
	}
	exact := good(strings.Repeat("x", 1<<20-len(good(""))))
	if len(exact) != 1<<20 {
		t.Fatal("the line that just fits does not")
	}
	cases := []struct {
		name, line string
		bad        string // in the error; "" when the line is fine
	}{
		{"1 MiB decodes", exact, ""},
		{"a byte more does not", exact + " " + "x", "1048578 bytes are more than 1048576"},
		{"10 MB", good(strings.Repeat("y", 10_000_000)), "bytes are more than 1048576"},
		{"invalid UTF-8", good("\xff\xfe"), "invalid UTF-8"},
		{"invalid surrogate", good(`\ud800`), "surrogate"},
		{"NUL as an escape is text", good(`a\u0000b`), ""},
		{"NUL as a byte", good("a\x00b"), "invalid character"},
		{"10,000 deep", strings.Repeat("[", 10_000), "not a JSON object"},
		{"10,000 deep in a member", `{"network":"x","id":"1","author":` + strings.Repeat("[", 10_001) + `}`, "depth"},
		{"duplicate names: the last one wins", `{"id":"1","id":"g","network":"x","author":"a","posted_at":"2026-11-02T12:00:00Z","text":"t"}`, ""},
		{"unknown members are ignored", strings.Replace(good("t"), `{`, `{"mood":{"a":[1]},`, 1), ""},
		{"two objects on a line", good("a") + good("b"), "after top-level value"},
		{"windows line end", good("a") + "\r", ""},
		{"HTML", "<!doctype html><html>", "not a JSON object"},
		{"number out of range", `{"did":"did:plc:a","time_us":1e400,"kind":"commit"}`, "invalid json"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			data := postLine("before", 0) + c.line + "\n" + postLine("after", 1)
			items := collect(t, New(Config{Path: "f.ndjson", Data: []byte(data)}))
			want := []string{"before", "g", "after"}
			if c.bad != "" {
				want[1] = "bad"
			}
			if got := ids(items); !slices.Equal(got, want) {
				t.Fatalf("got %v, want %v", got, want)
			}
			if c.bad == "" {
				return
			}
			bad := items[1].Bad
			if !strings.Contains(bad.Err.Error(), c.bad) || !errors.Is(bad.Err, hugops.ErrInvalid) {
				t.Errorf("error %q does not say %q", bad.Err, c.bad)
			}
			if bad.Position != "f.ndjson:2" {
				t.Errorf("position %q", bad.Position)
			}
			if len(bad.Raw) == 0 || !strings.HasPrefix(c.line, string(bad.Raw)) || len(c.line) > 1<<20 && len(bad.Raw) != 4<<10 {
				t.Errorf("raw is %d bytes of a line of %d", len(bad.Raw), len(c.line))
			}
		})
	}
}

// TestMemoryIsBounded replays a line of 200 MB that nothing may hold.
func TestMemoryIsBounded(t *testing.T) {
	r := io.MultiReader(strings.NewReader(postLine("before", 0)+`{"id":"`), io.LimitReader(endless{}, 200<<20), strings.NewReader("\"}\n"+postLine("after", 1)))
	src := New(Config{Path: "f"})
	in := &input{br: bufio.NewReaderSize(r, bufferBytes), format: src.cfg.lines(nil)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var lines []string
	err := eachRecord(t.Context(), in, func(r *record) error {
		lines = append(lines, fmt.Sprint(len(r.dec.Events), r.err != nil))
		return nil
	})
	runtime.ReadMemStats(&after)
	if want := []string{"1 false", "0 true", "1 false"}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("%v, %v", lines, err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("%d bytes were allocated for it", grown)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestOrder replays more lines than many batches hold: none is lost, and the
// order is that of the file.
func TestOrder(t *testing.T) {
	var data bytes.Buffer
	var want []string
	for i := range 5000 {
		id := fmt.Sprint(i)
		switch {
		case i%97 == 0:
			data.WriteString("\n\n{broken\n")
			want = append(want, "bad")
		case i%501 == 0: // batches of very different weight
			data.WriteString(strings.Replace(postLine(id, 0), `"t"`, `"`+strings.Repeat("t", 300_000)+`"`, 1))
			want = append(want, id)
		default:
			data.WriteString(postLine(id, 0))
			want = append(want, id)
		}
	}
	if got := ids(collect(t, New(Config{Path: "f", Data: data.Bytes()}))); !slices.Equal(got, want) {
		t.Errorf("%d items, want %d, or in another order", len(got), len(want))
	}
}

func TestGzip(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	io.WriteString(w, postLine("1", 0)+postLine("2", 1))
	w.Close()
	if got := ids(collect(t, New(Config{Path: "f.gz", Data: zipped.Bytes()}))); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("got %v", got)
	}
	cut := New(Config{Path: "f.gz", Data: zipped.Bytes()[:zipped.Len()-9]})
	err := cut.Run(t.Context(), func(context.Context, pipeline.Item) error { return nil })
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "f.gz") {
		t.Errorf("a file cut short: %v", err)
	}
}

// TestPipe feeds standard input line by line: each post is emitted before the
// next one is written.
func TestPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = stdin }()
	seen := make(chan string)
	ended := make(chan error)
	go func() {
		ended <- New(Config{Path: "-", StateDir: t.TempDir()}).Run(t.Context(), func(_ context.Context, it pipeline.Item) error {
			seen <- it.Event.Post.ID + " " + it.Source
			return nil
		})
	}()
	for _, id := range []string{"1", "2", "3"} {
		io.WriteString(w, postLine(id, 0))
		if got := <-seen; got != id+" backfill:stdin" {
			t.Errorf("got %q", got)
		}
	}
	w.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// played says when each item was emitted, and what time it carried, both in
// seconds after the start of the run.
func played(t *testing.T, cfg Config) string {
	t.Helper()
	var got []string
	start := time.Now()
	err := New(cfg).Run(t.Context(), func(_ context.Context, it pipeline.Item) error {
		carried := it.Event.At.Sub(start)
		if it.Event.Post != nil {
			carried = it.Event.Post.PostedAt.Sub(start)
		}
		if cfg.Shift == ShiftNone {
			carried = it.Event.At.Sub(noon)
		}
		got = append(got, fmt.Sprintf("%g:%g", time.Since(start).Seconds(), carried.Seconds()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(got, " ")
}

// TestPace plays posts of the seconds 0, 10, 40 (a deletion without a time of
// its own after it), 30 (late) and 60. Each result is "emitted at:time carried".
func TestPace(t *testing.T) {
	data := []byte(postLine("1", 0) + postLine("2", 10) + postLine("3", 40) +
		`{"event":"delete","payload":"7"}` + "\n" + postLine("4", 30) + postLine("5", 60))
	anchor := ShiftAnchor(noon.Add(20 * time.Second))
	cases := []struct {
		name  string
		speed float64
		shift Shift
		want  string
	}{
		{"as fast as possible", 0, ShiftNone, "0:0 0:10 0:40 0:40 0:30 0:60"},
		{"true time", 1, ShiftNone, "0:0 10:10 40:40 40:40 40:30 60:60"},
		{"ten times", 10, ShiftNone, "0:0 1:10 4:40 4:40 4:30 6:60"},
		{"half", 0.5, ShiftNone, "0:0 20:10 80:40 80:40 80:30 120:60"},
		{"the end is now", 1, ShiftEnd, "0:-60 0:-50 0:-20 0:-20 0:-30 0:0"},
		{"the start is now", 1, ShiftStart, "0:0 10:10 40:40 40:40 40:30 60:60"},
		{"the start is now, ten times", 10, ShiftStart, "0:0 1:1 4:4 4:4 4:3 6:6"},
		{"an anchor is now", 1, anchor, "0:-20 0:-10 20:20 20:20 20:10 40:40"},
		{"an anchor is now, ten times after it", 10, anchor, "0:-20 0:-10 2:2 2:2 2:1 4:4"},
		{"an anchor, as fast as possible", 0, anchor, "0:-20 0:-10 0:20 0:20 0:10 0:40"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := played(t, Config{Path: "f", Data: data, Speed: c.speed, Shift: c.shift}); got != c.want {
					t.Errorf("\ngot  %s\nwant %s", got, c.want)
				}
			})
		})
	}
}

// TestPaceWithAnotherNow fixes what a shift takes for now, as cmd does when it
// plans before it starts: the pace is that of the true clock all the same.
func TestPaceWithAnotherNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		planned := time.Now()
		time.Sleep(time.Second)
		data := []byte(postLine("1", 0) + postLine("2", 10) + postLine("3", 20) + postLine("4", 30))
		got := played(t, Config{Path: "f", Data: data, Speed: 1, Shift: ShiftStart, Now: func() time.Time { return planned }})
		if want := "0:-1 9:9 19:19 29:29"; got != want {
			t.Errorf("\ngot  %s\nwant %s", got, want)
		}
	})
}

// TestCancelWhileWaiting ends a replay that waits for a post of tomorrow.
func TestCancelWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error, 1)
		src := New(Config{Path: "f", Data: []byte(postLine("1", 0) + postLine("2", 86400)), Speed: 1})
		go func() { ended <- src.Run(ctx, func(context.Context, pipeline.Item) error { return nil }) }()
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func TestEmitError(t *testing.T) {
	full := errors.New("told to stop")
	src := New(Config{Path: "f", Data: []byte(strings.Repeat(postLine("1", 0), 5000))})
	if err := src.Run(t.Context(), func(context.Context, pipeline.Item) error { return full }); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	os.WriteFile(empty, []byte("\n"), 0o600)
	cases := []struct {
		name string
		cfg  Config
		want string
	}{
		{"no file", Config{Path: filepath.Join(dir, "none")}, "no such file"},
		{"a folder", Config{Path: dir}, "name one file"},
		{"shift of standard input", Config{Path: "-", Shift: ShiftEnd}, "shifted by a time only"},
		{"shift of nothing", Config{Path: empty, Shift: ShiftStart}, "no line"},
		{"negative speed", Config{Path: empty, Speed: -1}, "below 0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := New(c.cfg).Run(t.Context(), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not say %q", err, c.want)
			}
		})
	}
}

func TestProgress(t *testing.T) {
	data := []byte(strings.Repeat(postLine("1", 0), 3000))
	var told [][2]int64
	collect(t, New(Config{Path: "f", Data: data, Progress: func(done, total int64) { told = append(told, [2]int64{done, total}) }}))
	if last := told[len(told)-1]; last != [2]int64{int64(len(data)), int64(len(data))} {
		t.Errorf("at the end: %v of %d bytes", last, len(data))
	}
	if !slices.IsSortedFunc(told, func(a, b [2]int64) int { return int(a[0] - b[0]) }) {
		t.Errorf("progress goes backwards: %v", told)
	}
}

// TestProgressOfArchive: what follows the last item counts at the end.
func TestProgressOfArchive(t *testing.T) {
	var last [2]int64
	data := []byte(`{"orderedItems":[{"type":"Announce"}] }`)
	collect(t, New(Config{Path: "f", Data: data, Progress: func(done, total int64) { last = [2]int64{done, total} }}))
	if want := int64(len(data)); last != [2]int64{want, want} {
		t.Errorf("at the end: %v of %d bytes", last, want)
	}
}
