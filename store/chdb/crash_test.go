package chdb

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childEnv makes the test binary a child process that owns a data directory,
// inserts, says so on its output, and waits to be killed.
const childEnv = "HUGOPS_TEST_CHDB_DIR"

func child(dir string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
	}
	path, err := Find()
	fail(err)
	e, err := Open(path, dir)
	fail(err)
	for _, query := range []string{
		"CREATE TABLE IF NOT EXISTS t (x UInt64, s String) ENGINE = MergeTree ORDER BY x",
		"CREATE TABLE IF NOT EXISTS sums (k UInt8, n UInt64) ENGINE = SummingMergeTree ORDER BY k",
		"CREATE MATERIALIZED VIEW IF NOT EXISTS to_sums TO sums AS SELECT toUInt8(x % 2) AS k, count() AS n FROM t GROUP BY k",
		"INSERT INTO t SELECT number, toString(number) FROM numbers(1000)",
		"INSERT INTO t VALUES (1000, 'last')",
	} {
		fail(post(context.Background(), e, "/", query))
	}
	fmt.Println("inserted")
	select {}
}

// post sends a statement and reads its answer; an exception is an error.
func post(ctx context.Context, e *Engine, url, body string) error {
	_, err := ask(ctx, e, url, body)
	return err
}

// ask is post that returns the answer's text.
func ask(ctx context.Context, e *Engine, url, body string) (string, error) {
	resp, err := e.RoundTrip(httptest.NewRequestWithContext(ctx, "POST", url, strings.NewReader(body)))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != 200 {
		err = newException(string(text))
	}
	return string(text), err
}

// startChild runs the child until it has inserted.
func startChild(t *testing.T, dir string) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	kill = func() {
		_ = cmd.Process.Kill() // SIGKILL; gone already is as good
		_ = cmd.Wait()         // says "killed"
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "inserted\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	return kill
}

// TestKilledProcess kills a process right after its inserts were acknowledged,
// several times on one directory, and looks for every row.
func TestKilledProcess(t *testing.T) {
	engine(t)
	dir := t.TempDir()
	for range 2 {
		startChild(t, dir)()
	}
	reopened(t, dir, func(e *Engine) {
		got, err := ask(t.Context(), e, "/", "SELECT count(), uniqExact(x), countIf(s = 'last'), (SELECT sum(n) FROM sums) FROM t")
		if err != nil || got != "2002\t1001\t2\t2002\n" {
			t.Errorf("rows after SIGKILL: %q, %v", got, err)
		}
	})
}

// TestDirectoryInUse opens a directory that another process holds.
func TestDirectoryInUse(t *testing.T) {
	engine(t)
	dir := t.TempDir()
	startChild(t, dir)
	withoutShared(t, func(path string) {
		e, err := Open(path, dir)
		if err == nil {
			e.Close()
			t.Fatal("two processes opened one directory")
		}
		if !strings.Contains(err.Error(), "in use by another process") {
			t.Error(err)
		}
	})
}

// TestOneEngine opens a second directory, which a process cannot, and the same
// one twice, which it can.
func TestOneEngine(t *testing.T) {
	e := engine(t)
	path, err := Find()
	must(t, err)
	if other, err := Open(path, t.TempDir()); err == nil {
		other.Close()
		t.Error("a second directory was opened")
	} else if !strings.Contains(err.Error(), "close it before") {
		t.Error(err)
	}
	twin, err := Open(path, e.dir)
	must(t, err)
	must(t, twin.Close())
	must(t, twin.Close())
	if err := post(t.Context(), twin, "/", "SELECT 1"); err == nil {
		t.Error("a closed engine answers")
	}
	must(t, post(t.Context(), e, "/", "SELECT 1"))
}

// withoutShared closes the shared engine for as long as f needs another.
func withoutShared(t *testing.T, f func(path string)) {
	t.Helper()
	path, err := Find()
	must(t, err)
	dir := shared.engine.dir
	must(t, shared.engine.Close())
	defer func() {
		shared.engine, shared.err = Open(path, dir)
		must(t, shared.err)
	}()
	f(path)
}

// reopened runs f with an engine on dir.
func reopened(t *testing.T, dir string, f func(*Engine)) {
	t.Helper()
	withoutShared(t, func(path string) {
		e, err := Open(path, dir)
		must(t, err)
		defer e.Close()
		f(e)
	})
}
