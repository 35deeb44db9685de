package mastodon

import (
	"html"
	"strings"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

// IsTable reports whether the columns are those of statuses of the API, their
// members joined by dots.
func IsTable(c wire.Columns) bool {
	return c.HasAny("account.acct", "spoiler_text", "reblogs_count", "in_reply_to_account_id")
}

// DecodeRow reads one row of a table of posts of Mastodon: statuses of the API
// laid flat, or the columns of 4CAT with the address of the post in one of them.
// A table without a column for the visibility holds public posts.
func DecodeRow(r wire.Row, server string, door pipeline.Door) (out wire.Decoded, err error) {
	s, home, err := rowStatus(r, server)
	if err != nil {
		return out, err
	}
	if r.True("is_reblog", "is_boost", "is_repost") || r.Get("reblog", "reblog.id", "reblog.uri") != "" {
		out.Skip(wire.SkipRepost)
		return out, nil
	}
	return s.decode(hugops.Created, home, door)
}

func rowStatus(r wire.Row, server string) (s status, home string, err error) {
	if _, err = r.ID("id"); err != nil {
		return s, "", err
	}
	author, err := r.Author("account.acct", "account.url", "author", "account", "author_id")
	if err != nil {
		return s, "", err
	}
	s = status{URI: r.Get("uri"), Language: r.Get("language", "lang", "languages"), Visibility: "public",
		Content: rowContent(r), SpoilerText: r.Get("spoiler_text", "subject"),
		Account: account{Acct: strings.TrimPrefix(author, "@"), URL: r.Get("account.url", "author_url", "author_profile"),
			DisplayName: r.Get("account.display_name"), Note: r.Get("account.note"), Bot: r.True("account.bot", "is_bot", "bot")}}
	if local := r.Get("in_reply_to_id"); local != "" {
		s.replyTo = server + "/" + local
	}
	home = s.locate(r, server)
	if s.URI == "" {
		return s, "", wire.Invalidf("Mastodon row: no column (uri, url, link, id) holds the address of the post; its number names it on one server only")
	}
	if visibility := r.Get("visibility"); visibility != "" {
		s.Visibility = visibility
	}
	s.Account.Indexable = maybe(r, "account.indexable")
	s.Account.Discoverable = maybe(r, "account.discoverable")
	noindex := r.True("account.noindex")
	s.Account.NoIndex = &noindex
	if at, ok := r.Time("created_at", "timestamp", "unix_timestamp"); ok {
		s.CreatedAt = at.Format(time.RFC3339Nano)
	}
	if at, ok := r.Time("edited_at"); ok {
		s.EditedAt = at.Format(time.RFC3339Nano)
	}
	return s, home, nil
}

// maybe is a cell that says yes or no, nil where it is empty.
func maybe(r wire.Row, column string) *bool {
	if r.Get(column) == "" {
		return nil
	}
	yes := r.True(column)
	return &yes
}

// locate finds the post's URI, its local id and its author's profile in the
// addresses of a row, and returns the host that the local id belongs to.
func (s *status) locate(r wire.Row, server string) string {
	for _, name := range []string{"uri", "url", "link", "id"} {
		at := r.Get(name)
		place, ok := parseAddress(at)
		if s.URI == "" && wire.WebURL(at) {
			s.URI = at
		}
		if !ok {
			continue
		}
		if uri := place.uri(); uri != "" && r.Get("uri") == "" {
			s.URI = uri
		}
		if s.Account.URL == "" {
			s.Account.URL = place.profile()
		}
		s.ID = wire.ID(place.id)
		return place.server
	}
	return server
}

// rowContent is the content as HTML.
func rowContent(r wire.Row) string {
	if content := r.Get("content"); content != "" {
		return content
	}
	body := r.Get("body", "text")
	if strings.HasPrefix(body, "<p") || strings.Contains(body, "</p>") || strings.Contains(body, "<br") {
		return body
	}
	return html.EscapeString(body)
}
