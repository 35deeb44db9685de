package bluesky

import (
	"slices"
	"strings"
	"time"

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
}

type reply struct {
	Parent struct {
		URI string `json:"uri"`
	} `json:"parent"`
}

type facet struct {
	Features []struct {
		Type string `json:"$type"`
		URI  string `json:"uri"`
	} `json:"features"`
}

type embed struct {
	External external             `json:"external"`
	Media    wire.Soft[withMedia] `json:"media"` // of a recordWithMedia
}

type withMedia struct {
	External external `json:"external"`
}

type labels struct {
	Values []struct {
		Val string `json:"val"`
	} `json:"values"`
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
			if strings.HasSuffix(feature.Type, "#link") {
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
	for _, label := range r.Labels.V.Values {
		if label.Val == value {
			return true
		}
	}
	return false
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
