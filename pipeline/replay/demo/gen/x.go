package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// The shapes of X's API v2, as the filtered stream sends them.

type xObject struct {
	Data     *tweet     `json:"data"`
	Includes includes   `json:"includes"`
	Rules    []matching `json:"matching_rules"`
}

type tweet struct {
	AuthorID   string       `json:"author_id"`
	CreatedAt  string       `json:"created_at"`
	History    []string     `json:"edit_history_tweet_ids"`
	Entities   *entities    `json:"entities,omitempty"`
	ID         string       `json:"id"`
	InReplyTo  string       `json:"in_reply_to_user_id,omitempty"`
	Lang       string       `json:"lang"`
	Metrics    tweetMetrics `json:"public_metrics"`
	Referenced []refTweet   `json:"referenced_tweets,omitempty"`
	Text       string       `json:"text"`
}

type entities struct {
	Hashtags []xTag     `json:"hashtags,omitempty"`
	Mentions []xMention `json:"mentions,omitempty"`
	URLs     []xURL     `json:"urls,omitempty"`
}

// Starts and ends count characters.
type (
	xTag struct {
		Start int    `json:"start"`
		End   int    `json:"end"`
		Tag   string `json:"tag"`
	}
	xMention struct {
		Start    int    `json:"start"`
		End      int    `json:"end"`
		Username string `json:"username"`
	}
	xURL struct {
		Start       int    `json:"start"`
		End         int    `json:"end"`
		URL         string `json:"url"`
		ExpandedURL string `json:"expanded_url"`
		DisplayURL  string `json:"display_url"`
	}
)

type refTweet struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type tweetMetrics struct {
	Retweets    int `json:"retweet_count"`
	Replies     int `json:"reply_count"`
	Likes       int `json:"like_count"`
	Quotes      int `json:"quote_count"`
	Bookmarks   int `json:"bookmark_count"`
	Impressions int `json:"impression_count"`
}

type includes struct {
	Users  []xUser  `json:"users"`
	Tweets []*tweet `json:"tweets,omitempty"`
}

type xUser struct {
	CreatedAt string      `json:"created_at"`
	ID        string      `json:"id"`
	Name      string      `json:"name"`
	Protected bool        `json:"protected"`
	Metrics   userMetrics `json:"public_metrics"`
	Username  string      `json:"username"`
	Verified  bool        `json:"verified"`
}

type userMetrics struct {
	Followers int `json:"followers_count"`
	Following int `json:"following_count"`
	Tweets    int `json:"tweet_count"`
	Listed    int `json:"listed_count"`
}

type matching struct {
	ID  string `json:"id"`
	Tag string `json:"tag"`
}

// xEpoch is the zero of X's numbers, in milliseconds since 1970.
const xEpoch = 1288834974657

// xID is a number of X: milliseconds, shifted by 22 bits, and a sequence.
func xID(at time.Time, r *random) uint64 {
	return uint64(at.UnixMilli()-xEpoch)<<22 | uint64(r.below(1<<22))
}

func (a *author) user() xUser {
	return xUser{CreatedAt: time.UnixMilli(int64(a.id>>22) + xEpoch).UTC().Format(milli), ID: fmt.Sprint(a.id), Name: a.name, Username: a.handle,
		Metrics: userMetrics{a.followers, a.followers/2 + 31, 40 + int(a.id%9000), a.followers / 90}}
}

// tweet is the post, or a later version of it with a number of its own.
func (p *post) tweet(version uint64, text string) any {
	return xObject{Data: p.data(version, text), Includes: includes{Users: p.users()},
		Rules: []matching{{"1984301200000000017", "hugops"}}}
}

func (p *post) users() []xUser {
	users := []xUser{p.author.user()}
	if p.reply != nil {
		users = append(users, p.reply.author.user())
	}
	return users
}

func (p *post) data(version uint64, text string) *tweet {
	first := fmt.Sprint(p.number)
	t := &tweet{AuthorID: fmt.Sprint(p.author.id), CreatedAt: p.at.Format(milli), History: []string{first}, ID: first, Lang: p.lang,
		Metrics: tweetMetrics{Impressions: p.author.followers/40 + p.seq%13}}
	if version != 0 {
		t.ID = fmt.Sprint(version)
		t.History = append(t.History, t.ID)
		t.CreatedAt = time.UnixMilli(int64(version>>22) + xEpoch).UTC().Format(milli)
	}
	if q := p.reply; q != nil {
		t.InReplyTo = fmt.Sprint(q.author.id)
		t.Referenced = []refTweet{{"replied_to", fmt.Sprint(q.number)}}
		if utf8.RuneCountInString(text) < 260 {
			text = "@" + q.author.handle + " " + text
		}
	}
	t.Text, t.Entities = p.shorten(text)
	return t
}

// shorten puts a short address in the place of each address, as X does, escapes
// what X escapes, and lists tags, mentions and addresses.
func (p *post) shorten(text string) (string, *entities) {
	var out strings.Builder
	e := &entities{}
	last, count := 0, 0
	write := func(s string) { out.WriteString(s); count += utf8.RuneCountInString(s) }
	for _, m := range marks.FindAllStringIndex(text, -1) {
		write(text[last:m[0]])
		word, start := text[m[0]:m[1]], count
		last = m[1]
		if strings.HasPrefix(word, "https://") {
			short := "https://tco.example/" + letters(10, &random{state: p.number})
			write(short)
			e.URLs = append(e.URLs, xURL{start, count, short, word, strings.TrimPrefix(word, "https://")})
			continue
		}
		write(word)
		if word[0] == '#' {
			e.Hashtags = append(e.Hashtags, xTag{start, count, word[1:]})
		} else {
			e.Mentions = append(e.Mentions, xMention{start, count, word[1:]})
		}
	}
	write(text[last:])
	if len(e.URLs)+len(e.Hashtags)+len(e.Mentions) == 0 {
		e = nil
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(out.String()), e
}

// retweet is a post of somebody else that refers to the post.
func (p *post) retweet(by *author, at time.Time, r *random) any {
	original := p.data(0, p.text)
	t := &tweet{AuthorID: fmt.Sprint(by.id), CreatedAt: at.Format(milli), ID: fmt.Sprint(xID(at, r)), Lang: p.lang,
		Referenced: []refTweet{{"retweeted", original.ID}}, Text: "RT @" + p.author.handle + ": " + original.Text}
	t.History = []string{t.ID}
	return xObject{Data: t, Includes: includes{Users: []xUser{by.user(), p.author.user()}, Tweets: []*tweet{original}},
		Rules: []matching{{"1984301200000000017", "hugops"}}}
}
