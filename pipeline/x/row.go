package x

import (
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

// IsTable reports whether the columns are those of a table of posts of X: as
// twarc-csv writes them, or 4CAT from the API or the web site.
func IsTable(c wire.Columns) bool {
	return c.Has("author_id", "text") && c.HasAny("author.username", "conversation_id", "edit_history_tweet_ids", "__twarc.version") ||
		c.HasAny("is_retweet", "retweeted_user", "possibly_sensitive") ||
		c.Has("retweet_count", "language_guess")
}

// IsAddress reports whether an address is that of a post of X.
func IsAddress(address string) bool { return ofX(address) && postID(address) != "" }

// DecodeRow reads one row of such a table. Where the table has no number of the
// author, the handle stands in.
func DecodeRow(r wire.Row, door pipeline.Door) (out wire.Decoded, err error) {
	t, err := rowTweet(r)
	if err != nil {
		return out, err
	}
	err = t.decode(&out, nil, door)
	return out, err
}

func rowTweet(r wire.Row) (*tweet, error) {
	id, err := r.ID("id", "tweet_id")
	if err != nil {
		return nil, err
	}
	if id == "" || wire.WebURL(id) {
		id = postID(r.Get("id", "link", "url"))
	}
	if id == "" || strings.Trim(id, "0123456789") != "" {
		return nil, wire.Invalidf("X row: id %.40q is no number", id)
	}
	author, err := r.Author("author_id", "author.id", "author", "author.username")
	if err != nil {
		return nil, err
	}
	handle := strings.TrimPrefix(r.Get("author.username", "author", "username"), "@")
	if author == r.Get("author", "author.username") && strings.Trim(author, "0123456789") != "" {
		author = "@" + strings.ToLower(handle) // never the number of somebody else
	}
	t := &tweet{ID: id, AuthorID: author, Text: rowText(r), Lang: r.Get("lang", "language_guess", "language"),
		Referenced: rowReferences(r)}
	t.Author.V = user{ID: author, Username: handle, Protected: r.True("author.protected")}
	if at, ok := r.Time("created_at", "timestamp", "unix_timestamp"); ok {
		t.CreatedAt = at.Format(time.RFC3339Nano)
	}
	_ = json.Unmarshal([]byte(r.Get("edit_history_tweet_ids")), &t.History)
	t.Entities.URLs = rowURLs(r)
	return t, nil
}

// rowText is the text. twarc-csv writes it on one line, with \n for the end of a
// line, or as a JSON string.
func rowText(r wire.Row) string {
	if body := r.Get("note_tweet.text", "body"); body != "" {
		return body
	}
	text := r.Get("text")
	var unquoted string
	if strings.HasPrefix(text, `"`) && json.Unmarshal([]byte(text), &unquoted) == nil {
		return unquoted
	}
	return strings.ReplaceAll(text, `\n`, "\n")
}

// rowReferences are the posts that a row refers to. Where no column tells reposts
// from other posts, their texts do.
func rowReferences(r wire.Row) []refTweet {
	var refs []refTweet
	_ = json.Unmarshal([]byte(r.Get("referenced_tweets")), &refs)
	for _, kind := range []string{"retweeted", "replied_to"} {
		if id := r.Get("referenced_tweets." + kind + ".id"); id != "" {
			refs = append(refs, refTweet{Type: kind, ID: id})
		}
	}
	told := r.Columns.HasAny("is_retweet", "referenced_tweets", "referenced_tweets.retweeted.id", "retweeted_user_id")
	if r.True("is_retweet") || r.Get("retweeted_user_id") != "" || !told && strings.HasPrefix(rowText(r), "RT @") {
		refs = append(refs, refTweet{Type: "retweeted"})
	}
	return refs
}

// rowURLs reads the addresses of a row: joined by commas, or a JSON array of
// them or of objects.
func rowURLs(r wire.Row) (urls []entityURL) {
	for _, address := range r.WebURLs("urls") {
		urls = append(urls, entityURL{ExpandedURL: address})
	}
	cell := []byte(r.Get("entities.urls"))
	var addresses []string
	var objects []entityURL
	if json.Unmarshal(cell, &addresses) == nil {
		for _, address := range addresses {
			urls = append(urls, entityURL{ExpandedURL: address})
		}
	} else if json.Unmarshal(cell, &objects) == nil {
		urls = append(urls, objects...)
	}
	return urls
}

// postID returns the number in the address of a post, "" for other addresses.
func postID(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(u.Path, "/status/")
	id, _, _ := strings.Cut(rest, "/")
	if id == "" || strings.Trim(id, "0123456789") != "" {
		return ""
	}
	return id
}
