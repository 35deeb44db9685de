package web

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
)

var (
	liveListeners = metrics.NewGauge("hugops_web_live_listeners", nil)
	liveDropped   = metrics.NewCounter("hugops_web_live_dropped_total") // did not take an event in time
	liveRefused   = metrics.NewCounter("hugops_web_live_refused_total")
)

// liveAll and liveOne answer with a stream of server-sent events (HTML Living
// Standard, 9.2): the state of each outage, or of one, whenever it changes.
func (s *site) liveAll(*http.Request) (outage string, err error) { return "", nil }

func (s *site) liveOne(r *http.Request) (outage string, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), existTime)
	defer cancel()
	d, err := s.detail(r.WithContext(ctx), s.Now().UTC())
	if err != nil && !errors.Is(err, hugops.ErrNotFound) {
		return r.PathValue("id"), nil // figures that are late come as an event
	}
	return d.Outage.ID, err
}

// existTime is what is waited for to learn whether there is such an outage.
const existTime = 2 * time.Second

// stream is the handler of a live route: of says to which outage it listens.
func (s *site) stream(pattern string, of func(*http.Request) (outage string, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.headers(w.Header(), asAPI)
		l := listener{hub: s.hub, from: visitor(s.limit.client(r))}
		a, err := s.attempt(w, r, asAPI, s.documentedOnly(pattern, func(r *http.Request) (*answer, error) {
			var err error
			if l.outage, err = of(r); err != nil || r.Method == http.MethodHead {
				return &answer{Type: "text/event-stream", Cache: cacheNever}, err
			}
			l.since = lastEvent(r)
			return nil, nil
		}))
		switch {
		case err != nil:
			a = s.failure(w, r, asAPI, err)
		case a == nil:
			a = l.listen(w, r)
		}
		if a != nil {
			countRequest(pattern, send(w, r, a))
			return
		}
		countRequest(pattern, http.StatusOK)
	})
}

func countRequest(pattern string, code int) {
	metrics.GetOrCreateCounter(fmt.Sprintf(`hugops_web_requests_total{route=%q,code="%d"}`, pattern, code)).Inc()
}

// states is what the hub looks at: the newest outages, and those of the ids that
// are not among them, since they are older or turned out to be others. Of those the
// ones that are late, or fail, are left out this time: whoever listens to an old outage
// must not keep all others from hearing of theirs.
func (s *site) states(ctx context.Context, ids []string) ([]hugops.Summary, time.Time, error) {
	now := s.Now().UTC()
	page, err := s.Store.OutagePage(ctx, now, hugops.OutageQuery{Limit: most})
	if err != nil {
		return nil, now, err
	}
	all := slices.Clip(page.Summaries)
	ctx, cancel := context.WithTimeout(ctx, existTime)
	defer cancel()
	for _, id := range ids {
		if slices.ContainsFunc(all, func(sum hugops.Summary) bool { return sum.Outage.ID == id }) {
			continue
		}
		if d, err := s.Store.Detail(ctx, id, now); err == nil {
			all = append(all, d.Summary)
		}
	}
	return all, now, nil
}

