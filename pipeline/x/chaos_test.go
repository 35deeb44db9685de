package x

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/segmentio/kafka-go"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/broker"
	"github.com/hugops/hugops/pipeline/live/livetest"
)

// TestMain lets the test binary be the collector that is killed.
func TestMain(m *testing.M) {
	if raw := os.Getenv("X_COLLECTOR"); raw != "" {
		runCollector(raw)
	}
	os.Exit(m.Run())
}

// collectorJob is what a collector process is told.
type collectorJob struct {
	URL, Kafka, Dir string
	Opened          time.Time
}

// runCollector reads the fake into Kafka, and writes the ledger to standard
// output, until it is killed or interrupted.
func runCollector(raw string) {
	var job collectorJob
	if err := json.Unmarshal([]byte(raw), &job); err != nil {
		panic(err)
	}
	log := newLog(os.Stderr)
	known := board{known: []hugops.Outage{{ID: "g-1", Service: "github", StartedAt: job.Opened}}}
	s, err := New(Config{Token: goodToken, BaseURL: job.URL, BudgetDay: 1e6, Prices: DefaultPrices, Outages: known.Outages, Terms: namedOnly, StateDir: job.Dir, Door: door, Log: log})
	if err != nil {
		panic(err)
	}
	quick(s)
	s.quiet, s.silence = 3*time.Second, 4*time.Second // for a machine that is busy otherwise
	s.settle, s.overlap = 300*time.Millisecond, 1500*time.Millisecond
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c := pipeline.NewCollector(pipeline.CollectorConfig{Brokers: []string{job.Kafka}, Sources: []pipeline.Source{s}, Coverage: ledgerOut{}, Log: log})
	if err := c.Run(ctx); err != nil {
		panic(err)
	}
	os.Exit(0)
}

// ledgerOut writes rows as lines of JSON.
type ledgerOut struct{}

