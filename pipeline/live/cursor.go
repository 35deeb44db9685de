package live

import (
	"log/slog"
	"sync"
	"time"
)

// Cursor remembers in a file how far a stream was brought into Kafka: a position
// counts once everything emitted up to it is acknowledged. It is written at most
// every so often, and when all is acknowledged after Close. It is safe for use
// by several goroutines; acknowledgements come in the order of emission.
type Cursor[P any] struct {
	file  string // "" remembers nothing
	every time.Duration
	log   *slog.Logger
	// Before is called before the position is written, and must write what is
	// known of the stream up to it; it may be nil.
	Before func() error

	mu      sync.Mutex
	acked   P
	latest  P
	pending int // emitted, not acknowledged
	changed bool
	closed  bool
	failing bool
	saved   time.Time
}

// OpenCursor reads the file. What cannot be read is logged, and the stream
// starts anew: a source that forgets is better than one that stops.
func OpenCursor[P any](file string, every time.Duration, log *slog.Logger) *Cursor[P] {
	c := &Cursor[P]{file: file, every: every, log: log, saved: time.Now()}
	if file == "" {
		return c
	}
	var p P
	if err := Load(file, &p); err != nil {
		log.Error("the position in the stream is lost: it starts anew, at what comes now", "error", err)
		return c
	}
	c.acked, c.latest = p, p
	return c
}

// Position is the one up to which all is acknowledged.
func (c *Cursor[P]) Position() P {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acked
}

// Emitted says that the item at p is on its way; the returned function is its
// Ack.
func (c *Cursor[P]) Emitted(p P) (ack func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending++
	c.latest = p
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.pending--
		c.advance(p)
	}
}

// Passed says that p was passed and nothing had to be emitted there.
func (c *Cursor[P]) Passed(p P) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest = p
	if c.pending == 0 {
		c.advance(p)
	}
}

func (c *Cursor[P]) advance(p P) {
	c.acked, c.changed = p, true
	if c.pending == 0 {
		c.acked = c.latest
	}
	if time.Since(c.saved) >= c.every || c.closed && c.pending == 0 {
		c.save()
	}
}

// Close writes the position; acknowledgements that come later write it once
// more, after the last of them.
func (c *Cursor[P]) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.save()
}

func (c *Cursor[P]) save() {
	if c.file == "" || !c.changed {
		return
	}
	c.saved = time.Now()
	var err error
	if c.Before != nil {
		err = c.Before()
	}
	if err == nil {
		err = Save(c.file, c.acked)
	}
	if err != nil && !c.failing {
		c.log.Error("the position in the stream cannot be written: after a restart some posts come again", "error", err)
	}
	c.failing = err != nil
	c.changed = c.failing
}
