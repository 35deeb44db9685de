package chdb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// maxConns is how many requests run at once; more wait for their turn. A
// connection costs 150 kB and no thread while it rests.
const maxConns = 32

// Engine is the ClickHouse engine of this process on one data directory. Its
// methods may be called from any goroutine.
type Engine struct {
	lib      *library
	args     []string
	dir      string
	version  string
	timezone string

	slots chan struct{} // one token per connection in use
	done  chan struct{} // closed by Close
	mu    sync.Mutex
	idle  []*conn
	live  map[*call]struct{} // requests that hold a connection
	busy  sync.WaitGroup     // connections in use
	ended bool

	killer struct { // a connection beside the pool, for KILL QUERY only
		sync.Mutex
		conn *conn
	}
}

var (
	_ http.RoundTripper = (*Engine)(nil)
	_ http.Handler      = (*Engine)(nil)
)

// opened is the data directory of this process's engine and how many Engines
// are open on it. libchdb keeps one engine per process.
var opened struct {
	sync.Mutex
	dir   string
	count int
}

// Open loads the library (see Find) and starts the engine on dataDir, which is
// created when it is missing. A process has one data directory at a time: while
// one is open, opening another is an error. The caller must Close the Engine.
func Open(libPath, dataDir string) (*Engine, error) {
	dir, err := filepath.Abs(dataDir)
	if err != nil {
		return nil, fmt.Errorf("chdb: data directory %q: %w", dataDir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("chdb: data directory: %w", err)
	}
	lib, err := load(libPath)
	if err != nil {
		return nil, err
	}
	if err := claim(dir); err != nil {
		return nil, err
	}
	e := &Engine{
		lib: lib, dir: dir,
		slots: make(chan struct{}, maxConns),
		done:  make(chan struct{}),
		live:  map[*call]struct{}{},
	}
	if err := e.start(); err != nil {
		unclaim()
		return nil, err
	}
	return e, nil
}

// start writes the configuration, opens the first connection, which boots the
// engine, and asks for the version.
func (e *Engine) start() error {
	path, err := writeConfig(e.dir)
	if err != nil {
		return err
	}
	e.args = []string{"hugops", "--path=" + e.dir, "--config-file=" + path}
	c, err := e.open()
	if err != nil {
		return err
	}
	out, err := c.text("SELECT version(), timezone()", "TSVRaw")
	if err == nil {
		e.killer.conn, err = e.open()
	}
	if err != nil {
		c.close()
		return fmt.Errorf("chdb: the engine does not answer: %w", err)
	}
	e.version, e.timezone, _ = strings.Cut(out, "\t")
	e.idle = append(e.idle, c)
	return nil
}

// Version is ClickHouse's version, such as "26.7.2.1".
func (e *Engine) Version() string { return e.version }

// Close ends what is running (their callers get an error), waits for the engine
// to let go, and stops it. The data directory is then free for another process.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.ended {
		e.mu.Unlock()
		return nil
	}
	e.ended = true
	close(e.done)
	running := make([]*call, 0, len(e.live))
	for c := range e.live {
		running = append(running, c)
	}
	e.mu.Unlock()

	for _, c := range running {
		c.abort()
	}
	e.busy.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.idle {
		c.close()
	}
	e.idle = nil
	e.killer.Lock()
	e.killer.conn.close()
	e.killer.conn = nil
	e.killer.Unlock()
	unclaim()
	return nil
}

var errClosed = errors.New("chdb: the engine is closed")

// acquire waits for a place and returns a connection that has the wanted
// session (database and settings).
func (e *Engine) acquire(ctx context.Context, want session) (*conn, error) {
	select {
	case e.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-e.done:
		return nil, errClosed
	}
	c, err := e.take(want)
	if err != nil {
		<-e.slots
		return nil, err
	}
	return c, nil
}

// take returns a resting connection brought into the wanted session, or a new
// one. A connection that cannot be brought there (one left read-only, say) is
// dropped, so only a new connection's refusal is the request's error.
func (e *Engine) take(want session) (*conn, error) {
	e.mu.Lock()
	if e.ended {
		e.mu.Unlock()
		return nil, errClosed
	}
	e.busy.Add(1)
	c := e.pick(want)
	e.mu.Unlock()

	if c != nil {
		if c.enter(want) == nil {
			return c, nil
		}
		c.close()
	}
	c, err := e.open()
	if err == nil {
		if err = c.enter(want); err == nil {
			return c, nil
		}
		c.close()
	}
	e.busy.Done()
	return nil, err
}

// pick removes a resting connection from the pool, one in the wanted session
// when there is one. The caller holds mu.
func (e *Engine) pick(want session) *conn {
	if len(e.idle) == 0 {
		return nil
	}
	best := len(e.idle) - 1
	for i := best; i >= 0; i-- {
		if e.idle[i].now.equal(want) {
			best = i
			break
		}
	}
	c := e.idle[best]
	e.idle = append(e.idle[:best], e.idle[best+1:]...)
	return c
}

// release gives a connection back, or closes it when it is not to be used again.
func (e *Engine) release(c *conn) {
	if c.spent {
		c.close()
	} else {
		e.mu.Lock()
		e.idle = append(e.idle, c)
		e.mu.Unlock()
	}
	<-e.slots
	e.busy.Done()
}

// claim marks dir as this process's data directory.
func claim(dir string) error {
	opened.Lock()
	defer opened.Unlock()
	if opened.count > 0 && opened.dir != dir {
		return fmt.Errorf("chdb: a process has one engine, and this one's is open on %s: close it before opening %s", opened.dir, dir)
	}
	opened.dir = dir
	opened.count++
	return nil
}

func unclaim() {
	opened.Lock()
	opened.count--
	opened.Unlock()
}

// whyNot explains a refused start, of which the library gives no reason: mostly
// another process holds the directory (ClickHouse locks the file "status").
func whyNot(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, "status"), os.O_RDWR, 0)
	if err == nil {
		defer f.Close()
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			return fmt.Errorf("chdb: data directory %s is in use by another process: stop it, or choose another directory", dir)
		}
	}
	return fmt.Errorf("chdb: the engine does not start on %s: is it writable, and written by the same or an older version of the engine?", dir)
}

// kill ends the query that begins with a mark, if it runs now.
func (e *Engine) kill(mark string) {
	e.killer.Lock()
	defer e.killer.Unlock()
	if e.killer.conn != nil {
		// A query that is not found, or ends by itself meanwhile, is no error.
		_ = e.killer.conn.run("KILL QUERY WHERE startsWith(query, " + quoteString(mark) + ") ASYNC")
	}
}
