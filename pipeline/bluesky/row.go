package bluesky

import (
	"strings"
	"time"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

// IsTable reports whether the columns are those of a table of posts of Bluesky,
// as 4CAT writes them.
func IsTable(c wire.Columns) bool { return c.Has("repost_count", "quoted_post") }

// IsAddress reports whether an address is that of a post of Bluesky.
func IsAddress(address string) bool {
	return strings.HasPrefix(address, "at://") ||
		strings.HasPrefix(address, "https://bsky.app/profile/") && strings.Contains(address, "/post/")
}

// DecodeRow reads one row of such a table. Its id is the at:// URI, and the
// author's DID stands there or in a column of its own.
func DecodeRow(r wire.Row, door pipeline.Door) (out wire.Decoded, err error) {
	uri, err := r.ID("id", "uri")
	if err != nil {
		return out, err
	}
	did, err := r.Author("author_id", "author_did", "did", "author")
	if err != nil {
		return out, err
	}
	rec := rowRecord(r)
	err = rec.decode(&out, uri, did, strings.TrimPrefix(r.Get("author", "author_handle"), "@"), time.Time{}, door)
	return out, err
}

func rowRecord(r wire.Row) *record {
	rec := &record{Text: r.Get("body", "text")}
	if at, ok := r.Time("created_at", "timestamp", "unix_timestamp"); ok {
		rec.CreatedAt = at.Format(time.RFC3339Nano)
	}
	if lang, _, _ := strings.Cut(r.Get("languages", "language", "lang"), ","); lang != "" {
		rec.Langs.V = []string{lang}
	}
	for _, l := range strings.Split(r.Get("labels"), ",") {
		rec.Labels.V.Values = append(rec.Labels.V.Values, label{strings.TrimSpace(l)})
	}
	links := facet{}
	for _, address := range r.WebURLs("links", "urls") {
		links.Features = append(links.Features, feature{Type: "#link", URI: address})
	}
	rec.Facets.V = []facet{links}
	return rec
}
