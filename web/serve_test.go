package web

import (
	"context"
	"flag"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

var serve = flag.String("serve", "", "serve the fixtures on this address, to look at the pages")

// moving is the shelf with an index that swings, to see pages move.
type moving struct {
	*shelf
	began time.Time
}

func (m moving) Detail(ctx context.Context, id string, now time.Time) (hugops.Detail, error) {
	d, err := m.shelf.Detail(ctx, id, now)
	if d.Outage.ID == "nimbus-2026-11-22" {
		s := time.Since(m.began).Seconds()
		swing := 5 * math.Sin(s/10)
		d.Index.Value, d.Index.Lower, d.Index.Upper = d.Index.Value+swing, d.Index.Lower+swing, d.Index.Upper+swing
		d.Index.Support += int(s)
	}
	return d, err
}

// TestServeFixtures is a way to look at every state in a browser:
//
//	go test ./web -run TestServeFixtures -serve 127.0.0.1:8099 -timeout 0
func TestServeFixtures(t *testing.T) {
	if *serve == "" {
		t.Skip("no -serve address")
	}
	store := fixtures()
	store.details = append(store.details, hostile())
	t.Fatal(http.ListenAndServe(*serve, newSite(t, moving{store, time.Now()}, func(c *Config) { c.Public = "" })))
}
