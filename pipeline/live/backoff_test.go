package live

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// TestBackoff shows the pauses before twelve attempts without progress, and the
// one after it.
func TestBackoff(t *testing.T) {
	b := NewBackoff(Pauses{Min: time.Second, Max: 5 * time.Minute})
	var pauses []time.Duration
	for range 12 {
		pauses = append(pauses, b.next(time.Now()))
	}
	for i, pause := range pauses {
		want := time.Duration(0)
		if i > 0 {
			want = min(time.Second<<(i-1), 5*time.Minute)
		}
		if pause < want/2 || pause > want*3/2 {
			t.Errorf("pause %d is %v, want about %v", i, pause, want)
		}
	}
	b.Progress()
	if pause := b.next(time.Now()); pause < time.Second/2 || pause > 3*time.Second/2 {
		t.Errorf("after progress the pause is %v, want about 1s", pause)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	cases := []struct {
		name, header, value string
		want                time.Duration
	}{
		{"seconds", "Retry-After", "120", 2 * time.Minute},
		{"a date", "Retry-After", "Mon, 02 Nov 2026 12:03:00 GMT", 3 * time.Minute},
		{"Mastodon's own", "X-RateLimit-Reset", "2026-11-02T12:04:00.5Z", 4*time.Minute + 500*time.Millisecond},
		{"too much is cut", "Retry-After", "99999999", maxRetryAfter},
		{"nonsense", "Retry-After", "soon", 0},
	}
	for _, c := range cases {
		b := NewBackoff(Pauses{Min: time.Nanosecond, Max: time.Nanosecond})
		b.next(now)
		b.Obey(http.Header{http.CanonicalHeaderKey(c.header): {c.value}}, now)
		if got := b.next(now); got.Round(time.Millisecond) != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestClasses shows that another kind of failure begins with its own first
// pause, and that progress ends it.
func TestClasses(t *testing.T) {
	b := NewBackoff(Pauses{Min: time.Second, Max: time.Minute})
	refused := Paused(errors.New("refused"), Pauses{Min: 10 * time.Minute, Max: time.Hour})
	b.next(time.Now())
	about := func(what string, want time.Duration) {
		t.Helper()
		if pause := b.next(time.Now()); pause < want/2 || pause > want*3/2 {
			t.Errorf("%s: the pause is %v, want about %v", what, pause, want)
		}
	}
	about("the first failure", time.Second)
	b.Failed(io.EOF)
	about("the second", 2*time.Second)
	b.Failed(fmt.Errorf("dial: %w", refused))
	about("refused", 10*time.Minute)
	b.Failed(refused)
	about("refused again", 20*time.Minute)
	b.Failed(io.EOF)
	about("another failure", time.Second)
	b.Failed(refused)
	b.Progress()
	about("after progress", time.Second)
}
