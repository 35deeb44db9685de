package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops"
)

// TestKeep: what was answered is answered again for a second, by address and host,
// and the quiet outage's for longer; errors are not.
func TestKeep(t *testing.T) {
	newSite(t, fixtures()) // starts what the metrics need, which must not be in the bubble
	synctest.Test(t, func(t *testing.T) {
		store := newStage()
		old := teapot()
		store.details = append(store.details, old)
		var site *Site
		h := newSite(t, store, func(c *Config) { c.Keep, c.Public = time.Second, "" })
		site = h.(*Site)
		ids := []string{"chatterbee-7", old.Outage.ID}
		tags := func(accept string) (list []string) {
			t.Helper()
			for _, id := range ids {
				for _, path := range []string{"/outages/", "/api/v1/outages/"} {
					w := get(t, h, path+id, "Accept-Encoding", accept)
					if w.Code != 200 || accept != "" && w.Header().Get("Content-Encoding") != accept {
						t.Fatalf("%s: %d %v", path+id, w.Code, w.Header())
					}
					list = append(list, w.Header().Get("ETag"))
				}
			}
			return list
		}
		change := func(n int) {
			store.mu.Lock()
			defer store.mu.Unlock()
			for i := range store.details {
				store.details[i].Index.Support = n
			}
		}
		again := func() []string { // the one that was made in the background
			tags("")
			synctest.Wait()
			return tags("")
		}
		first := tags("")
		change(1000)
		time.Sleep(900 * time.Millisecond)
		if got := tags("gzip"); fmt.Sprint(got) != fmt.Sprint(first) {
			t.Errorf("within a second: %v, want %v", got, first)
		}
		time.Sleep(200 * time.Millisecond)
		second := again()
		for i := range second {
			if quiet := i >= 2; (second[i] == first[i]) != quiet {
				t.Errorf("answer %d after a second: %s, was %s", i, second[i], first[i])
			}
		}
		site.site.hub.changed(map[string]bool{"another": true}) // the live stream has news
		change(1001)
		third := tags("")
		for i := range third {
			if quiet := i >= 2; (third[i] == second[i]) != quiet {
				t.Errorf("answer %d after news of another outage: %s, was %s", i, third[i], second[i])
			}
		}
		site.site.hub.changed(map[string]bool{old.Outage.ID: true})
		if fourth := tags(""); fourth[2] == third[2] || fourth[3] == third[3] {
			t.Error("news of a quiet outage are not told")
		}
		time.Sleep(keepQuiet + time.Second)
		if last := again(); last[2] == first[2] {
			t.Error("a quiet outage is kept for ever")
		}
		r, _ := http.NewRequest("GET", "/api/v1/outages/chatterbee-7", nil)
		r.Host = "other.example"
		w := newRecorder()
		h.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), "http://other.example/") {
			t.Error("an answer for one host is given to another")
		}
		if get(t, h, "/outages/unknown").Code != 404 || get(t, h, "/api/v1/outages?limit=x").Code != 400 {
			t.Error("errors are no longer errors")
		}
		store.mu.Lock()
		store.err = errNoPage
		store.mu.Unlock()
		time.Sleep(2 * time.Second)
		if w := get(t, h, "/outages/chatterbee-7"); w.Code != 200 {
			t.Error("what is not too old is not given while the next cannot be made")
		}
		time.Sleep(keepLate)
		if w := get(t, h, "/outages/chatterbee-7"); w.Code == 200 {
			t.Error("what is too old is given because the next cannot be made")
		}
	})
}

// TestKeepMakesOnce: when an answer is old, nobody waits for the next, which is made once;
// when it is too old it is made for whoever asks.
func TestKeepMakesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{Config: Config{Public: "https://hugops.example"}, closing: t.Context()}
		s.keeper.live = time.Second
		var made atomic.Int64
		do := s.keeps(asPage, nil, func(*http.Request) (*answer, error) {
			time.Sleep(100 * time.Millisecond)
			return &answer{Body: fmt.Append(nil, made.Add(1))}, nil
		})
		ask := func() string {
			r, _ := http.NewRequest("GET", "/x", nil)
			a, err := do(r)
			if err != nil {
				t.Error(err)
			}
			return string(a.Body)
		}
		ask()
		time.Sleep(1100 * time.Millisecond)
		var wg sync.WaitGroup
		began := time.Now()
		for range 50 {
			wg.Go(func() {
				if got := ask(); got != "1" {
					t.Errorf("given %s", got)
				}
			})
		}
		wg.Wait()
		if waited := time.Since(began); waited > 0 {
			t.Errorf("they waited %s", waited)
		}
		s.making.Wait()
		if got := ask(); got != "2" || made.Load() != 2 {
			t.Errorf("then %s is given, of %d", got, made.Load())
		}
		time.Sleep(time.Second + keepLate + time.Millisecond)
		if got := ask(); got != "3" {
			t.Errorf("after a long time: %s", got)
		}
	})
}

