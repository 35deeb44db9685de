package bluesky

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/live/livetest"
)

// TestMisbehaviour lets two hosts misbehave at random for CHAOS_LENGTH (3 s if it
// is not set), and kills the source now and then. In the end each post is acknowledged, or the ledger
// says that the time in which it was posted was not seen; and no post came from
// such a time.
func TestMisbehaviour(t *testing.T) {
	for i, wire := range wires {
		t.Run(wire, func(t *testing.T) {
			t.Parallel()
			seed := uint64(time.Now().UnixNano())
			if s := os.Getenv("CHAOS_SEED"); s != "" {
				seed, _ = strconv.ParseUint(s, 10, 64)
			}
			t.Logf("CHAOS_SEED=%d", seed)
			length, err := time.ParseDuration(cmp.Or(os.Getenv("CHAOS_LENGTH"), "3s"))
			if err != nil {
				t.Fatal("CHAOS_LENGTH:", err)
			}
			newChaos(t, wire, seed+uint64(i)).run(length)
		})
	}
}

type chaos struct {
	t     *testing.T
	net   *network
	hosts []*fakeHost
	cfg   Config
	log   *livetest.Log

	mu     sync.Mutex
	rand   *rand.Rand
	acked  map[int]bool
	latest int
	blind  []pipeline.Amendment // of all processes
	done   bool
}

func newChaos(t *testing.T, wire string, seed uint64) *chaos {
	c := &chaos{t: t, net: newNetwork(), log: &livetest.Log{}, rand: rand.New(rand.NewPCG(seed, 1)), acked: make(map[int]bool)}
	c.cfg = Config{Wire: wire, StateDir: t.TempDir(), Door: door, Log: c.log.Logger()}
	for range 2 {
		h := newHost(t, c.net, c.connection)
		c.hosts = append(c.hosts, h)
		c.cfg.Hosts = append(c.cfg.Hosts, h.URL)
	}
	return c
}

func (c *chaos) pick(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rand.IntN(n)
}

// connection serves for a while and then does something that it should not.
func (c *chaos) connection(p *peer, i int) {
	first := i
	for {
		end := i + 5 + c.pick(100)
		c.mu.Lock()
		done := c.done
		c.mu.Unlock()
		if done {
			p.serve(i)
			return
		}
		p.serveUntil(i, end)
		again := max(first, end-c.pick(20)) // sends the last ones twice
		switch c.pick(12) {
		case 0:
			return
		case 1:
			p.conn.Close(websocket.StatusGoingAway, "restart")
			return
		case 2:
			p.say(`{"$type":"error","error":"ConsumerTooSlow"}`)
			return
		case 3:
			p.hang()
			return
		case 4:
			if w, err := p.conn.Writer(p.ctx, websocket.MessageText); err == nil {
				w.Write([]byte(`{"did":"did:plc:ada","ti`))
			}
			return
		case 5:
			p.say("}{")
		case 6:
			p.sayBinary([]byte{1, 2, 3})
		case 7:
			p.say(strings.Repeat("x", 1<<20+1))
		case 8:
			p.say(event{at: time.Now().Add(time.Hour), did: "did:plc:ada", kind: "brandNew", rest: "{}"}.frame(p.wire, 1<<40))
		case 9:
			end = again
		}
		i = end
	}
}

// disturb does something to the hosts.
func (c *chaos) disturb() {
	h := c.hosts[c.pick(2)]
	switch c.pick(5) {
	case 0: // one host is away
		down(h, true)
		h.kick()
		time.Sleep(100 * time.Millisecond)
		down(h, false)
	case 1: // it counts anew
		h.set(func() { h.offset = 1 + c.pick(50) })
		h.kick()
	case 2: // it redirects
		h.set(func() {
			h.refuse = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://elsewhere.example", http.StatusFound)
			}
		})
		time.Sleep(50 * time.Millisecond)
		down(h, false)
	case 3: // both are away for long, and forget what was
		for _, h := range c.hosts {
			down(h, true)
			h.kick()
		}
		time.Sleep(500 * time.Millisecond)
		floor := c.net.len()
		for _, h := range c.hosts {
			h.set(func() { h.floor = floor })
			down(h, false)
		}
	}
}

