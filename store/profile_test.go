package store

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

type timed struct {
	http.RoundTripper
	total map[string]time.Duration
}

func (f *timed) RoundTrip(r *http.Request) (*http.Response, error) {
	begun := time.Now()
	q := r.URL.Query().Get("query")
	if q == "" && r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		q = string(b)
		r.Body = io.NopCloser(strings.NewReader(q))
	}
	a, err := f.RoundTripper.RoundTrip(r)
	if a != nil {
		b, _ := io.ReadAll(a.Body)
		a.Body.Close()
		a.Body = io.NopCloser(strings.NewReader(string(b)))
	}
	f.total[q[:min(60, len(q))]] += time.Since(begun)
	return a, err
}

func TestProfile(t *testing.T) {
	if os.Getenv("PROFILE") == "" {
		t.Skip()
	}
	c := config(t)
	tr := &timed{c.Transport, map[string]time.Duration{}}
	c.Transport = tr
	s := open(t, c)
	clear(tr.total)
	all := flood(20, 20000)
	begun := time.Now()
	for _, b := range all {
		if err := s.Write(t.Context(), b, nil); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println(time.Since(begun))
	for q, d := range tr.total {
		fmt.Printf("%8s %q\n", (d / 20).Round(time.Millisecond/10), q)
	}
}
