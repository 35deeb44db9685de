package mastodon

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live/livetest"
)

// TestMisbehaviour lets a server misbehave at random for some seconds
// (CHAOS_LENGTH), and kills the process that reads two of its streams now and
// then. In the end each post is acknowledged, or the ledger says that the time in
// which it was posted was not seen; and no post came from such a time.
func TestMisbehaviour(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("CHAOS_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	length := 3 * time.Second
	if s := os.Getenv("CHAOS_LENGTH"); s != "" {
		var err error
		if length, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("CHAOS_SEED=%d CHAOS_LENGTH=%s", seed, length)
	newChaos(t, seed).run(length)
}

const (
	patience    = time.Minute            // how long a test waits for what must come
	chaosLate   = 100 * time.Millisecond // by how much a post from elsewhere comes late at most
	chaosMargin = 250 * time.Millisecond // by how much a time may be off on a busy machine
)

// chaosPost is a post of the server: at is when it came there.
type chaosPost struct {
	id  string
	at  time.Time
	tag bool // it is of the hashtag stream, too
}

type chaos struct {
	t    *testing.T
	cfg  Config
	log  *livetest.Log
	mu   sync.Mutex
	rand *rand.Rand

	posts  []chaosPost
	more   chan struct{}               // closed and made anew with each post
	down   func(w http.ResponseWriter) // answers everything, unless it is nil
	closed bool                        // the timelines are
	calm   bool
	kick   chan struct{} // closed when all connections must end

	acked  map[string]map[int]bool // by source
	blind  map[string][]pipeline.Amendment
	filled map[string]int
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{t: t, log: &livetest.Log{}, rand: rand.New(rand.NewPCG(seed, 1)), more: make(chan struct{}), kick: make(chan struct{}),
		acked: map[string]map[int]bool{}, blind: map[string][]pipeline.Amendment{}, filled: map[string]int{}}
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	c.cfg = Config{Servers: []ServerConfig{{srv.URL, testToken}}, Streams: []string{"public", "hashtag:a"}, StateDir: t.TempDir(), Door: door, Log: slog.New(slog.NewTextHandler(c.log, nil))}
	return c
}

func (c *chaos) pick(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rand.IntN(n)
}

// post adds a post; some come late from elsewhere and have an earlier id.
func (c *chaos) post() {
	late := 0
	if c.pick(5) == 0 {
		late = c.pick(int(chaosLate.Milliseconds()))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now, i := time.Now(), len(c.posts)
	c.posts = append(c.posts, chaosPost{snowflake(now.Add(-time.Duration(late)*time.Millisecond), i%65536), now, i%3 == 0})
	close(c.more)
	c.more = make(chan struct{})
}

func (c *chaos) json(i int) string { return statusJSON(c.posts[i].id, strconv.Itoa(i), "") }

func (c *chaos) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	down := c.down
	c.mu.Unlock()
	switch {
	case down != nil:
		down(w)
	case strings.HasPrefix(r.URL.Path, "/api/v1/streaming/"):
		c.stream(w, r)
	case strings.HasPrefix(r.URL.Path, "/api/v1/timelines/"):
		c.timeline(w, r)
	default:
		io.WriteString(w, "{}")
	}
}

// stream gives what is posted from now on, until it misbehaves.
func (c *chaos) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	say := func(text string) {
		io.WriteString(w, text)
		w.(http.Flusher).Flush()
	}
	say(":)\n")
	c.mu.Lock()
	i, kick := len(c.posts), c.kick
	c.mu.Unlock()
	for end := time.Now().Add(time.Duration(c.pick(400)) * time.Millisecond); ; {
		c.mu.Lock()
		more, text, calm := c.more, "", c.calm
		if i < len(c.posts) {
			if tag := strings.Contains(r.URL.Path, "hashtag"); !tag || c.posts[i].tag {
				text = "event: update\ndata: " + c.json(i) + "\n\n"
			}
			i, more = i+1, nil
		}
		c.mu.Unlock()
		if text != "" {
			say(text)
		}
		if !calm && time.Now().After(end) {
			c.misbehave(say, text, r.Context().Done())
			end = time.Now().Add(time.Duration(c.pick(400)) * time.Millisecond)
		}
		if more == nil {
			continue
		}
		select {
		case <-more:
		case <-time.After(20 * time.Millisecond):
			say(":thump\n\n")
		case <-kick:
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
			return
		}
	}
}

// misbehave does one of the things that servers and networks do.
func (c *chaos) misbehave(say func(string), last string, gone <-chan struct{}) {
	switch c.pick(9) {
	case 0, 1:
		panic(http.ErrAbortHandler)
	case 2:
		say("event: update\ndata: {\"id\":\"")
		panic(http.ErrAbortHandler)
	case 3: // half-open
		select {
		case <-gone:
		case <-time.After(patience):
		}
		panic(http.ErrAbortHandler)
	case 4:
		say("event: update\ndata: {\"id\":\n\n")
	case 5:
		say("event: brand.new\ndata: 🫂\n\nevent: delete\ndata: 99\n\n")
	case 6:
		say("event: update\ndata: " + strings.Repeat("x", 2<<20) + "\n\n")
	case 7:
		say(last)
	case 8:
		for _, b := range []byte(last) {
			say(string([]byte{b}))
		}
	}
}

// timeline gives pages, and misbehaves.
func (c *chaos) timeline(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	what := c.pick(20)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.calm:
	case c.closed:
		w.WriteHeader(422)
		return
	case what == 0:
		w.WriteHeader(503)
		return
	case what == 1:
		w.Header().Set("X-RateLimit-Reset", time.Now().Add(50*time.Millisecond).Format(time.RFC3339Nano))
		w.WriteHeader(429)
		return
	case what == 2:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(403)
		return
	case what == 3:
		io.WriteString(w, `[{"id":"1"`)
		panic(http.ErrAbortHandler)
	}
	fmt.Fprintf(w, "[%s]", strings.Join(c.page(r), ","))
}

