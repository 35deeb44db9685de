package web

import (
	"flag"
	"net/http"
	"testing"
)

var serve = flag.String("serve", "", "serve the fixtures on this address, to look at the pages")

// TestServeFixtures is a way to look at every state in a browser:
//
//	go test ./web -run TestServeFixtures -serve 127.0.0.1:8099 -timeout 0
func TestServeFixtures(t *testing.T) {
	if *serve == "" {
		t.Skip("no -serve address")
	}
	store := fixtures()
	store.details = append(store.details, hostile())
	t.Fatal(http.ListenAndServe(*serve, newSite(t, store, func(c *Config) { c.Public = "" })))
}
