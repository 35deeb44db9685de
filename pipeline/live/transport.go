package live

import "net/http"

// NewTransport returns a transport that speaks HTTP/1.1 alone: HTTP/2 puts all
// requests to a host on one connection, and when that is dead without saying so,
// each next attempt goes the same way until the kernel gives it up.
func NewTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	return t
}