func (ledgerOut) PutCoverage(_ context.Context, rows []hugops.Coverage) error {
	for _, r := range rows {
		raw, _ := json.Marshal(r)
		if _, err := os.Stdout.Write(append(raw, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// TestMisbehaviour lets the fake misbehave at random, and kills the collector now
// and then (kill -9), for CHAOS_LENGTH, by default 3 s; CHAOS_SEED repeats a run. In
// the end Kafka has each post, or the ledger says that its minute was not seen;
// minutes in which the connection held are live in the ledger, and those in which
// it did not were read afterwards.
func TestMisbehaviour(t *testing.T) {
	t.Parallel()
	seed, length := uint64(time.Now().UnixNano()), 3*time.Second
	if s := os.Getenv("CHAOS_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	if s := os.Getenv("CHAOS_LENGTH"); s != "" {
		length, _ = time.ParseDuration(s)
	}
	t.Logf("CHAOS_SEED=%d", seed)
	c := newChaos(t, seed)
	c.length = length
	c.run(length)
	c.judge()
}

type span struct{ from, to time.Time }

type chaos struct {
	t     *testing.T
	f     *fakeX
	job   collectorJob
	kafka string
	log   *livetest.Log

	mu    sync.Mutex
	rand  *rand.Rand
	calm  bool
	held  []span                        // when a connection brought something
	rows  map[time.Time]hugops.Coverage // the last word of each minute
	did   map[string]int                // how often it misbehaved how
	kills []time.Time

	length time.Duration
}

func newChaos(t *testing.T, seed uint64) *chaos {
	b, err := broker.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	c := &chaos{t: t, kafka: b.Addr(), log: &livetest.Log{}, rand: rand.New(rand.NewPCG(seed, 1)),
		rows: make(map[time.Time]hugops.Coverage), did: make(map[string]int)}
	c.f = newFake(t, c.connection)
	c.f.gzip = c.pick(2) == 0
	c.f.skew = time.Duration(c.pick(3)-1) * 20 * time.Minute
	c.f.holding = func(from, to time.Time) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.held = append(c.held, span{from, to})
	}
	c.job = collectorJob{URL: c.f.URL, Kafka: b.Addr(), Dir: filepath.Join(t.TempDir(), "live"), Opened: time.Now()}
	return c
}

func (c *chaos) pick(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rand.IntN(n)
}

func (c *chaos) isCalm() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calm
}

func (c *chaos) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.did[what]++
}

// connection serves for a while and then does something that it should not.
func (c *chaos) connection(k *conn) {
	for {
		k.serveUntil(k.from + c.behaves())
		if c.isCalm() {
			k.serve()
			return
		}
		select {
		case <-k.r.Context().Done():
			return
		default:
		}
		if !c.misbehave(k) {
			return
		}
	}
}

// behaves is how many posts (50 a second) a connection brings before it does
// something: a few, and in a long run now and then so many that whole minutes
// are well.
func (c *chaos) behaves() int {
	switch {
	case c.length < time.Minute:
		return 1 + c.pick(8)
	case c.pick(5) == 0:
		return 5000 + c.pick(3000)
	}
	return 3 + c.pick(400)
}

// misbehave reports whether the connection goes on.
func (c *chaos) misbehave(k *conn) bool {
	again := func(what, line string) bool { c.note(what); return k.line(line) }
	switch c.pick(14) {
	case 0:
		c.note("cut")
		return false
	case 1:
		c.note("operational-disconnect")
		k.line(`{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"x","type":"https://api.x.com/2/problems/operational-disconnect"}]}`)
		return false
	case 2:
		c.note("half open")
		k.hang()
		return false
	case 3:
		c.note("frame broken off")
		k.raw(`{"data":{"id":"19`)
		return false
	case 4:
		c.note("taken by another")
		k.line(tooMany)
		return false
	case 5:
		c.refuse("GET "+streamPath, 1+c.pick(4), answer(429, tooMany))
		return false
	case 6:
		c.refuse("GET "+streamPath, 1+c.pick(4), answer(503, "<html>"))
		return false
	case 7:
		c.refuse("GET "+streamPath, 1, answer(429, `{"title":"Too Many Requests"}`, "x-rate-limit-reset", fmt.Sprint(time.Now().Add(c.f.skew+2*time.Second).Unix())))
		return false
	case 8:
		c.refuse("GET /2/tweets/search/recent", 1+c.pick(3), answer(503, ""))
		return false
	case 9:
		c.refuse("GET "+streamPath, 1, answer(302, "", "Location", "https://elsewhere.example"))
		return false
	case 10:
		return again("no JSON", "}{")
	case 11:
		return again("megabytes", strings.Repeat("x", 2<<20))
	case 12:
		return again("unknown message", `{"brand_new":{}}`)
	}
	return again("harmless error", `{"errors":[{"title":"Something","detail":"x"}]}`)
}

// refuse lets the next attempts of a path be answered otherwise.
func (c *chaos) refuse(path string, times int, h http.HandlerFunc) {
	c.note("refused " + path)
	c.f.set(func() {
		c.f.refuse[path] = func(w http.ResponseWriter, r *http.Request) {
			c.f.set(func() {
				if times--; times == 0 {
					delete(c.f.refuse, path)
				}
			})
			h(w, r)
		}
	})
}

func (c *chaos) run(length time.Duration) {
	stop := make(chan struct{})
	var posting sync.WaitGroup
	posting.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(c.pick(40)) * time.Millisecond):
				c.f.add([]string{keyHugops, keyGithub}[c.pick(2)], strconv.Itoa(i))
			}
		}
	})
	end := time.Now().Add(length)
	for time.Now().Before(end) {
		life := min(time.Until(end), time.Duration(300+c.pick(int(length/time.Millisecond)/3))*time.Millisecond)
		c.process(func() { time.Sleep(life) }, os.Kill)
	}
	c.mu.Lock()
	c.calm = true
	c.mu.Unlock()
	c.f.kick()
	last := c.f.add(keyHugops, "the last of the misbehaviour")
	c.process(func() { c.await(last.id) }, os.Interrupt)
	close(stop)
	posting.Wait()
}

// process runs a collector until a condition is met, and ends it by a signal.
func (c *chaos) process(until func(), by os.Signal) {
	raw, _ := json.Marshal(c.job)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "X_COLLECTOR="+string(raw))
	cmd.Stderr = c.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { c.readLedger(out) })
	until()
	if by == os.Kill {
		c.kills = append(c.kills, time.Now())
	}
	cmd.Process.Signal(by)
	reading.Wait()
	cmd.Wait()
}

func (c *chaos) readLedger(out io.Reader) {
	for in := bufio.NewScanner(out); in.Scan(); {
		var row hugops.Coverage
		if json.Unmarshal(in.Bytes(), &row) == nil {
			c.mu.Lock()
			c.rows[row.At.UTC()] = row
			c.mu.Unlock()
		}
	}
}

