package mastodon

import (
	"net/url"
	"strings"

	"github.com/hugops/hugops/pipeline/wire"
)

// address is what the web address or the URI of a post tells: the server of its
// author, the author's name there and the post's local id. The name is empty
// where the URI has numbers only.
type address struct{ server, name, id string }

// parseAddress reads https://server/@name/1, https://server/users/name/statuses/1
// and https://server/ap/users/2/statuses/1. It returns false for all others.
func parseAddress(s string) (address, bool) {
	u, err := url.Parse(s)
	if err != nil || !wire.WebURL(s) || u.Hostname() == "" {
		return address{}, false
	}
	a := address{server: u.Hostname()}
	path := strings.Split(strings.Trim(u.Path, "/"), "/")
	switch {
	case len(path) == 2 && strings.HasPrefix(path[0], "@"):
		a.name, a.id = path[0][1:], path[1]
	case len(path) == 4 && path[0] == "users" && path[2] == "statuses":
		a.name, a.id = path[1], path[3]
	case len(path) == 5 && path[0] == "ap" && path[1] == "users" && path[3] == "statuses":
		a.id = path[4]
	}
	if a.id == "" || strings.Trim(a.id, "0123456789") != "" || strings.Contains(a.name, "@") {
		return address{}, false // not Mastodon's, or a copy on another server
	}
	return a, true
}

// profile is the address of the author's profile, as the API gives it; empty
// without a name.
func (a address) profile() string {
	if a.name == "" {
		return ""
	}
	return "https://" + a.server + "/@" + a.name
}

// uri is the post's URI, as its own server gives it to others; empty without a
// name.
func (a address) uri() string {
	if a.name == "" {
		return ""
	}
	return "https://" + a.server + "/users/" + a.name + "/statuses/" + a.id
}

// IsAddress reports whether an address is that of a post of Mastodon.
func IsAddress(s string) bool {
	_, ok := parseAddress(s)
	return ok
}