// page is one of the timeline, newest first. Ids are out of order by chaosLate at
// most, so those that follow one are found near where its time is.
func (c *chaos) page(r *http.Request) (page []string) {
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	minID := r.URL.Query().Get("min_id")
	from := max(0, len(c.posts)-1000)
	if minID != "" {
		from = sort.Search(len(c.posts), func(i int) bool { return !c.posts[i].at.Before(idTime(minID)) })
	}
	var found []int
	for i := from; i < len(c.posts) && len(found) < 1000; i++ {
		if p := c.posts[i]; compareIDs(p.id, minID) > 0 && (p.tag || !strings.Contains(r.URL.Path, "/tag/")) {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b int) int { return compareIDs(c.posts[a].id, c.posts[b].id) })
	if minID != "" {
		found = found[:min(limit, len(found))]
	}
	found = found[max(0, len(found)-limit):]
	for _, i := range slices.Backward(found) {
		page = append(page, c.json(i))
	}
	return page
}

// disturb takes the server down for a while, or closes its timelines.
func (c *chaos) disturb() {
	header := func(code int, pairs ...string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { refusal(code, pairs...)(w, nil, nil) }
	}
	down := []func(http.ResponseWriter){
		header(503), header(429, "Retry-After", "0"), header(200, "Content-Type", "text/html"), header(302, "Location", "https://elsewhere.example/"),
		func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		func(http.ResponseWriter) { time.Sleep(100 * time.Millisecond) },
	}[c.pick(6)]
	c.mu.Lock()
	if c.closed = !c.closed; !c.closed {
		c.down = down
	}
	close(c.kick)
	c.kick = make(chan struct{})
	c.mu.Unlock()
	length := c.pick(300)
	if length < 30 {
		length *= 100
	}
	time.Sleep(time.Duration(length) * time.Millisecond)
	c.mu.Lock()
	c.down = nil
	c.mu.Unlock()
}

