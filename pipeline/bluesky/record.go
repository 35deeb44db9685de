package bluesky

import (
	"slices"
	"strings"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// record is what hugops reads of an app.bsky.feed.post. Only the text must have
// its shape: the rest is open to foreign lexicons.
type record struct {
	Text      string              `json:"text"`
	CreatedAt string              `json:"createdAt"`
	Langs     wire.Soft[[]string] `json:"langs"`
	Reply     wire.Soft[reply]    `json:"reply"`
	Facets    wire.Soft[[]facet]  `json:"facets"`
	Embed     wire.Soft[embed]    `json:"embed"`
	Labels    wire.Soft[labels]   `json:"labels"`

	CreatedAtToo string `json:"created_at"` // as the Python client writes it
}

type reply struct {
	Parent struct {
		URI string `json:"uri"`
	} `json:"parent"`
}

type facet struct {
	Features []feature `json:"features"`
}

type feature struct {
	Type    string `json:"$type"`
	TypeToo string `json:"py_type"` // as the Python client writes it
	URI     string `json:"uri"`
}

type embed struct {
	External external             `json:"external"`
	Media    wire.Soft[withMedia] `json:"media"` // of a recordWithMedia
}

type withMedia struct {
	External external `json:"external"`
}

type labels struct {
	Values []label `json:"values"`
}

type label struct {
	Val string `json:"val"`
}

type external struct {
	URI string `json:"uri"`
}

// urls returns the links in the text and the card under it, each once.
func (r *record) urls() []string {
	var urls []string
	add := func(uri string) {
		if wire.WebURL(uri) && !slices.Contains(urls, uri) {
			urls = append(urls, uri)
		}
	}
	for _, facet := range r.Facets.V {
		for _, feature := range facet.Features {
			if strings.HasSuffix(feature.Type, "#link") || strings.HasSuffix(feature.TypeToo, "#link") {
				add(feature.URI)
			}
		}
	}
	add(r.Embed.V.External.URI)
	add(r.Embed.V.Media.V.External.URI)
	return urls
}

// labelled reports whether the author put the label on the post.
func (r *record) labelled(value string) bool {
	return slices.Contains(r.Labels.V.Values, label{value})
}

// post builds everything but the author. Seen is when the network saw the
// record, zero if nobody knows.
func (r *record) post(id, rkey string, seen time.Time) (*hugops.Post, error) {
	createdAt := r.CreatedAt
	if createdAt == "" {
		createdAt = r.CreatedAtToo
	}
	posted, ok := postedAt(rkey, createdAt, seen)
	if !ok {
		return nil, wire.Invalidf("Bluesky post: neither rkey %q nor createdAt %q tells a time", rkey, createdAt)
	}
	p := &hugops.Post{ID: id, Network: hugops.Bluesky, PostedAt: posted,
		Text: wire.CutText(r.Text), URLs: r.urls(), ReplyTo: r.Reply.V.Parent.URI}
	if langs := r.Langs.V; len(langs) > 0 {
		p.Lang = wire.Lang(langs[0])
	}
	return p, nil
}

const tidAlphabet = "234567abcdefghijklmnopqrstuvwxyz"

// TIDTime returns the time, to a microsecond, in a record key: 13 characters of
// sortable base 32, of which the upper 53 bits count microseconds since 1970
// (atproto.com/specs/tid). It is false for other keys and for times at which
// Bluesky had no posts, since a client may choose any key.
func TIDTime(rkey string) (time.Time, bool) {
	if len(rkey) != 13 || rkey[0] > 'j' {
		return time.Time{}, false
	}
	var n uint64
	for i := range len(rkey) {
		digit := strings.IndexByte(tidAlphabet, rkey[i])
		if digit < 0 {
			return time.Time{}, false
		}
		n = n<<5 | uint64(digit)
	}
	at := time.UnixMicro(int64(n >> 10)).UTC()
	return at, plausible(at)
}

var (
	firstPost = time.Date(2022, 11, 1, 0, 0, 0, 0, time.UTC)
	lastPost  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

func plausible(at time.Time) bool { return at.After(firstPost) && at.Before(lastPost) }
