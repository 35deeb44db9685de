package x

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestCheckToken lists what people give for a token, by its look, and what they are
// told. None of these is a real one.
func TestCheckToken(t *testing.T) {
	cases := []struct{ name, token, want string }{
		{"an app's", "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid%2BULvsea4JtiGRiSDSJSI%3DEUifiRBkKG5E2XzMDjRfl76ZC9Ub0wnz4XsNiRVBChTYbJcE3F", ""},
		{"one of another server", "test", ""},
		{"nothing", "", "not the API Key & Secret (consumer keys)"},
		{"with its scheme before it", "Bearer AAAA", "not even the word Bearer"},
		{"two lines", "AAAA\nBBBB", "a line's end"},
		{"a user's, OAuth 1.0a", "1234567890-" + strings.Repeat("aB3", 13), "Access Token (OAuth 1.0a)"},
		{"a user's, OAuth 2.0", base64.RawURLEncoding.EncodeToString([]byte("kX2dPq9:1700000000000:1:1:at:1")), "Access Token (OAuth 2.0)"},
		{"a consumer key", strings.Repeat("aB3xY", 5), "API Key (consumer key)"},
		{"a consumer secret", strings.Repeat("aB3xY", 10), "a secret"},
		{"an access token's secret", strings.Repeat("aB3xY", 9), "a secret"},
	}
	for _, c := range cases {
		err := checkToken(c.token)
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		case err != nil && c.token != "" && strings.Contains(err.Error(), c.token):
			t.Errorf("%s: the error shows it", c.name)
		}
	}
}

// TestThrottle: as many requests as are allowed go at once, the next one when the
// first is as long ago as the window.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := throttle{most: 45, window: rateWindow}
		began := time.Now()
		var log bytes.Buffer
		for range 46 {
			if err := limit.wait(t.Context(), newLog(&log)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took != rateWindow+time.Second || strings.Count(log.String(), "no more requests") != 1 {
			t.Errorf("took %v\n%s", took, log.String())
		}
	})
}

func TestAddress(t *testing.T) {
	for address, want := range map[string]string{
		"":                        "https://api.x.com",
		"https://x.example/":      "https://x.example",
		"http://127.0.0.1:8080":   "http://127.0.0.1:8080",
		"http://localhost:8080":   "http://localhost:8080",
		"http://x.example":        "over https only",
		"http://127.evil.example": "over https only",
		"x.example":               "no address",
		"https://u:p@x.example":   "no address",
		"https://x.example/2?a=b": "no address",
		"ftp://x.example":         "over https only",
	} {
		a, err := newAPI(address, "t")
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = a.base
		}
		if err == nil && got != want || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

// TestCheck lists what can be wrong with an app, and what --check says.
func TestCheck(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, path string
		code       int
		body, want string
	}{
		{"all is well", "", 0, "", ""},
		{"a token that was revoked", "GET " + rulesPath, 401, `{"title":"Unauthorized","detail":"Unauthorized"}`, "it may have been regenerated or revoked"},
		{"a user's token", "GET " + rulesPath, 403, `{"title":"Unsupported Authentication","detail":"Authenticating with OAuth 1.0a User Context is forbidden for this endpoint.  Supported authentication types are [OAuth 2.0 Application-Only].","type":"https://api.twitter.com/2/problems/unsupported-authentication"}`, "this is a user's token, and the stream needs the app's"},
		{"an app outside of a project", "GET " + rulesPath, 403, `{"client_id":"1","detail":"When authenticating requests","reason":"client-not-enrolled","title":"Client Forbidden","type":"https://api.twitter.com/2/problems/client-forbidden"}`, "Pay-per-use"},
		{"no credits", "POST " + rulesPath, 402, `{"title":"CreditsDepleted","detail":"Your enrolled account does not have any credits"}`, "credit balance"},
		{"rules may not be written", "POST " + rulesPath, 403, `{"title":"Forbidden"}`, "look at its access"},
		{"no compliance", "GET " + jobsPath, 403, `{"title":"Forbidden"}`, "look at its access"},
		{"a web page", "GET " + rulesPath, 200, "<html>", "json"},
		{"X is down", "GET " + rulesPath, 503, "", "X has trouble itself"},
	}
	for _, c := range cases {
		f := newFake(t)
		if c.path != "" {
			f.refuse[c.path] = answer(c.code, c.body)
		}
		cfg := config(f, &board{})
		cfg.StateDir = t.TempDir()
		checks, err := Check(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		var wrong []string
		for _, k := range checks {
			if k.Err != nil {
				wrong = append(wrong, k.Err.Error())
			}
		}
		if said := strings.Join(wrong, "; "); !strings.Contains(said, c.want) || (c.want == "") != (said == "") || strings.Contains(said, goodToken) {
			t.Errorf("%s: %q, want %q", c.name, said, c.want)
		}
		if len(f.rules) != 0 || len(f.requests("GET", streamPath)) != 0 {
			t.Errorf("%s: the check changed rules or opened the stream", c.name)
		}
	}
}
