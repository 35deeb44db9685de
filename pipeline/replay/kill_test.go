package replay

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops/pipeline"
)

// TestMain serves TestKill: with HUGOPS_TEST_REPLAY set, the test binary replays
// that file, prints each post that it acknowledges, and hangs before the last.
func TestMain(m *testing.M) {
	file, dir, child := strings.Cut(os.Getenv("HUGOPS_TEST_REPLAY"), "|")
	if !child {
		os.Exit(m.Run())
	}
	_ = New(killConfig(file, dir)).Run(context.Background(), func(ctx context.Context, it pipeline.Item) error {
		if it.Event.Post.ID == "9" {
			<-ctx.Done()
		}
		it.Ack()
		fmt.Println(it.Event.Post.ID, it.Event.At.Format(time.RFC3339Nano))
		return nil
	})
}

func killConfig(file, dir string) Config {
	return Config{Path: file, StateDir: dir, Shift: ShiftEnd}
}

// TestKill kills a replay with SIGKILL and starts it again: nothing is lost, at
// most what was acknowledged since the last saving is sent again, and every post
// carries the time that it carried before.
func TestKill(t *testing.T) {
	t.Run("lines", func(t *testing.T) { kill(t, inputFile(t, false)) })
	t.Run("a table", func(t *testing.T) { kill(t, tableFile(t)) })
}

// tableFile writes ten posts as rows of several lines, and returns its name.
func tableFile(t *testing.T) string {
	rows := "\xef\xbb\xbfid,author,body,is_retweet,timestamp\r\n"
	for i := range 10 {
		rows += fmt.Sprintf("%d,owl,\"Nimbus,\n\"\"down\"\"\n\",no,2026-11-02 12:00:%02d\r\n", i, i)
	}
	file := filepath.Join(t.TempDir(), "posts.csv")
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func kill(t *testing.T, file string) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HUGOPS_TEST_REPLAY="+file+"|"+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	carried := map[string]string{}
	lines := bufio.NewScanner(out)
	for len(carried) < 9 && lines.Scan() {
		id, at, _ := strings.Cut(lines.Text(), " ")
		carried[id] = at
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()

	items := collect(t, New(killConfig(file, dir)))
	got := ids(items)
	if want := strings.Fields("0 1 2 3 4 5 6 7 8 9"); len(carried) != 9 || len(got) == 0 || len(got) == 10 || !slices.Equal(got, want[10-len(got):]) {
		t.Errorf("after %d posts and SIGKILL, %v", len(carried), got)
	}
	for _, it := range items {
		at := it.Event.At.Format(time.RFC3339Nano)
		if before, again := carried[it.Event.Post.ID]; again && before != at {
			t.Errorf("post %s carried %s and now %s", it.Event.Post.ID, before, at)
		}
	}
}
