package statusfeed

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
)

// newTestWatch returns the watch of a page that h serves over TLS, of which one
// feed is asked.
func newTestWatch(t *testing.T, h http.HandlerFunc) (*watch, *registry) {
	t.Helper()
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	r := &registry{}
	w := NewWatcher(Config{Registry: r, Client: srv.Client(), Pages: []Page{{Service: "nimbus-cloud", Name: "Nimbus Cloud", URL: srv.URL + "/api/v2/incidents.json"}}})
	watches, err := w.watches()
	if err != nil {
		t.Fatal(err)
	}
	return watches[0], r
}

// TestRound answers one round in many ways; most are no incidents feed, and none
// of those may pass for "no incidents".
func TestRound(t *testing.T) {
	feedBody := readFile(t, "statuspage.json")
	cases := []struct {
		name  string
		serve http.HandlerFunc
		took  int
		state hugops.CoverageState
		err   string
	}{
		{"a feed", func(w http.ResponseWriter, _ *http.Request) { w.Write(feedBody) }, 6, hugops.CoverageLive, ""},
		{"a zipped feed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(feedBody)
			z.Close()
		}, 6, hugops.CoverageLive, ""},
		{"an error page with 200", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>Oops</html>") }, 0, hugops.CoverageStalled, "a page of HTML"},
		{"an empty answer", func(http.ResponseWriter, *http.Request) {}, 0, hugops.CoverageStalled, "EOF"},
		{"an empty object", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }, 0, hugops.CoverageStalled, "no Statuspage answer"},
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, 0, hugops.CoverageGap, "status 500"},
		{"404", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, 0, hugops.CoverageGap, "status 404"},
		{"304 that nobody asked for", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, 0, hugops.CoverageGap, "status 304"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99999")
			w.Write(feedBody)
			panic(http.ErrAbortHandler)
		}, 0, hugops.CoverageGap, "unexpected EOF"},
		{"a redirect within the page", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/new" {
				http.Redirect(w, r, "/new", http.StatusFound)
				return
			}
			w.Write(feedBody)
		}, 6, hugops.CoverageLive, ""},
		{"a redirect to another host", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/api/v2/incidents.json", http.StatusFound)
		}, 0, hugops.CoverageGap, "another host"},
		{"a redirect to plain http", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+r.Host+"/", http.StatusFound)
		}, 0, hugops.CoverageGap, "another host"},
		{"a redirect for ever", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, 0, hugops.CoverageGap, "five redirects"},
		{"a zip bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 9 {
				z.Write(bytes.Repeat([]byte{' '}, 1<<20))
			}
			z.Close()
		}, 0, hugops.CoverageGap, "larger than"},
		{"one bad incident", func(w http.ResponseWriter, _ *http.Request) {
			w.Write(bytes.Replace(feedBody, []byte(`"id":"done2",`), nil, 1))
		}, 5, hugops.CoverageSample, ""},
		{"out of an old cache", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Age", "7200")
			w.Write(feedBody)
		}, 6, hugops.CoverageStalled, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, r := newTestWatch(t, c.serve)
			o := p.round(t.Context(), time.Now())
			if (o.err == nil) != (c.err == "") || o.err != nil && !strings.Contains(o.err.Error(), c.err) {
				t.Errorf("error %v does not say %q", o.err, c.err)
			}
			took := slices.Concat(r.took...)
			if len(took) != c.took || o.changed != c.took || o.listed != c.took || o.state != c.state || o.failed != (c.err != "") {
				t.Fatalf("the registry took %d outages, want %d; %+v, want %s", len(took), c.took, o, c.state)
			}
			if c.err != "" && p.feeds[0].etag+p.feeds[0].modified != "" {
				t.Error("validators of a failed poll are remembered")
			}
		})
	}
}

