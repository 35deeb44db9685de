package web

import (
	"bytes"
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
	synctest.Test(t, func(t *testing.T) {
		store := newStage()
		old := teapot()
		store.details = append(store.details, old)
		var site *Site
		h := newSite(t, store, func(c *Config) { c.Keep, c.Public = time.Second, "" })
		site, _ = h.(*Site)
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
		first := tags("")
		change(1000)
		time.Sleep(900 * time.Millisecond)
		if got := tags("gzip"); fmt.Sprint(got) != fmt.Sprint(first) {
			t.Errorf("within a second: %v, want %v", got, first)
		}
		time.Sleep(200 * time.Millisecond)
		second := tags("")
		for i := range second {
			if quiet := i >= 2; (second[i] == first[i]) != quiet {
				t.Errorf("answer %d after a second: %s, was %s", i, second[i], first[i])
			}
		}
		site.hub.changed(map[string]bool{"another": true}) // the live stream has news
		change(1001)
		third := tags("")
		for i := range third {
			if quiet := i >= 2; (third[i] == second[i]) != quiet {
				t.Errorf("answer %d after news of another outage: %s, was %s", i, third[i], second[i])
			}
		}
		site.hub.changed(map[string]bool{old.Outage.ID: true})
		if fourth := tags(""); fourth[2] == third[2] || fourth[3] == third[3] {
			t.Error("news of a quiet outage are not told")
		}
		time.Sleep(keepQuiet + time.Second)
		if last := tags(""); last[2] == first[2] {
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
		if w := get(t, h, "/outages/chatterbee-7"); w.Code == 200 {
			t.Error("what is old is given without anybody making the next")
		}
	})
}

// TestKeepMakesOnce: when an answer is old, one request makes the next and the
// others are given the old one.
func TestKeepMakesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{Config: Config{Public: "https://hugops.example"}}
		s.keeper.live = time.Second
		var made atomic.Int64
		do := s.keeps(func(*http.Request) (*answer, error) {
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
		old := 0
		var mu sync.Mutex
		for range 50 {
			wg.Go(func() {
				if ask() == "1" {
					mu.Lock()
					old++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if made.Load() != 2 || old != 49 {
			t.Errorf("%d were made, %d of 50 given the old one", made.Load(), old)
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
	k.put("old", &keptAnswer{answer: &answer{Body: big}}, now.Add(-2*time.Hour))
	for i := range 200 {
		k.put(fmt.Sprint(i%100), &keptAnswer{answer: &answer{Body: big}}, now)
		if k.size > keepBytes {
			t.Fatalf("%d bytes are kept", k.size)
		}
	}
	if k.get("old", now) != nil {
		t.Error("an old answer stays where new ones had to go")
	}
	sum := 0
	for _, a := range k.kept {
		sum += a.cost()
	}
	if sum != k.size || len(k.kept) < 50 {
		t.Errorf("%d answers of %d bytes, counted as %d", len(k.kept), sum, k.size)
	}
	var o hugops.Outage
	tellQuiet(&http.Request{}, &o, now) // of a request that is not kept
}
