package live

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if file := os.Getenv("LIVE_CURSOR"); file != "" {
		count(file)
	}
	os.Exit(m.Run())
}

// count emits and acknowledges numbers, each of them written at once, until it
// is killed.
func count(file string) {
	c := OpenCursor[int](file, 0, discard)
	for n := c.Position() + 1; ; n++ {
		c.Emitted(n)()
		if n%50 == 0 {
			os.Stdout.WriteString(".")
		}
	}
}

// TestKill kills a process that writes its position all the time: the next one
// goes on, never back.
func TestKill(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cursor.json")
	last := 0
	for range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "LIVE_CURSOR="+file)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		out.Read(make([]byte, 1)) // the next number that 50 divides is acknowledged
		cmd.Process.Kill()
		cmd.Wait()
		var log bytes.Buffer
		n := OpenCursor[int](file, 0, slog.New(slog.NewTextHandler(&log, nil))).Position()
		if n < last/50*50+50 || log.Len() > 0 {
			t.Fatalf("after a kill the position is %d, it was %d before\n%s", n, last, log.String())
		}
		last = n
	}
}

// TestCursor lists what is acknowledged and passed, and the position after.
func TestCursor(t *testing.T) {
	c := OpenCursor[int](filepath.Join(t.TempDir(), "deep", "cursor.json"), time.Hour, discard)
	at := func(what string, want int) {
		t.Helper()
		if got := c.Position(); got != want {
			t.Errorf("%s: at %d, want %d", what, got, want)
		}
	}
	onDisk := func(what string, want int) {
		t.Helper()
		if got := OpenCursor[int](c.file, 0, discard).Position(); got != want {
			t.Errorf("%s: the file says %d, want %d", what, got, want)
		}
	}
	c.Passed(1)
	at("nothing is under way", 1)
	ack2, ack3 := c.Emitted(2), c.Emitted(3)
	c.Passed(4)
	at("two are under way", 1)
	ack2()
	at("one is under way", 2)
	onDisk("it is not yet time to write", 0)
	c.Close()
	onDisk("at the end", 2)
	ack3()
	at("all is acknowledged", 4)
	onDisk("after the last acknowledgement", 4)
	OpenCursor[int]("", 0, discard).Emitted(1)() // no file: nothing to write
}

func TestDamagedCursor(t *testing.T) {
	for _, content := range []string{"", "{", `"text"`, "\x00\x00\x00\x00"} {
		file := filepath.Join(t.TempDir(), "cursor.json")
		os.WriteFile(file, []byte(content), 0o600)
		var log bytes.Buffer
		c := OpenCursor[int](file, 0, slog.New(slog.NewTextHandler(&log, nil)))
		if c.Position() != 0 || !strings.Contains(log.String(), "damaged") || !strings.Contains(log.String(), "starts anew") {
			t.Errorf("%q: position %d, log %s", content, c.Position(), log.String())
		}
		c.Emitted(7)()
		if got := OpenCursor[int](file, 0, discard).Position(); got != 7 {
			t.Errorf("%q: after it the file says %d", content, got)
		}
		if aside, err := os.ReadFile(file + ".damaged"); err != nil || string(aside) != content {
			t.Errorf("%q: put aside as %q, %v", content, aside, err)
		}
	}
}

// TestUnwritable: a position that cannot be written is said once, and the stream
// goes on.
func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "file"), nil, 0o600)
	var log bytes.Buffer
	c := OpenCursor[int](filepath.Join(dir, "cursor.json"), 0, slog.New(slog.NewTextHandler(&log, nil)))
	c.file = filepath.Join(dir, "file", "cursor.json") // under a file, not a folder
	for n := range 5 {
		c.Emitted(n)()
	}
	if got := strings.Count(log.String(), "cannot be written"); got != 1 {
		t.Errorf("said %d times:\n%s", got, log.String())
	}
}