// TestConditional polls a page five times: the registry fails first, so the page
// is asked for all of it again; then it is unchanged; then it says the same with
// another tag; then it changes.
func TestConditional(t *testing.T) {
	version, body := `"v1"`, readFile(t, "statuspage.json")
	var asked []string
	p, r := newTestWatch(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("If-None-Match")+"/"+r.Header.Get("If-Modified-Since"))
		if r.Header.Get("If-None-Match") == version {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", version)
		w.Header().Set("Last-Modified", "Mon, 02 Nov 2026 12:00:00 GMT")
		w.Write(body)
	})
	r.fail = 1
	var got []string
	for i := range 5 {
		switch i {
		case 3:
			version = `"v2"`
		case 4:
			version, body = `"v3"`, bytes.Replace(body, []byte("Slow console"), []byte("Slow console, again"), 1)
		}
		p.w.fetcher.host(p.feeds[0].url).next = time.Time{}
		o := p.round(t.Context(), time.Now())
		got = append(got, fmt.Sprint(o.result, o.changed))
	}
	if want := []string{"error0", "ok6", "unchanged0", "unchanged0", "ok1"}; !slices.Equal(got, want) {
		t.Errorf("rounds: %q, want %q", got, want)
	}
	const date = "Mon, 02 Nov 2026 12:00:00 GMT"
	if want := []string{"/", "/", `"v1"/` + date, `"v1"/` + date, `"v2"/` + date}; !slices.Equal(asked, want) {
		t.Errorf("asked with %q, want %q", asked, want)
	}
	if len(r.took) != 2 || len(r.took[1]) != 1 {
		t.Errorf("the registry took %d answers", len(r.took))
	}
}

// TestPace watches a page for a virtual hour and counts the polls.
func TestPace(t *testing.T) {
	const young = `{"page":{"id":"p"},"incidents":[{"id":"a","name":"n","status":"investigating","created_at":"2009-12-29T00:00:00Z"}]}`
	cases := []struct {
		name       string
		body       string
		retryAfter string
		min, max   int
	}{
		{"nothing is open: each 5 minutes", beePage(), "", 11, 14},
		{"an incident is open: each minute", young, "", 54, 67},
		{"it has been open for months", strings.Replace(young, "2009-12-29", "2009-02-02", 1), "", 11, 14},
		{"errors: 1, 2, 4 … 30 minutes", "!503", "", 5, 8},
		{"the server asks for 25 minutes", "!429", "1500", 3, 4},
		{"an error page", "<html>", "", 5, 8},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := &world{bodies: map[string]string{beeFeed: c.body, "bee.example/api/v2/scheduled-maintenances.json": c.body}, header: http.Header{"Retry-After": {c.retryAfter}}}
			inWorld(t, w, &registry{}, bee, func() { time.Sleep(time.Hour) })
			if n := w.count(beeFeed); n < c.min || n > c.max {
				t.Errorf("%d polls in an hour, want %d to %d", n, c.min, c.max)
			}
		})
	}
}

// TestPolite: 40 pages of one host are asked one after another, a second apart,
// and all stop when the host asks for it.
func TestPolite(t *testing.T) {
	w := &world{bodies: map[string]string{}, took: 3 * time.Second, header: http.Header{}}
	var pages []Page
	for i := range 40 {
		path := fmt.Sprintf("host.example/api/%d", i)
		w.bodies[path] = `{"result":{"status_overall":{"status_code":100},"incidents":[]}}`
		pages = append(pages, Page{Service: fmt.Sprintf("s%d", i), Name: "S", Kind: "statusio", URL: "https://" + path})
	}
	inWorld(t, w, &registry{}, pages, func() {
		time.Sleep(4 * time.Minute)
		w.mu.Lock()
		if len(w.asked) < 40 || w.most != 1 {
			t.Errorf("%d requests, %d at a time", len(w.asked), w.most)
		}
		for i := 1; i < len(w.at); i++ {
			if gap := w.at[i].Sub(w.at[i-1]); gap < w.took+hostPause {
				t.Errorf("request %d came %v after the one before", i, gap)
			}
		}
		for path := range w.bodies {
			w.bodies[path] = "!429"
		}
		w.header.Set("Retry-After", "600")
		w.mu.Unlock()
		time.Sleep(3 * time.Minute)
		before := w.total()
		time.Sleep(5 * time.Minute)
		if n := w.total() - before; n > 0 {
			t.Errorf("%d requests while the host asked to be left alone", n)
		}
	})
}