// lastEvent is the time in Last-Event-ID; zero if there is none that we gave.
func lastEvent(r *http.Request) time.Time {
	ms, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64)
	if err != nil || ms < 0 || ms > maxEventID {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// maxEventID is the last millisecond of the year 9999.
const maxEventID = 253402300799999

// visitor is whom a listener counts for. Loopback and private addresses are those of
// proxies that are not trusted, behind which the whole world may stand: they are not
// counted.
func visitor(client netip.Addr) netip.Addr {
	if client.IsLoopback() || client.IsPrivate() || client.IsLinkLocalUnicast() {
		return netip.Addr{}
	}
	return network(client).Addr()
}

// listener is one client of a stream.
type listener struct {
	hub    *hub
	outage string // "" for all
	from   netip.Addr
	since  time.Time // its last event; zero: it has had none
	order  uint64    // what it has seen of the board
	begun  bool      // it has seen the board
	wire   wire
	spoke  time.Time // when something was written last
}

// wire is the way to a client.
type wire struct {
	write func([][]byte) error // all of it within writeTime
	gone  <-chan struct{}      // closed when the client has left
	close func()
}

// listen takes the listener in and serves it, or answers why not.
func (l *listener) listen(w http.ResponseWriter, r *http.Request) *answer {
	if ok, crowded := l.hub.join(l.outage, l.from); !ok {
		liveRefused.Inc()
		w.Header().Set("Retry-After", "60")
		if crowded {
			return problem(r, http.StatusTooManyRequests, fmt.Sprintf("Your address has %d streams open, which is all that it may. Close some, or ask for the list from time to time.", maxFromOne))
		}
		return problem(r, http.StatusServiceUnavailable, "As many listen as this server can serve. Please ask for the list from time to time, and come again.")
	}
	liveListeners.Inc()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", cacheNever)
	h.Set("X-Accel-Buffering", "no") // a proxy that would wait for more
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2
		l.wire = flushed(w, r)
		l.run()
		return nil
	}
	// A connection of our own needs neither net/http's buffers nor its goroutines:
	// that is most of what a listener costs.
	head := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nDate: %s\r\nConnection: close\r\n", time.Now().UTC().Format(http.TimeFormat))
	for name, values := range h {
		head = fmt.Appendf(head, "%s: %s\r\n", name, values[0])
	}
	l.wire = taken(conn)
	go func(l listener) {
		if l.wire.write([][]byte{append(head, "\r\n"...)}) == nil {
			l.run()
			return
		}
		l.end()
	}(*l)
	return nil
}

// flushed writes through net/http.
func flushed(w http.ResponseWriter, r *http.Request) wire {
	c := http.NewResponseController(w)
	c.SetReadDeadline(time.Time{}) // the server's is for requests; where it cannot be set there is none
	return wire{gone: r.Context().Done(), close: func() {}, write: func(list [][]byte) error {
		c.SetWriteDeadline(time.Now().Add(writeTime))
		defer c.SetWriteDeadline(time.Time{}) // HTTP/2 ends the stream then, though nothing waits
		for _, b := range list {
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
		return c.Flush()
	}}
}

// taken writes to a connection that was taken over. Whoever listens says nothing:
// what can be read is the end.
func taken(conn net.Conn) wire {
	gone := make(chan struct{})
	conn.SetDeadline(time.Time{})
	go func() {
		var b [1]byte
		conn.Read(b[:])
		close(gone)
	}()
	return wire{gone: gone, close: func() { conn.Close() }, write: func(list [][]byte) error {
		conn.SetWriteDeadline(time.Now().Add(writeTime))
		buffers := net.Buffers(list)
		_, err := buffers.WriteTo(conn)
		return err
	}}
}

// run serves the listener until it leaves, is too slow, or the site closes.
func (l *listener) run() {
	defer l.end()
	retry := 2000 + rand.IntN(4000) // after a restart not all come back at once
	if l.write(fmt.Appendf(nil, "retry: %d\n\n", retry)) != nil {
		return
	}
	for {
		b := l.hub.board.Load()
		if l.show(b) != nil {
			return
		}
		select {
		case <-b.next:
		case <-l.wire.gone:
			return
		case <-l.hub.closed:
			return
		}
	}
}

// show sends what of the board is new to the listener, or a sign of life if it has
// heard nothing for long. Who listens to all outages and has had no event yet
// begins with the next one; who listens to one is told its state.
func (l *listener) show(b *board) error {
	if !b.looked {
		return nil
	}
	if !l.begun && l.since.IsZero() && l.outage == "" {
		l.begun, l.order, l.since = true, b.order, b.newest
		return l.write([]byte("id: " + eventID(b.newest) + "\n\n")) // no event: only where to go on
	}
	list := b.due(l.outage, l.order, l.since.Add(-overlap))
	l.begun, l.order = true, b.order
	switch {
	case len(list) > 0:
		return l.write(list...)
	case time.Since(l.spoke) >= l.hub.beat/2:
		return l.write([]byte(":\n\n"))
	}
	return nil
}

func (l *listener) write(list ...[]byte) error {
	l.spoke = time.Now()
	err := l.wire.write(list)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		liveDropped.Inc()
	}
	return err
}

func (l *listener) end() {
	l.wire.close()
	l.hub.leave(l.outage, l.from)
	liveListeners.Dec()
}
