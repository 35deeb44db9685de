package mastodon

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestCheck lists what is wrong with a server, a token or a stream, and what is
// said of it.
func TestCheck(t *testing.T) {
	greeting := func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { say(":)\n"); <-gone }
	answer := func(code int, media, body string) script {
		return func(w http.ResponseWriter, _ func(string), _ <-chan struct{}) {
			w.Header().Set("Content-Type", media)
			w.WriteHeader(code)
			io.WriteString(w, body)
		}
	}
	page := func(n, code int) func(int, http.ResponseWriter) bool {
		return func(i int, w http.ResponseWriter) bool {
			if i == n {
				w.WriteHeader(code)
				io.WriteString(w, `{"error":"`+testToken+`"}`)
			}
			return i == n
		}
	}
	for name, c := range map[string]struct {
		stream     script
		rest       func(int, http.ResponseWriter) bool
		about      string
		note, want string
	}{
		"good":                          {greeting, nil, "", "", ""},
		"a part":                        {greeting, nil, `"timelines_access":{"live_feeds":{"remote":"disabled"}}`, "only posts of its own users", ""},
		"switched off":                  {greeting, nil, `"timelines_access":{"live_feeds":{"local":"disabled","remote":"disabled"}}`, "", "switched off"},
		"a revoked token":               {greeting, page(0, 401), "", "", "unknown or revoked"},
		"an app token":                  {greeting, page(0, 422), "", "", "an app token is not enough"},
		"a token without the scope":     {greeting, page(0, 403), "", "", "lacks the scope read:statuses"},
		"the server is down":            {greeting, page(0, 503), "", "", "status 503"},
		"the stream refuses the token":  {answer(401, "application/json", "{}"), nil, "", "", "Preferences → Development"},
		"streams by WebSocket only":     {answer(404, "application/json", "{}"), nil, "", "", "by WebSocket only"},
		"the stream ends at once":       {answer(200, "text/event-stream", ""), nil, "", "", "nothing comes"},
		"the timeline is not to be had": {greeting, page(1, 403), "", "", "gaps would stay"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, address := newFake(t, c.stream)
			srv.rest, srv.about = c.rest, c.about
			checks, err := Check(t.Context(), Config{Servers: []ServerConfig{{address, testToken}}})
			if err != nil || len(checks) != 1 {
				t.Fatalf("%v, %v", checks, err)
			}
			got := checks[0]
			if got.Version != "4.5.0" || !strings.HasSuffix(got.Stream, "/public") || !strings.HasPrefix(got.Note, c.note) || c.note == "" && got.Note != "" {
				t.Errorf("got %+v", got)
			}
			switch {
			case c.want == "" && got.Err != nil, c.want != "" && (got.Err == nil || !strings.Contains(got.Err.Error(), c.want)):
				t.Errorf("got %v, want %q", got.Err, c.want)
			case got.Err != nil && strings.Contains(got.Err.Error(), testToken):
				t.Errorf("%v shows the token", got.Err)
			}
		})
	}
	if _, err := Check(t.Context(), Config{Servers: []ServerConfig{{"pond.example", ""}}}); err == nil {
		t.Error("a server without a token is checked")
	}
}