// await waits until no gap is left: the position has passed all.
func (c *chaos) await(id string) {
	file := filepath.Join(c.job.Dir, "x.json")
	at, _ := SnowflakeTime(id)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var p position
		raw, _ := os.ReadFile(file)
		if json.Unmarshal(raw, &p) == nil && p.At.After(at.Add(time.Second)) {
			time.Sleep(1500 * time.Millisecond) // the ledger's clock ticks each second
			return
		}
	}
	c.t.Error("the collector did not come back")
}

// inKafka are the ids of the posts that Kafka has.
func (c *chaos) inKafka() map[string]bool {
	found := make(map[string]bool)
	for p := range 8 {
		conn, err := kafka.DialLeader(c.t.Context(), "tcp", c.kafka, pipeline.TopicPosts, p)
		if err != nil {
			c.t.Fatal(err)
		}
		end, err := conn.ReadLastOffset()
		conn.Close()
		if err != nil {
			c.t.Fatal(err)
		}
		r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{c.kafka}, Topic: pipeline.TopicPosts, Partition: p, MaxWait: 50 * time.Millisecond})
		for offset := int64(0); offset < end; offset++ {
			m, err := r.ReadMessage(c.t.Context())
			if err != nil {
				c.t.Fatal(err)
			}
			e, err := pipeline.DecodeEvent(m.Value)
			if err != nil {
				c.t.Fatal(err)
			}
			found[e.Post.ID] = true
		}
		r.Close()
	}
	return found
}

func (c *chaos) judge() {
	found, lost := c.inKafka(), 0
	first := c.held[0].from
	for _, p := range c.f.posts {
		row, known := c.rows[p.at.UTC().Truncate(time.Minute)]
		if p.at.Before(first) || found[p.id] || p.at.After(c.held[len(c.held)-1].to.Add(-time.Second)) {
			continue // before the first connection, or on its way at the end
		}
		lost++
		if known && !row.State.Blind() {
			c.t.Errorf("the post of %s is missing, and the ledger says %s", p.at.UTC().Format(time.StampMilli), row.State)
		}
	}
	minutes, exact := 0, 0
	for at := first.UTC().Truncate(time.Minute).Add(2 * time.Minute); at.Add(time.Minute).Before(time.Now()); at = at.Add(time.Minute) {
		minutes++
		row := c.rows[at]
		switch want, sure := c.truth(at); {
		case row.State == want:
			exact++
		case sure && !(row.State == "" && c.killedIn(at)):
			c.t.Errorf("%s: the ledger says %q, and it was %q", at.Format(time.TimeOnly), row.State, want)
		}
	}
	c.t.Logf("%d posts, %d lost; %d connections, %d kills; of %d whole minutes the ledger has %d as they were; it did: %v",
		len(c.f.posts), lost, len(c.held), len(c.kills), minutes, exact, c.did)
	for at, row := range c.rows {
		if !at.Before(first.UTC().Truncate(time.Minute)) {
			c.t.Logf("%s %s seen %d", at.Format(time.TimeOnly), row.State, row.Seen)
		}
	}
	if c.t.Failed() {
		text := c.log.String()
		c.t.Logf("the end of the log:\n%s", text[max(0, len(text)-20000):])
	}
}

// truth is how a minute was: live when one connection held through all of it,
// otherwise read afterwards. It is sure when the border lies two seconds off.
func (c *chaos) truth(at time.Time) (state hugops.CoverageState, sure bool) {
	holds := func(from, to time.Time) bool {
		for _, s := range c.held {
			if !s.from.After(from) && !s.to.Before(to) {
				return true
			}
		}
		return false
	}
	const slack = 2 * time.Second
	end := at.Add(time.Minute)
	switch {
	case holds(at.Add(-slack), end.Add(slack)):
		return hugops.CoverageLive, true
	case holds(at, end):
		return hugops.CoverageLive, false
	}
	return hugops.CoverageReplay, !holds(at.Add(slack), end.Add(-slack))
}

func (c *chaos) killedIn(at time.Time) bool {
	for _, k := range c.kills {
		if !k.Before(at) && k.Before(at.Add(time.Minute)) {
			return true
		}
	}
	return false
}
