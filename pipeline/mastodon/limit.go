package mastodon

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/hugops/hugops/pipeline"
)

const (
	// spare requests of each period are left to whoever else uses the account.
	spare = 10
	// maxHold bounds what a server may ask for.
	maxHold = 30 * time.Minute
)

// limit is the rate limit of one server. Mastodon counts requests per account and
// token, and pages of timelines by themselves (300 in 15 minutes); its headers
// X-RateLimit-Remaining and -Reset are of the count that ends first.
type limit struct {
	mu        sync.Mutex
	remaining int
	until     time.Time // of the period, by this machine's clock
	hold      time.Time // nothing is asked before
}

// wait returns when a question may be asked.
func (l *limit) wait(ctx context.Context) error {
	for {
		delay := l.take(time.Now())
		if delay <= 0 {
			return ctx.Err()
		}
		if err := pipeline.Sleep(ctx, delay); err != nil {
			return err
		}
	}
}

// take uses up one request, or says how long none may be made.
func (l *limit) take(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.hold) {
		return l.hold.Sub(now)
	}
	if now.Before(l.until) {
		if l.remaining <= spare {
			return l.until.Sub(now)
		}
		l.remaining--
	}
	return 0
}

// learn reads what an answer says of the limit. Times in it are by the server's
// clock, which its Date tells.
func (l *limit) learn(resp *http.Response, now time.Time) {
	skew := skewOf(resp.Header, now)
	reset, errReset := time.Parse(time.RFC3339, resp.Header.Get("X-RateLimit-Reset"))
	reset = reset.Add(skew)
	remaining, err := strconv.Atoi(resp.Header.Get("X-RateLimit-Remaining"))
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && errReset == nil {
		l.remaining, l.until = remaining, earlier(reset, now.Add(maxHold))
	}
	if resp.StatusCode != http.StatusTooManyRequests {
		return
	}
	l.hold = now.Add(time.Minute)
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds >= 0 {
		l.hold = now.Add(time.Duration(min(seconds, 86400)) * time.Second)
	} else if errReset == nil {
		l.hold = reset
	}
	l.hold = earlier(l.hold, now.Add(maxHold))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// skewOf is by how much this machine's clock is ahead of a server's, to the
// second; zero where the server does not tell.
func skewOf(header http.Header, now time.Time) time.Duration {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	skew := now.Sub(date)
	if skew.Abs() < 2*time.Second {
		return 0 // the Date has whole seconds, and was under way
	}
	return skew
}
