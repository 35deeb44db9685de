package bluesky

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/klauspost/compress/zstd"
)

// network is what happened, in order; hosts serve it. It is written from the
// lexicon of network.bsky.jetstream.subscribeEvents and from what the documents
// say of /subscribe.
type network struct {
	mu     sync.Mutex
	events []event
	more   chan struct{} // closed and made anew with each event
}

type event struct {
	at   time.Time
	rev  string
	did  string
	kind string // commit, account, identity, sync
	op   string
	coll string
	rkey string
	rest string // record of a commit, or the object of another kind; JSON
}

func newNetwork() *network { return &network{more: make(chan struct{})} }

func (n *network) add(e event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.at.IsZero() {
		e.at = time.Now()
	}
	e.at = e.at.Truncate(time.Microsecond)
	n.events = append(n.events, e)
	close(n.more)
	n.more = make(chan struct{})
}

// post adds a post whose text is its key.
func (n *network) post(did, rkey string, at time.Time) {
	n.add(event{at: at, did: did, kind: "commit", op: "create", coll: collectionPost, rkey: rkey, rest: record0(rkey)})
}

func record0(text string) string {
	return `{"text":"` + text + `","createdAt":"2026-11-02T12:00:00Z","langs":["en"]}`
}

// get returns the event at i, or what to wait for.
func (n *network) get(i int) (event, bool, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if i < len(n.events) {
		return n.events[i], true, nil
	}
	return event{}, false, n.more
}

func (n *network) from(at time.Time) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.IndexFunc(append(n.events, event{at: at}), func(e event) bool { return !e.at.Before(at) })
}

func (n *network) len() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.events)
}

// fakeHost serves a network. It behaves as Jetstream does unless its scripts, one
// for each connection and the last for all later ones, do otherwise.
type fakeHost struct {
	*httptest.Server
	t       testing.TB
	net     *network
	scripts []script

	mu         sync.Mutex
	offset     int            // number of the first event
	floor      int            // index of the first event that is kept
	hides      func(int) bool // events that it does not have
	dictionary []byte
	refuse     http.HandlerFunc         // answers instead of an upgrade, if it is not nil
	refuses    func(*http.Request) bool // which of them; nil: all
	asked      []url.Values
	conns      map[*websocket.Conn]bool
}

// script is one connection, from the event at index i on.
type script func(c *peer, i int)

// peer is the host's end of a connection.
type peer struct {
	h        *fakeHost
	conn     *websocket.Conn
	ctx      context.Context
	wire     string
	encoder  *zstd.Encoder
	outdated bool
}

func newHost(t testing.TB, net *network, scripts ...script) *fakeHost {
	h := &fakeHost{t: t, net: net, scripts: scripts, offset: 1, conns: make(map[*websocket.Conn]bool)}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.kick)
	return h
}

func (h *fakeHost) name() string { return strings.TrimPrefix(h.URL, "http://") }

func (h *fakeHost) set(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// kick cuts all connections.
func (h *fakeHost) kick() {
	var conns []*websocket.Conn
	h.set(func() { conns = slices.Collect(maps.Keys(h.conns)) })
	for _, conn := range conns {
		conn.CloseNow()
	}
}

func (h *fakeHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	refuse, refuses, dictionary := h.refuse, h.refuses, h.dictionary
	h.mu.Unlock()
	switch {
	case r.URL.Path == "/":
	case r.URL.Path == "/xrpc/network.bsky.jetstream.getZstdDictionary" && dictionary != nil:
		w.Write(dictionary)
	case r.URL.Path == "/xrpc/network.bsky.jetstream.getZstdDictionary":
		http.Error(w, `{"error":"DictionaryNotFound"}`, http.StatusNotFound)
	case r.URL.Path != "/subscribe" && r.URL.Path != "/xrpc/network.bsky.jetstream.subscribeEvents":
		h.t.Errorf("asked for %s", r.URL.Path)
	case refuse != nil && (refuses == nil || refuses(r)):
		h.set(func() { h.asked = append(h.asked, r.URL.Query()) })
		refuse(w, r)
	default:
		h.stream(w, r)
	}
}

func (h *fakeHost) stream(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	h.mu.Lock()
	n := len(h.asked)
	h.asked = append(h.asked, q)
	h.mu.Unlock()
	c := &peer{h: h, wire: WireV2}
	if r.URL.Path == "/subscribe" {
		c.wire = WireV1
	}
	if !c.compression(w, q) {
		return
	}
	i, ok := c.resolve(w, q.Get("cursor"))
	if !ok {
		return
	}
	var protocols []string
	if offered := r.Header.Get("Sec-WebSocket-Protocol"); c.wire == WireV2 && offered != subprotocol {
		h.t.Errorf("subprotocol %q", offered)
	} else if c.wire == WireV2 {
		protocols = []string{subprotocol}
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: protocols})
	if err != nil {
		h.t.Error(err)
		return
	}
	defer conn.CloseNow()
	h.set(func() { h.conns[conn] = true })
	defer h.set(func() { delete(h.conns, conn) })
	c.conn, c.ctx = conn, h.watch(conn, r.Context())
	if c.outdated {
		c.say(`{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#info","name":"OutdatedCursor","message":"starting later"}}`)
	}
	if len(h.scripts) == 0 {
		c.serve(i)
		return
	}
	h.scripts[min(n, len(h.scripts)-1)](c, i)
}

