package statusfeed

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// forgetful takes outages and keeps none.
type forgetful struct{ put atomic.Int64 }

func (*forgetful) Outages(context.Context) ([]hugops.Outage, error)    { return nil, nil }
func (*forgetful) SeeOutages(context.Context, []hugops.Sighting) error { return nil }
func (f *forgetful) PutOutages(_ context.Context, all []hugops.Outage) error {
	f.put.Add(int64(len(all)))
	return nil
}

// fullPage is an incidents.json as large as big providers have it: 50 incidents
// of ten notices, some 150 kB.
func fullPage(version int64) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"page":{"id":"p","name":"P","url":"https://p.example"},"incidents":[`)
	for i := range 50 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"incident%d","name":"Incident %d, version %d","status":"resolved","created_at":"2026-10-%02dT12:00:00Z","resolved_at":"2026-10-%02dT15:00:00Z","impact":"minor","incident_updates":[`, i, i, version, i%28+1, i%28+1)
		for j := range 10 {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"id":"u%d","status":"identified","body":"%s","display_at":"2026-10-01T12:%02d:00Z","affected_components":[{"name":"API"}]}`, j, strings.Repeat("We are looking into it. ", 8), j)
		}
		b.WriteString(`]}`)
	}
	b.WriteString(`]}`)
	return b.String()
}

// BenchmarkWatch asks 300 pages of a server once, over TLS: all of them changed,
// or none. It reports the memory that stays, and the goroutines.
func BenchmarkWatch(b *testing.B) {
	const pages = 300
	for _, changed := range []bool{true, false} {
		b.Run(map[bool]string{true: "changed", false: "unchanged"}[changed], func(b *testing.B) {
			var version atomic.Int64
			var body atomic.Value
			body.Store(fullPage(0))
			srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				tag := fmt.Sprintf(`"%d"`, version.Load())
				if r.Header.Get("If-None-Match") == tag {
					w.WriteHeader(http.StatusNotModified)
					return
				}
				w.Header().Set("ETag", tag)
				fmt.Fprint(w, body.Load())
			}))
			defer srv.Close()
			watches := manyWatches(b, srv, pages)
			round := func() {
				var all sync.WaitGroup
				for _, p := range watches {
					p.w.fetcher.host(p.feeds[0].url).next = time.Time{}
					all.Go(func() {
						if o := p.round(b.Context(), time.Now()); o.err != nil {
							b.Error(o.err)
						}
					})
				}
				all.Wait()
			}
			round()
			var before, after runtime.MemStats
			for b.Loop() {
				if changed {
					body.Store(fullPage(version.Add(1)))
				}
				round()
			}
			b.ReportMetric(float64(b.N*pages)/b.Elapsed().Seconds(), "pages/s")
			runtime.GC()
			runtime.ReadMemStats(&before)
			goroutines := runtime.NumGoroutine()
			kept := len(watches)
			watches = nil
			srv.CloseClientConnections()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(int64(before.HeapAlloc)-int64(after.HeapAlloc))/float64(kept)/1024, "kB-kept/page")
			b.ReportMetric(float64(goroutines)/float64(kept), "goroutines/page")
		})
	}
}

// manyWatches are pages on hosts of their own, all of them served by srv.
func manyWatches(b *testing.B, srv *httptest.Server, n int) []*watch {
	b.Helper()
	client := srv.Client()
	transport := client.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "example.com"
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, srv.Listener.Addr().String())
	}
	var pages []Page
	for i := range n {
		pages = append(pages, Page{Service: fmt.Sprintf("s%d", i), Name: "S", URL: fmt.Sprintf("https://p%d.example/api/v2/incidents.json", i)})
	}
	watches, err := NewWatcher(Config{Pages: pages, Registry: &forgetful{}, Client: &http.Client{Transport: transport}}).watches()
	if err != nil {
		b.Fatal(err)
	}
	return watches
}