// TestLedger: what each page says in the ledger, while it is well and after
// something befell it.
func TestLedger(t *testing.T) {
	const azureFeed = "rssfeed.azure.status.microsoft/en-us/status/feed/"
	azure := func(built string) string {
		return `<rss version="2.0"><channel><title>Azure Status</title><lastBuildDate>` + built + `</lastBuildDate></channel></rss>`
	}
	w := &world{bodies: map[string]string{beeFeed: beePage("b", "a"), "shape.example/api/v2/incidents.json": beePage("b"), "part.example/api/v2/incidents.json": beePage("b"),
		"part.example/api/v2/scheduled-maintenances.json": beePage(), azureFeed: azure("Mon, 28 Dec 2009 00:00:00 Z"), "down.example/api/v2/incidents.json": beePage()}}
	pages := append([]Page{{Service: "shape", Name: "S", URL: "https://shape.example"}, {Service: "part", Name: "P", URL: "https://part.example"},
		{Service: "down", Name: "D", URL: "https://down.example"}, {Service: "azure", Name: "Azure", URL: "https://azure.status.microsoft/en-us/status", Kind: "azure"}}, bee...)
	r := &registry{}
	inWorld(t, w, r, pages, func() {
		time.Sleep(11 * time.Minute)
		r.mu.Lock()
		for _, row := range r.rows {
			if want := (hugops.Coverage{State: hugops.CoverageLive}); row.State != want.State && row.Source != "status:azure" || row.Network != LedgerNetwork {
				t.Errorf("while all is well: %+v", row)
			}
		}
		r.rows = nil
		r.mu.Unlock()
		w.set("shape.example/api/v2/incidents.json", `{"v3":true}`)
		w.set("down.example/api/v2/incidents.json", "!502")
		w.set("part.example/api/v2/scheduled-maintenances.json", "!500")
		time.Sleep(30 * time.Minute)
	})
	last := map[string]hugops.Coverage{}
	for _, row := range r.rows {
		last[row.Source] = row
	}
	want := map[string]hugops.CoverageState{"status:bee": hugops.CoverageLive, "status:shape": hugops.CoverageStalled, "status:down": hugops.CoverageGap,
		"status:part": hugops.CoverageSample, "status:azure": hugops.CoverageStalled}
	var metric bytes.Buffer
	metrics.WritePrometheus(&metric, false)
	for source, state := range want {
		if line := fmt.Sprintf("hugops_source_state{source=%q,state=%q} 1\n", source, state); !strings.Contains(metric.String(), line) {
			t.Errorf("/metrics does not say %s", line)
		}
		if last[source].State != state {
			t.Errorf("%s: %+v, want %s", source, last[source], state)
		}
	}
	if row := last["status:bee"]; row.Seen != 2 || row.Kept != 0 || row.At.Second() != 0 {
		t.Errorf("%+v", row)
	}
}

// TestOneBadPage shows that a page which fails does not stop another, that two
// pages of one service are two, and that one page of two services is one.
func TestOneBadPage(t *testing.T) {
	w := &world{bodies: map[string]string{"bad.example/api/v2/incidents.json": "!500", beeFeed: beePage("a"), "eu.bee.example/api/v2/incidents.json": beePage("b")}}
	r := &registry{}
	pages := append([]Page{{Service: "bad", Name: "Bad", URL: "https://bad.example"}, {Service: "bee", Name: "Bee", URL: "https://eu.bee.example"}}, append(bee, Page{Service: "hive", Name: "Hive", URL: bee[0].URL})...)
	inWorld(t, w, r, pages, func() { time.Sleep(time.Minute) })
	if got := r.states(); got != "a:c b:c" || w.count(beeFeed) != 1 {
		t.Errorf("got %s; %d polls", got, w.count(beeFeed))
	}
	if a, b := r.outages["bee-a"].Feed, r.outages["bee-b"].Feed; a != "status:bee.example" || b != "status:bee" {
		t.Errorf("feeds %q and %q", a, b)
	}
}

// TestFindsStatusIO: the page of a Status.io customer names its feed.
func TestFindsStatusIO(t *testing.T) {
	const id = "5b36dc6502d06804c08349f7"
	w := &world{bodies: map[string]string{"bee.example": `<script>var pageId = '` + id + `';</script>`, "status-api.hostedstatus.com/1.0/status/" + id: string(readFile(t, "statusio.json"))}}
	r := &registry{}
	inWorld(t, w, r, []Page{{Service: "bee", Name: "Bee", URL: "https://bee.example", Kind: "statusio"}}, func() { time.Sleep(20 * time.Minute) })
	if len(r.outages) != 4 || w.count("bee.example") != 1 {
		t.Errorf("%d outages, the page was asked %d times", len(r.outages), w.count("bee.example"))
	}
}