// TestKeeperIsBounded: it holds so many bytes at most, and drops old answers first.
func TestKeeperIsBounded(t *testing.T) {
	k := keeper{live: time.Hour}
	big := bytes.Repeat([]byte("x"), 1<<20)
	now := time.Now()
	k.put("old", &keptAnswer{answer: &answer{Body: big}}, 0, now.Add(-2*time.Hour))
	for i := range 200 {
		k.put(fmt.Sprint(i%100), &keptAnswer{answer: &answer{Body: big}}, 0, now)
		if k.size > keepBytes {
			t.Fatalf("%d bytes are kept", k.size)
		}
	}
	if a, _ := k.get("old", now); a != nil {
		t.Error("an old answer stays where new ones had to go")
	}
	sum := 0
	for _, a := range k.kept {
		sum += a.cost()
	}
	if sum != k.size || len(k.kept) < 50 {
		t.Errorf("%d answers of %d bytes, counted as %d", len(k.kept), sum, k.size)
	}
	tellQuiet(&http.Request{}, &hugops.Summary{}, now) // of a request that is not kept
}

// TestKeepNews: what was begun before something changed is not kept.
func TestKeepNews(t *testing.T) {
	s := &site{Config: Config{Public: "https://hugops.example"}}
	s.keeper.live = time.Hour
	made := 0
	do := s.keeps(asPage, nil, func(*http.Request) (*answer, error) {
		if made++; made == 1 {
			s.keeper.changed(nil)
		}
		return &answer{Body: fmt.Append(nil, made)}, nil
	})
	for _, want := range []string{"1", "2", "2"} {
		r, _ := http.NewRequest("GET", "/x", nil)
		if a, err := do(r); err != nil || string(a.Body) != want {
			t.Errorf("%s, %v; want %s", a.Body, err, want)
		}
	}
}

// TestQuiet: an outage is quiet when nobody can post about it any more, and nothing of it
// has changed of late: else somebody is reading old posts in.
func TestQuiet(t *testing.T) {
	for _, c := range []struct {
		name           string
		ended, changed time.Duration // ago; 0: never
		want           bool
	}{
		{"goes on", 0, 0, false},
		{"just over", time.Hour, time.Hour, false},
		{"long over", 24 * time.Hour, time.Hour, true},
		{"long over, and never changed", 24 * time.Hour, 0, true},
		{"long over, and being read in", 24 * time.Hour, 5 * time.Second, false},
	} {
		sum := hugops.Summary{Outage: hugops.Outage{ID: "o"}}
		if c.ended > 0 {
			sum.Outage.EndedAt = noon.Add(-c.ended)
		}
		if c.changed > 0 {
			sum.UpdatedAt = noon.Add(-c.changed)
		}
		tell := &about{}
		r, err := http.NewRequestWithContext(context.WithValue(t.Context(), aboutKey{}, tell), "GET", "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetPathValue("id", "o")
		if tellQuiet(r, &sum, noon); (tell.quiet != "") != c.want {
			t.Errorf("%s: quiet %v, want %v", c.name, tell.quiet != "", c.want)
		}
	}
}

// TestKeepReads: an address is what a page reads of it. What it reads makes another
// answer; what others add to a link does not, and is not made for it.
func TestKeepReads(t *testing.T) {
	h := newSite(t, fixtures(), func(c *Config) { c.Keep = time.Hour })
	for _, c := range []struct{ path, reads string }{
		{"/", "q=thicket days=1 network=x after=2026-11-22T11:14:00Z,nimbus-2026-11-22"},
		{"/services/thicket-code", "after=2020-01-01T00:00:00Z,a"},
		{"/embed", "outage=nimbus-2026-11-22 service=thicket-code show=hugs theme=dark size=line lang=de"},
		{"/embed/nimbus-2026-11-22", "show=hugs theme=dark lang=de"},
		{"/embed/service/nimbus-cloud", "show=hugs theme=dark lang=de"},
	} {
		plain := get(t, h, c.path)
		if plain.Code != 200 {
			t.Fatalf("%s: %d", c.path, plain.Code)
		}
		for _, read := range strings.Fields(c.reads) {
			if w := get(t, h, c.path+"?"+read+"&fbclid=1"); w.Code != 200 || w.Header().Get("ETag") == plain.Header().Get("ETag") {
				t.Errorf("%s?%s: %d, the same answer as without it", c.path, read, w.Code)
			}
		}
	}
	k := &h.(*Site).site.keeper
	before := len(k.kept)
	for i := range 20 {
		for _, path := range []string{"/", "/methodology", "/sources", "/outages/nimbus-2026-11-22", "/embed/nimbus-2026-11-22"} {
			get(t, h, fmt.Sprintf("%s?utm_source=%d&n", path, i))
		}
	}
	if made := len(k.kept) - before; made > 5 {
		t.Errorf("%d answers are kept of 5 pages", made)
	}
	if w := get(t, h, "/api/v1/outages?limit=1&nonsense=1"); w.Code != 400 {
		t.Errorf("the API passes over what it does not know: %d", w.Code)
	}
}