func (c *chaos) run(length time.Duration) {
	var posting, disturbing sync.WaitGroup
	stop := make(chan struct{})
	posting.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(4 * time.Millisecond):
				c.post()
			}
		}
	})
	end := time.Now().Add(length)
	disturbing.Go(func() {
		for time.Now().Before(end) {
			time.Sleep(time.Duration(c.pick(600)) * time.Millisecond)
			c.disturb()
		}
	})
	for time.Now().Before(end) {
		c.process(time.Duration(200+c.pick(1500))*time.Millisecond, 300*time.Millisecond, 1<<40)
	}
	disturbing.Wait()
	c.mu.Lock()
	c.calm = true
	close(c.kick)
	c.kick = make(chan struct{})
	want := len(c.posts) + 20
	c.mu.Unlock()
	c.process(patience, patience, want)
	close(stop)
	posting.Wait()
	for source := range c.acked {
		c.judge(source, want)
	}
}

// process runs the sources and kills them after a while, or once all have
// acknowledged the wanted post and nothing is left to be read afterwards. What
// is not acknowledged then is lost with it.
func (c *chaos) process(life, silence time.Duration, want int) {
	sources, err := New(c.cfg)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), life)
	defer cancel()
	var running sync.WaitGroup
	for _, s := range sources {
		s.hurry()
	}
	for _, s := range sources {
		s.stall, s.rewind, s.bounds = silence, 3*chaosLate, bounds{pages: 40, time: 700 * time.Millisecond}
		items := make(chan pipeline.Item, 50)
		running.Go(func() { c.acknowledge(ctx, s.Name(), items) })
		running.Go(func() {
			defer close(items)
			s.Run(ctx, func(ctx context.Context, it pipeline.Item) error {
				select {
				case items <- it:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
		})
	}
	running.Go(func() {
		for ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
			if c.through(want) && !slices.ContainsFunc(sources, (*Source).filling) {
				cancel()
			}
		}
	})
	running.Wait()
	for _, s := range sources {
		for _, a := range s.Amend() {
			if a.State.Blind() {
				c.blind[s.Name()] = append(c.blind[s.Name()], a)
			} else {
				c.filled[s.Name()]++
			}
		}
	}
}

func (s *Source) filling() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pos.Hole.Times) > 0
}

func (c *chaos) through(want int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, acked := range c.acked {
		if !acked[want] && !acked[want+1] && !acked[want+2] {
			return false
		}
	}
	return len(c.acked) > 0
}

func (c *chaos) acknowledge(ctx context.Context, source string, items <-chan pipeline.Item) {
	for it := range items {
		c.mu.Lock()
		if ctx.Err() == nil {
			if p := it.Event.Post; p != nil {
				i, _ := strconv.Atoi(p.Text)
				if c.acked[source] == nil {
					c.acked[source] = map[int]bool{}
				}
				c.acked[source][i] = true
			}
			if it.Ack != nil {
				it.Ack()
			}
		}
		c.mu.Unlock()
	}
}

func (c *chaos) judge(source string, want int) {
	acked, blind := c.acked[source], c.blind[source]
	first, lost := -1, 0
	for i, p := range c.posts[:want] {
		if strings.HasSuffix(source, ":a") && !p.tag {
			continue
		}
		if first < 0 && acked[i] {
			first = i
		}
		near, deep := false, false
		for _, a := range blind {
			near = near || p.at.After(a.From.Add(-chaosMargin)) && p.at.Before(a.To.Add(chaosMargin))
			deep = deep || p.at.After(a.From.Add(chaosLate+chaosMargin)) && p.at.Before(a.To.Add(-chaosLate-chaosMargin))
		}
		switch {
		case first >= 0 && !acked[i] && !near:
			c.t.Errorf("%s: post %d of %d, of %s, is missing, and the ledger does not say so", source, i, want, p.at.UTC().Format(time.StampMicro))
		case acked[i] && deep:
			c.t.Errorf("%s: post %d came, and the ledger says that its time was not seen", source, i)
		}
		if first >= 0 && !acked[i] {
			lost++
		}
	}
	var unseen time.Duration
	for _, a := range blind {
		unseen += a.To.Sub(a.From)
	}
	c.t.Logf("%s: %d posts, %d lost; %d times were read afterwards, %d not seen (%v); first %d", source, want, lost, c.filled[source], len(blind), unseen.Round(time.Millisecond), first)
	if c.t.Failed() {
		text := c.log.String()
		c.t.Logf("the end of the log:\n%s", text[max(0, len(text)-20000):])
	}
}
