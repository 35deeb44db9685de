package chdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// endless never ends by itself; it begins to run, gives no row, and can be killed.
const endless = "SELECT count() FROM system.numbers WHERE NOT ignore(sipHash64(number))"

// running waits until the engine runs a query that contains a text, or none.
func running(t *testing.T, e *Engine, text string, want bool) {
	t.Helper()
	for t.Context().Err() == nil {
		got, err := ask(t.Context(), e, "/", "SELECT count() > 0 FROM system.processes WHERE position(query, '"+text+"') > 0 AND position(query, 'system.processes') = 0")
		must(t, err)
		if got == "1\n" == want {
			return
		}
	}
}

// TestCancel ends a request's context while the engine works on it. The caller
// is free at once, and the engine soon.
func TestCancel(t *testing.T) {
	e := engine(t)
	for name, query := range map[string]string{
		"streamed": endless,
		"whole":    "INSERT INTO FUNCTION null('n UInt64') " + endless,
		"format":   endless + " FORMAT JSON",
	} {
		t.Run(name, func(t *testing.T) {
			mark := "cancel " + name
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- post(ctx, e, "/", query+" -- "+mark) }()
			running(t, e, mark, true)
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			running(t, e, mark, false)
		})
	}
	idle(t, e)
}

// idle waits until every connection has come back.
func idle(t *testing.T, e *Engine) {
	t.Helper()
	e.busy.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.live) != 0 || len(e.slots) != 0 {
		t.Errorf("%d calls are alive, %d places taken", len(e.live), len(e.slots))
	}
}

// TestUnreadResult gives a streamed result up in every way: closed early, its
// context ended, forgotten until then.
func TestUnreadResult(t *testing.T) {
	e := engine(t)
	ctx, cancel := context.WithCancel(t.Context())
	get := func() io.ReadCloser {
		resp, err := e.RoundTrip(httptest.NewRequestWithContext(ctx, "POST", "/?default_format=Native", strings.NewReader("SELECT number FROM system.numbers")))
		must(t, err)
		if _, err := io.ReadFull(resp.Body, make([]byte, 3_000_000)); err != nil {
			t.Fatal(err)
		}
		return resp.Body
	}
	must(t, get().Close())
	body := get()
	get() // forgotten
	cancel()
	idle(t, e)
	if n, err := body.Read(make([]byte, 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("read %d, %v after the context's end", n, err)
	}
	must(t, body.Close())
}

// TestCancelInsert ends a context while the rows are still coming: none of them
// is there afterwards.
func TestCancelInsert(t *testing.T) {
	conn, e := fresh(t), engine(t)
	must(t, conn.Exec(t.Context(), "CREATE TABLE t (x UInt64) ENGINE = MergeTree ORDER BY x"))
	ctx, cancel := context.WithCancel(t.Context())
	rows, w := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := e.RoundTrip(httptest.NewRequestWithContext(ctx, "POST", "/?database=t_TestCancelInsert&query=INSERT+INTO+t+FORMAT+TSV", rows))
		done <- err
	}()
	fmt.Fprint(w, "1\n2\n3\n")
	running(t, e, "INSERT INTO t", true)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	idle(t, e)
	if _, err := fmt.Fprint(w, "4\n"); err == nil {
		t.Error("the body was not closed")
	}
	var n uint64
	must(t, conn.QueryRow(t.Context(), "SELECT count() FROM t").Scan(&n))
	if n != 0 {
		t.Errorf("%d rows of a cancelled insert", n)
	}
}

// TestBrokenInsert sends rows that end in the middle, that are broken, or that
// the sender gives up: nothing of them is inserted.
func TestBrokenInsert(t *testing.T) {
	conn, e := fresh(t), engine(t)
	must(t, conn.Exec(t.Context(), "CREATE TABLE t (x UInt64, s String) ENGINE = MergeTree ORDER BY x"))
	block := "\x02\x03\x01x\x06UInt64" + strings.Repeat("\x01\x00\x00\x00\x00\x00\x00\x00", 3) + "\x01s\x06String" + strings.Repeat("\x03abc", 3)
	for _, c := range []struct {
		name string
		body io.Reader
		want string // of the error
	}{
		{"cut in a string", strings.NewReader(block[:len(block)-2]), "Code: 33."},
		{"cut in a header", strings.NewReader(block + block[:5]), "Code: 3"},
		{"another type", strings.NewReader(strings.Replace(block, "UInt64", "UInt99", 1)), "Code: 50."},
		{"sender gone", io.MultiReader(strings.NewReader(block), failing{}), "rows of the insert: gone"},
		{"garbage", strings.NewReader(strings.Repeat("\xff", 100)), "Code: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, err := e.RoundTrip(httptest.NewRequestWithContext(t.Context(), "POST", "/?database=t_TestBrokenInsert&query=INSERT+INTO+t+FORMAT+Native", c.body))
			must(t, err)
			text, err := io.ReadAll(resp.Body)
			must(t, err)
			if resp.StatusCode < 400 || !strings.Contains(string(text), c.want) {
				t.Errorf("%d %s", resp.StatusCode, text)
			}
			var n uint64
			must(t, conn.QueryRow(t.Context(), "SELECT count() FROM t").Scan(&n))
			if n != 0 {
				t.Errorf("%d rows", n)
			}
		})
	}
	resp, err := e.RoundTrip(httptest.NewRequest("POST", "/?database=t_TestBrokenInsert&query=INSERT+INTO+t+FORMAT+Native", strings.NewReader(block+block)))
	must(t, err)
	if got := resp.Header.Get("X-ClickHouse-Summary"); resp.StatusCode != 200 || got != `{"written_rows":"6"}` {
		t.Errorf("whole blocks: %d, %s", resp.StatusCode, got)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("gone") }