// watch reads what the client sends: pongs and the like are no data, and data
// ends the test.
func (h *fakeHost) watch(conn *websocket.Conn, ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		if _, data, err := conn.Read(ctx); err == nil {
			h.t.Errorf("the client sent %q", data)
		}
	}()
	return ctx
}

// compression answers what the client asked for; false when it was refused.
func (c *peer) compression(w http.ResponseWriter, q url.Values) bool {
	asked := q.Get("zstdDictionary")
	if c.wire == WireV1 && q.Get("compress") == "true" {
		asked = strconv.Itoa(int(binary.LittleEndian.Uint32(c.h.dictionary[4:])))
	}
	if asked == "" {
		return true
	}
	c.h.mu.Lock()
	dictionary := c.h.dictionary
	c.h.mu.Unlock()
	if dictionary == nil || asked != strconv.Itoa(int(binary.LittleEndian.Uint32(dictionary[4:]))) {
		envelope(w, "UnknownZstdDictionary")
		return false
	}
	c.encoder, _ = zstd.NewWriter(nil, zstd.WithEncoderDict(dictionary), zstd.WithEncoderConcurrency(1))
	return true
}

func envelope(w http.ResponseWriter, name string) {
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"error":%q,"message":"no"}`, name)
}

// resolve finds the first event of a cursor.
func (c *peer) resolve(w http.ResponseWriter, cursor string) (int, bool) {
	c.h.mu.Lock()
	floor, offset := c.h.floor, c.h.offset
	c.h.mu.Unlock()
	n, _ := strconv.ParseInt(cursor, 10, 64)
	switch {
	case cursor == "":
		return c.h.net.len(), true
	case n < 1e15 && int(n) >= c.h.net.len()+offset:
		return c.h.net.len(), true // beyond what there is: what comes now
	case n < 1e15 && int(n) < floor+offset:
		envelope(w, "CursorTooOld")
		return 0, false
	case n < 1e15:
		return int(n) - offset, true
	}
	i := c.h.net.from(time.UnixMicro(n))
	if i < floor {
		c.outdated = c.wire == WireV2 // wire v1 says nothing
		return floor, true
	}
	return i, true
}

// serve sends events from i on until the client leaves.
func (c *peer) serve(i int) { c.serveUntil(i, 1<<62) }

// serveUntil sends the events before index end.
func (c *peer) serveUntil(i, end int) {
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	for i < end {
		e, ok, more := c.h.net.get(i)
		if ok {
			c.h.mu.Lock()
			number, hidden := i+c.h.offset, c.h.hides != nil && c.h.hides(i)
			c.h.mu.Unlock()
			if !hidden && !c.say(e.frame(c.wire, number)) {
				return
			}
			i++
			continue
		}
		select {
		case <-more:
		case <-beat.C:
			c.conn.Ping(c.ctx)
		case <-c.ctx.Done():
			return
		}
	}
}

// say sends one frame, as the connection is compressed.
func (c *peer) say(frame string) bool {
	if c.encoder != nil {
		return c.sayBinary(c.encoder.EncodeAll([]byte(frame), nil))
	}
	return c.conn.Write(c.ctx, websocket.MessageText, []byte(frame)) == nil
}

func (c *peer) sayBinary(frame []byte) bool {
	return c.conn.Write(c.ctx, websocket.MessageBinary, frame) == nil
}

func (c *peer) hang() { <-c.ctx.Done() }

// frame writes an event in a wire.
func (e event) frame(wire string, number int) string {
	if wire == WireV1 {
		head := fmt.Sprintf(`{"did":%q,"time_us":%d,"kind":%q,`, e.did, e.at.UnixMicro(), e.kind)
		if e.kind != "commit" {
			return head + `"` + e.kind + `":` + e.rest + "}"
		}
		return head + `"commit":{` + e.commit() + "}}"
	}
	head := fmt.Sprintf(`{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#%s","seq":%d,"did":%q,"time":%q,`,
		e.kind, number, e.did, e.at.UTC().Format("2006-01-02T15:04:05.000000Z"))
	if e.kind != "commit" {
		return head + `"` + e.kind + `":` + e.rest + "}}"
	}
	return head + e.commit() + "}}"
}

func (e event) commit() string {
	text := fmt.Sprintf(`"rev":%q,"operation":%q,"collection":%q,"rkey":%q`, cmp.Or(e.rev, "3mzdi6xlae22l"), e.op, e.coll, e.rkey)
	if e.rest != "" {
		text += `,"record":` + e.rest
	}
	return text
}

// newDictionary returns a zstd dictionary made of invented frames.
func newDictionary(t *testing.T, id uint32) []byte {
	t.Helper()
	var samples [][]byte
	var history []byte
	for i := range 64 {
		e := event{at: time.Unix(int64(1793627960+i*7919), 0), did: fmt.Sprintf("did:plc:%d", i*i), kind: "commit", op: "create", coll: collectionPost,
			rkey: strconv.Itoa(i * 31), rest: record0(strings.Repeat(strconv.Itoa(i*i*i), i%7+1))}
		samples = append(samples, []byte(e.frame(WireV2, i)))
		history = append(history, e.frame(WireV1, i)...)
	}
	raw, err := zstd.BuildDict(zstd.BuildDictOptions{ID: id, Contents: samples, History: history, Offsets: [3]int{1, 4, 8}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