func TestAddresses(t *testing.T) {
	cases := []struct{ kind, page, want string }{
		{"statuspage", "https://www.githubstatus.com", "https://www.githubstatus.com/api/v2/incidents.json https://www.githubstatus.com/api/v2/scheduled-maintenances.json"},
		{"", "https://status.example/eu/", "https://status.example/eu/api/v2/incidents.json https://status.example/eu/api/v2/scheduled-maintenances.json"},
		{"statuspage", "https://status.example/api/v2/summary.json", "https://status.example/api/v2/summary.json"},
		{"aws", "https://health.aws.amazon.com/health/status", "https://health.aws.amazon.com/public/currentevents"},
		{"aws", "https://status.aws.amazon.com/rss/all.rss", "https://status.aws.amazon.com/rss/all.rss"},
		{"google", "https://www.google.com/appsstatus/dashboard/", "https://www.google.com/appsstatus/dashboard/incidents.json"},
		{"azure", "https://azure.status.microsoft/en-us/status", "https://rssfeed.azure.status.microsoft/en-us/status/feed/"},
		{"slack", "https://slack-status.com", "https://slack-status.com/api/v2.0.0/current https://slack-status.com/api/v2.0.0/history"},
		{"cachet", "https://status.example", "https://status.example/api/incidents?per_page=50&include=components,updates https://status.example/api/schedules?per_page=50&include=components,updates"},
		{"statuspage", "http://status.example", ""},
		{"statuspage", "https://user:pass@status.example", ""},
		{"statuspage", "file:///etc/passwd", ""},
		{"statuspage", "status.example", ""},
	}
	for _, c := range cases {
		k, err := kindOf(c.kind)
		if err != nil {
			t.Fatal(err)
		}
		got, err := k.addresses(c.page)
		if strings.Join(got, " ") != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s %s: %q, %v", c.kind, c.page, got, err)
		}
	}
	for _, page := range []Page{{Name: "S", URL: "http://s.example"}, {Name: "S", URL: "https://s.example", Kind: "dogs"}} {
		if err := NewWatcher(Config{Pages: []Page{page}, Registry: &registry{}}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "status page of S") {
			t.Errorf("a watcher of %+v runs: %v", page, err)
		}
	}
}

func TestCheckPublic(t *testing.T) {
	for address, public := range map[string]bool{
		"93.184.215.14:443": true, "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443": true,
		"127.0.0.1:443": false, "10.1.2.3:443": false, "172.16.0.1:443": false, "192.168.1.1:443": false,
		"169.254.169.254:80": false, "100.64.0.1:443": false, "0.0.0.0:443": false, "255.255.255.255:443": false, "224.0.0.1:443": false,
		"[::1]:443": false, "[fe80::1]:443": false, "[fd00::1]:443": false, "[::ffff:127.0.0.1]:443": false, "[::ffff:10.0.0.1]:443": false,
		"[64:ff9b::a9fe:a9fe]:443": false, "[2002:7f00:1::]:443": false, "[::]:443": false,
	} {
		if err := checkPublic(address); (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestLedgerWaits: rows that the store does not take are written later, with what
// came since, and also at the end.
func TestLedgerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &registry{fail: 2}
		l := &ledger{sink: failing{r}, log: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithCancel(t.Context())
		stop := l.run(ctx)
		p := &watch{page: bee[0], name: "status:bee"}
		for range 3 {
			l.note(p, outcome{result: "ok", state: hugops.CoverageLive}, time.Now())
			time.Sleep(ledgerTick + time.Second)
		}
		synctest.Wait()
		if len(r.rows) != 3 || r.fail != 0 {
			t.Errorf("%d rows after two failures", len(r.rows))
		}
		l.note(p, outcome{result: "ok", state: hugops.CoverageLive}, time.Now())
		cancel()
		stop()
		if len(r.rows) != 4 {
			t.Errorf("%d rows at the end", len(r.rows))
		}
	})
}

// failing is a ledger that fails as often as its registry is told.
type failing struct{ *registry }

func (f failing) PutCoverage(ctx context.Context, rows []hugops.Coverage) error {
	if f.fail > 0 {
		f.fail--
		return errors.New("the store is down")
	}
	return f.registry.PutCoverage(ctx, rows)
}
