package mastodon

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		token string
		code  int
		want  string
	}{
		"good":      {"secret-token", 200, ""},
		"no token":  {"", 200, "no token"},
		"revoked":   {"secret-token", 401, "user* token"},
		"app token": {"secret-token", 422, "user* token"},
		"scope":     {"secret-token", 403, "read:statuses"},
		"down":      {"secret-token", 503, "answered 503"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer secret-token" {
					t.Errorf("asked without the token")
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.code)
				w.Write([]byte("[]"))
			}))
			defer srv.Close()
			err := Check(t.Context(), Config{Server: srv.URL, Token: c.token})
			switch {
			case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			case err != nil && strings.Contains(err.Error(), "secret-token"):
				t.Errorf("%v shows the token", err)
			}
		})
	}
}