// TestReadDuringInsert reads and writes elsewhere while an insert is under way,
// whose rows do not come until the others are done.
func TestReadDuringInsert(t *testing.T) {
	conn, e := fresh(t), engine(t)
	ctx := t.Context()
	must(t, conn.Exec(ctx, "CREATE TABLE t (x UInt64) ENGINE = MergeTree ORDER BY x"))
	rows, w := io.Pipe()
	done := make(chan error)
	go func() {
		resp, err := e.RoundTrip(httptest.NewRequestWithContext(ctx, "POST", "/?database=t_TestReadDuringInsert&query=INSERT+INTO+t+FORMAT+TSV", rows))
		done <- answered(resp, err)
	}()
	fmt.Fprint(w, "1\n")
	running(t, e, "INSERT INTO t", true)
	var wg sync.WaitGroup
	for i := range 2 * maxConns {
		wg.Go(func() {
			query := fmt.Sprintf("SELECT count() FROM t WHERE x = %d", i)
			if i%4 == 0 {
				query = fmt.Sprintf("INSERT INTO t VALUES (%d)", 100+i)
			}
			if err := drain(ctx, conn, query); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	must(t, w.Close())
	must(t, <-done)
	var n uint64
	must(t, conn.QueryRow(ctx, "SELECT count() FROM t").Scan(&n))
	if n != 1+2*maxConns/4 {
		t.Errorf("%d rows", n)
	}
}

// TestClose closes an engine that is at work.
func TestClose(t *testing.T) {
	engine(t)
	reopened(t, t.TempDir(), func(e *Engine) {
		done := make(chan error)
		go func() { done <- post(t.Context(), e, "/", endless) }()
		running(t, e, "ignore(sipHash64", true)
		resp, err := e.RoundTrip(httptest.NewRequest("POST", "/?default_format=Native", strings.NewReader("SELECT number FROM system.numbers")))
		must(t, err)
		whole, err := e.RoundTrip(httptest.NewRequest("POST", "/", strings.NewReader("SHOW DATABASES LIKE 'default'")))
		must(t, err)
		must(t, post(t.Context(), e, "/", "CREATE TABLE t (x UInt64) ENGINE = MergeTree ORDER BY x"))
		server := httptest.NewServer(e)
		defer server.Close()
		stalled, w := io.Pipe()
		defer w.Close()
		remote, remoteW := io.Pipe()
		for _, insert := range []func() error{
			func() error {
				resp, err := e.RoundTrip(httptest.NewRequest("POST", "/?query=INSERT+INTO+t+FORMAT+CSV", stalled))
				return answered(resp, err)
			},
			func() error {
				resp, err := server.Client().Post(server.URL+"/?query=INSERT+INTO+t+FORMAT+TSV", "", remote)
				return answered(resp, err)
			},
		} {
			go func() { done <- insert() }()
		}
		running(t, e, "FORMAT CSV", true)
		running(t, e, "FORMAT TSV", true)

		must(t, e.Close())
		remoteW.Close() // net/http's client waits for its body, even so
		for range 3 {
			if err := <-done; err == nil {
				t.Error("an endless request succeeded")
			}
		}
		if text, err := io.ReadAll(whole.Body); string(text) != "default\n" || err != nil {
			t.Errorf("a whole result after Close: %q, %v", text, err)
		}
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, errClosed) {
			t.Errorf("reading on: %v", err)
		}
		must(t, resp.Body.Close())
	})
}

// answered is the error of a response, if it is one.
func answered(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// TestSignals checks that Go still has the process's signals.
func TestSignals(t *testing.T) {
	engine(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a nil dereference is no panic")
			}
		}()
		var p *int
		*p = 1
	}()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1} {
		got := make(chan os.Signal, 1)
		signal.Notify(got, sig)
		must(t, syscall.Kill(os.Getpid(), sig))
		select {
		case <-got:
		case <-time.After(time.Minute):
			t.Errorf("%s did not arrive", sig)
		}
		signal.Stop(got)
	}
}
