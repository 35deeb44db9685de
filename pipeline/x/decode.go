// Package x reads posts of X: in the shape of its API v2, as the filtered stream
// sends them and as twarc and 4CAT keep them; in the shape of its web site, as
// Zeeschuimer records it; and as rows of a table.
//
// It owns the shapes and the ids: a post keeps the number of its first version
// for ever, and the time in that number. It refuses reposts and the posts of
// protected accounts, and it knows no handle after the door.
package x

import (
	"errors"
	"html"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

// object is one answer of API v2, or one line of the filtered stream.
type object struct {
	Data     jsontext.Value `json:"data"`
	Includes struct {
		Users []user `json:"users"`
	} `json:"includes"`
	Rules []struct {
		Tag string `json:"tag"`
	} `json:"matching_rules"`
	Errors wire.Soft[[]problem] `json:"errors"`
	Meta   jsontext.Value       `json:"meta"`
}

type user struct {
	ID        string `json:"id"`
	Username  string `json:"username"`
	Protected bool   `json:"protected"`
}

type tweet struct {
	ID         string     `json:"id"`
	Text       string     `json:"text"`
	AuthorID   string     `json:"author_id"`
	CreatedAt  string     `json:"created_at"`
	Lang       string     `json:"lang"`
	History    []string   `json:"edit_history_tweet_ids"`
	Entities   entities   `json:"entities"`
	NoteTweet  noteTweet  `json:"note_tweet"` // the whole text of a long post
	Referenced []refTweet `json:"referenced_tweets"`

	// The author within the post, as twarc's flatten and 4CAT write it.
	Author     wire.Soft[user] `json:"author"`
	AuthorUser wire.Soft[user] `json:"author_user"`

	webTweet // the shape of the web site
}

type noteTweet struct {
	Text     string   `json:"text"`
	Entities entities `json:"entities"`
	webNote
}

type refTweet struct {
	Type string `json:"type"` // retweeted, quoted, replied_to
	ID   string `json:"id"`
}

type entities struct {
	URLs []entityURL `json:"urls"`
}

type entityURL struct {
	ExpandedURL string `json:"expanded_url"`
	UnwoundURL  string `json:"unwound_url"`
	MediaKey    string `json:"media_key"`
}

// MaxPage is the longest object that Decode reads, in bytes: an answer of the
// API may hold 500 posts with all that they refer to.
const MaxPage = 16 << 20

// Decode reads one object {data, includes, matching_rules, meta, errors}, in
// which data is one post or an array of posts. A notice of the stream (errors
// without data) and a page without posts are skipped. When some posts of an array
// cannot be read, the others are returned together with the error.
func Decode(raw []byte, door pipeline.Door) (wire.Decoded, error) {
	var o object
	if len(raw) > MaxPage {
		return wire.Decoded{}, wire.TooLong(int64(len(raw)))
	}
	if err := wire.UnmarshalFile(raw, &o); err != nil {
		return wire.Decoded{}, err
	}
	return o.decode(door)
}

func (o *object) decode(door pipeline.Door) (out wire.Decoded, err error) {
	var tweets []tweet
	switch {
	case len(o.Data) > 0 && o.Data[0] == '{':
		tweets = make([]tweet, 1)
		err = wire.Unmarshal(o.Data, &tweets[0])
	case len(o.Data) > 0 && o.Data[0] == '[':
		err = wire.UnmarshalFile(o.Data, &tweets)
	case len(o.Errors.V) > 0, len(o.Meta) > 0:
		out.Skip(wire.SkipOther)
	default:
		err = wire.Invalidf("X object: data is neither a post nor an array of posts")
	}
	if err != nil {
		return out, err
	}
	var errs []error
	for i := range tweets {
		errs = append(errs, tweets[i].decode(&out, o.Includes.Users, door))
	}
	return out, errors.Join(errs...)
}

// DecodeTweet reads one post that stands alone and holds its author: in API v2's
// shape as twarc flattens it and as 4CAT keeps it, or in the web site's.
func DecodeTweet(raw []byte, door pipeline.Door) (out wire.Decoded, err error) {
	var t tweet
	if err := wire.Unmarshal(raw, &t); err != nil {
		return out, err
	}
	err = t.decode(&out, nil, door)
	return out, err
}

// decode adds the post, or the reason to leave it out.
func (t *tweet) decode(out *wire.Decoded, users []user, door pipeline.Door) error {
	t.fromWeb()
	switch {
	case t.AuthorID == "UNKNOWN" && t.Text == "":
		out.Skip(wire.SkipOther) // what 4CAT writes of a post that is gone
		return nil
	case t.AuthorID == "":
		return wire.Invalidf("X post %s: author_id is missing; ask for tweet.fields=author_id", t.ID)
	case wire.Redacted(t.AuthorID):
		return wire.Invalidf("X post %s: the author is redacted, so that nothing tells authors apart", t.ID)
	}
	for _, ref := range t.Referenced {
		if ref.Type == "retweeted" {
			out.Skip(wire.SkipRepost)
			return nil
		}
	}
	writer := t.writer(users)
	if writer.Protected {
		out.Skip(wire.SkipNotPublic)
		return nil
	}
	author, ok := wire.Admit(door, hugops.X, t.AuthorID, writer.Username)
	if !ok {
		out.Skip(wire.SkipOptedOut)
		return nil
	}
	post, err := t.post()
	if err != nil {
		return err
	}
	post.Author, post.AuthorService = author.Pseudonym, author.Service
	kind, at := hugops.Created, post.PostedAt
	if !post.EditedAt.IsZero() {
		kind, at = hugops.Edited, post.EditedAt
	}
	return out.Add(hugops.Event{Kind: kind, At: at, Post: post})
}

// writer is what is known of the author.
func (t *tweet) writer(users []user) user {
	for _, u := range users {
		if u.ID == t.AuthorID {
			return u
		}
	}
	if t.Author.V != (user{}) {
		return t.Author.V
	}
	return t.AuthorUser.V
}

// post builds everything but the author.
func (t *tweet) post() (*hugops.Post, error) {
	if t.ID == "" {
		return nil, wire.Invalidf("X post: id is missing")
	}
	first := t.ID
	if len(t.History) > 0 && t.History[0] != "" {
		first = t.History[0]
	}
	posted, err := t.postedAt(first)
	if err != nil {
		return nil, err
	}
	p := &hugops.Post{ID: first, Network: hugops.X, PostedAt: posted, Lang: wire.Lang(t.Lang)}
	if first != t.ID {
		edited, ok := SnowflakeTime(t.ID)
		if created, err := time.Parse(time.RFC3339, t.CreatedAt); !ok && err == nil {
			edited, ok = created.UTC(), true
		}
		if !ok {
			return nil, wire.Invalidf("X post %s: neither the id nor created_at of the edited version tells a time", t.ID)
		}
		p.EditedAt = edited
	}
	text, links := t.Text, t.Entities
	if t.NoteTweet.Text != "" {
		text, links = t.NoteTweet.Text, t.NoteTweet.Entities
	}
	p.Text = wire.CutText(html.UnescapeString(text)) // the API escapes & < >
	p.URLs = links.expanded()
	for _, ref := range t.Referenced {
		if ref.Type == "replied_to" {
			p.ReplyTo = ref.ID
		}
	}
	return p, nil
}

// editWindow is how long after its first version a post may be edited; an id
// that lies further from created_at was made up or masked.
const editWindow = time.Hour + time.Minute

// postedAt is the time in the number of the first version, which no edit
// changes. Where the number tells none (ids from before snowflakes) or another
// one than created_at (ids that were made up), created_at stands in.
func (t *tweet) postedAt(first string) (time.Time, error) {
	at, ok := SnowflakeTime(first)
	created, err := time.Parse(time.RFC3339, t.CreatedAt)
	switch {
	case ok && (err != nil || created.Sub(at).Abs() <= editWindow):
		return at, nil
	case err == nil:
		return created.UTC(), nil
	}
	return at, wire.Invalidf("X post %s: neither the id nor created_at %q tells a time", t.ID, t.CreatedAt)
}

// expanded returns the addresses behind the t.co links, without the links to X
// itself that stand for pictures and quotes and name a person.
func (e entities) expanded() []string {
	var urls []string
	for _, u := range e.URLs {
		address := u.UnwoundURL
		if address == "" {
			address = u.ExpandedURL
		}
		if u.MediaKey != "" || !wire.WebURL(address) || ofX(address) {
			continue
		}
		urls = append(urls, address)
	}
	return urls
}

func ofX(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return true
	}
	host := strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."), "mobile.")
	return host == "x.com" || host == "twitter.com"
}

// snowflakeEpoch is 2010-11-04T01:42:54.657Z in milliseconds, the zero of X's
// ids.
const snowflakeEpoch = 1288834974657

// SnowflakeTime returns the moment, to a millisecond, in which an id was given
// (bits 22 and up of the number, github.com/twitter-archive/snowflake). It is
// false for ids from before November 2010 and for what is no number.
func SnowflakeTime(id string) (time.Time, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 1<<40 {
		return time.Time{}, false
	}
	return time.UnixMilli(n>>22 + snowflakeEpoch).UTC(), true
}