func (c *chaos) run(length time.Duration) {
	var posting, disturbing sync.WaitGroup
	stop := make(chan struct{})
	posting.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				c.net.post("did:plc:ada", strconv.Itoa(i), time.Time{})
			}
		}
	})
	end := time.Now().Add(length)
	disturbing.Go(func() {
		for time.Now().Before(end) {
			time.Sleep(time.Duration(c.pick(200)) * time.Millisecond)
			c.disturb()
		}
		c.mu.Lock()
		c.done = true
		c.mu.Unlock()
	})
	for time.Now().Before(end) {
		c.process(time.Duration(200+c.pick(800))*time.Millisecond, 300*time.Millisecond, 1<<40)
	}
	disturbing.Wait()
	for _, h := range c.hosts {
		h.kick()
	}
	want := c.net.len() + 20
	c.process(patience, patience, want)
	close(stop)
	posting.Wait()
	if c.latest < want {
		c.t.Error("the source did not come back")
	}
	c.judge()
}

// process runs a source and kills it after a while, or once the wanted post is
// acknowledged. What is not acknowledged then is lost with it.
func (c *chaos) process(life, silence time.Duration, want int) {
	s := New(c.cfg)
	s.pauses = live.Pauses{Min: time.Millisecond, Max: 20 * time.Millisecond}
	s.refused = s.pauses
	s.save, s.silence, s.every = 5*time.Millisecond, silence, time.Hour
	s.view.hole, s.view.late = 200*time.Millisecond, 200*time.Millisecond
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	killed := false
	kill := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		killed = true
		cancel()
	}
	defer time.AfterFunc(life, kill).Stop()
	items := make(chan pipeline.Item, 50)
	var acking sync.WaitGroup
	acking.Go(func() {
		for it := range items {
			if c.acknowledge(it, &killed) >= want {
				kill()
			}
		}
	})
	s.Run(ctx, func(ctx context.Context, it pipeline.Item) error {
		select {
		case items <- it:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	close(items)
	acking.Wait()
	for _, a := range s.Amend() {
		if a.State.Blind() {
			c.blind = append(c.blind, a)
		}
	}
}

// acknowledge returns the latest post acknowledged.
func (c *chaos) acknowledge(it pipeline.Item, killed *bool) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *killed {
		return c.latest
	}
	if p := it.Event.Post; p != nil {
		i, _ := strconv.Atoi(p.Text)
		c.acked[i], c.latest = true, max(c.latest, i)
	}
	if it.Ack != nil {
		it.Ack()
	}
	return c.latest
}

func (c *chaos) judge() {
	first, lost := -1, 0
	for i, e := range c.net.events[:c.latest+1] {
		if first < 0 && c.acked[i] {
			first = i
		}
		hole, unseen := c.unseen(e.at)
		switch {
		case first >= 0 && !c.acked[i] && !unseen:
			c.t.Errorf("post %d of %d, of %s, is missing, and the ledger does not say so", i, len(c.net.events), e.at.UTC().Format(time.StampMicro))
		case c.acked[i] && unseen:
			c.t.Errorf("post %d of %s came, and the ledger says that nothing was seen from %s to %s (%s)", i, e.at.UTC().Format(time.StampMicro),
				hole.From.UTC().Format(time.StampMicro), hole.To.UTC().Format(time.StampMicro), hole.State)
		}
		if !c.acked[i] {
			lost++
		}
	}
	c.t.Logf("%d posts, %d lost, %d times not seen, first %d", len(c.net.events), lost, len(c.blind), first)
	if c.t.Failed() {
		text := c.log.String()
		c.t.Logf("the end of the log:\n%s", text[max(0, len(text)-20000):])
	}
}

// unseen is what the ledger says of a time that was not seen.
func (c *chaos) unseen(at time.Time) (pipeline.Amendment, bool) {
	i := slices.IndexFunc(c.blind, func(a pipeline.Amendment) bool { return at.After(a.From) && at.Before(a.To) })
	if i < 0 {
		return pipeline.Amendment{}, false
	}
	return c.blind[i], true
}
