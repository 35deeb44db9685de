package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// liveBench has many listeners on one server. Its engine runs in another process,
// so that the memory measured is that of the site alone.
type liveBench struct {
	program   string
	dir       string
	listeners int
	rounds    int
}

func (b liveBench) run(ctx context.Context) error {
	data := filepath.Join(b.dir, "live")
	if _, err := os.Stat(data); err != nil {
		if err := (history{100_000, 50, time.Now().UTC()}).fill(ctx, data); err != nil {
			return err
		}
	}
	engine, err := serve(b.program, data)
	if err != nil {
		return err
	}
	defer engine.Process.Kill()
	site, err := serve(b.program, data)
	if err != nil {
		return err
	}
	defer site.Process.Kill()
	db, err := writer(ctx, data)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := b.listen(ctx, site, &arrivals{store: db, outages: []string{"bench-1"}}); err != nil {
		return err
	}
	began := time.Now()
	if err := site.stop(); err != nil {
		return fmt.Errorf("the site did not end cleanly: %w", err)
	}
	fmt.Printf("with all listeners on, the site ended in %.1f s\n", time.Since(began).Seconds())
	return engine.stop()
}

// listen opens the streams, lets things change, and prints what came of it.
func (b liveBench) listen(ctx context.Context, site *server, a *arrivals) error {
	before := memory(site.Process.Pid)
	c := crowd{heard: make([]atomic.Int64, b.listeners)}
	began := time.Now()
	for i := range b.listeners {
		if err := c.join(ctx, i, site.base); err != nil {
			return fmt.Errorf("listener %d: %w", i+1, err)
		}
	}
	defer c.leave()
	fmt.Printf("%d listeners joined in %.1f s\n", b.listeners, time.Since(began).Seconds())
	time.Sleep(5 * time.Second)
	peak := memory(site.Process.Pid)
	for range b.rounds {
		used, round := clockOf(site.Process.Pid), time.Now()
		if err := a.write(ctx, 1); err != nil {
			return err
		}
		changed := time.Now().UnixNano()
		first, last, n := c.wait(changed, 30*time.Second)
		peak = max(peak, memory(site.Process.Pid))
		fmt.Printf("a change reached the first of %d listeners after %.2f s, the last after %.2f s; %.0f ms of processor time\n",
			n, first.Seconds(), last.Seconds(), float64((clockOf(site.Process.Pid) - used).Milliseconds()))
		time.Sleep(max(0, 3*time.Second-time.Since(round)))
	}
	after := memory(site.Process.Pid)
	fmt.Printf("server: %d MiB resident before, %d MiB with %d listeners (%d MiB at most; %.1f KiB each)\n",
		before>>20, after>>20, b.listeners, peak>>20, float64(after-before)/1024/float64(b.listeners))
	fmt.Printf("dropped: %d\n", c.dropped.Load())
	return nil
}

// crowd are the listeners; heard is when each heard an event last.
type crowd struct {
	heard   []atomic.Int64
	dropped atomic.Int64
	left    atomic.Bool
	conns   []net.Conn
}

// join opens a stream of one outage and waits until it has begun. There are fewer
// ports than listeners on some machines: each thousand has an address of its own.
func (c *crowd) join(ctx context.Context, i int, base string) error {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i/1000%250))}}
	conn, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "GET /api/v1/outages/bench-1/live HTTP/1.1\r\nHost: bench.example\r\nAccept: text/event-stream\r\n\r\n"); err != nil {
		return err
	}
	head := make([]byte, 12)
	if _, err := io.ReadFull(conn, head); err != nil || !bytes.Equal(head, []byte("HTTP/1.1 200")) {
		return fmt.Errorf("%q, %w", head, err)
	}
	c.conns = append(c.conns, conn)
	go c.read(conn, i)
	return nil
}

func (c *crowd) read(conn net.Conn, i int) {
	buf := make([]byte, 1500)
	for {
		n, err := conn.Read(buf)
		if bytes.Contains(buf[:n], []byte("event: outage")) {
			c.heard[i].Store(time.Now().UnixNano())
		}
		if err != nil {
			if !c.left.Load() {
				c.dropped.Add(1)
			}
			return
		}
	}
}

// wait until all have heard something after a moment (Unix nanoseconds), and
// return how long after it the first and the last of them did, and how many.
func (c *crowd) wait(moment int64, most time.Duration) (first, last time.Duration, n int) {
	var took []int64
	for deadline := time.Now().Add(most); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		took = took[:0]
		for i := range c.heard {
			if at := c.heard[i].Load(); at > moment {
				took = append(took, at-moment)
			}
		}
		if len(took) == len(c.heard) {
			break
		}
	}
	if len(took) == 0 {
		return 0, 0, 0
	}
	return time.Duration(slices.Min(took)), time.Duration(slices.Max(took)), len(took)
}

// leave does not count as dropped.
func (c *crowd) leave() { c.left.Store(true) }
