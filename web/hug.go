package web

import (
	"net/url"
	"strings"

	"github.com/hugops/hugops"
)

// hug is a message that a visitor may send from an account of their own, in the
// words of each network, and the addresses that open it there, filled in. hugops
// posts nothing.
type hug struct {
	Message    string // without a handle
	Mastodon   string // its words; the visitor's server is not known
	Bluesky, X string // addresses
}

// newHug names the provider by its own account where one is known on the network.
func newHug(service string, open bool, handles map[hugops.Network][]string) hug {
	message := func(n hugops.Network) string {
		who := service
		if h := handles[n]; len(h) > 0 {
			who += " (@" + h[0] + ")"
		}
		if open {
			return "Thank you to everyone at " + who + " who is fixing things right now. We see you. #HugOps"
		}
		return "Thank you to everyone at " + who + " who fixed things. We saw you. #HugOps"
	}
	escaped := func(n hugops.Network) string { return strings.ReplaceAll(url.QueryEscape(message(n)), "+", "%20") }
	return hug{
		Message: message(""), Mastodon: message(hugops.Mastodon),
		Bluesky: "https://bsky.app/intent/compose?text=" + escaped(hugops.Bluesky), X: "https://x.com/intent/post?text=" + escaped(hugops.X),
	}
}
