package main

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"
)

// The shapes of docs.joinmastodon.org/entities/Status, Account and the
// streaming API.

type status struct {
	ID                 string      `json:"id"`
	CreatedAt          string      `json:"created_at"`
	InReplyToID        *string     `json:"in_reply_to_id"`
	InReplyToAccountID *string     `json:"in_reply_to_account_id"`
	Sensitive          bool        `json:"sensitive"`
	SpoilerText        string      `json:"spoiler_text"`
	Visibility         string      `json:"visibility"`
	Language           string      `json:"language"`
	URI                string      `json:"uri"`
	URL                string      `json:"url"`
	RepliesCount       int         `json:"replies_count"`
	ReblogsCount       int         `json:"reblogs_count"`
	FavouritesCount    int         `json:"favourites_count"`
	EditedAt           *string     `json:"edited_at"`
	Content            string      `json:"content"`
	Reblog             *status     `json:"reblog"`
	Account            account     `json:"account"`
	MediaAttachments   []struct{}  `json:"media_attachments"`
	Mentions           []mention   `json:"mentions"`
	Tags               []statusTag `json:"tags"`
	Emojis             []struct{}  `json:"emojis"`
	Card               *struct{}   `json:"card"`
	Poll               *struct{}   `json:"poll"`
}

type account struct {
	ID             string     `json:"id"`
	Username       string     `json:"username"`
	Acct           string     `json:"acct"`
	DisplayName    string     `json:"display_name"`
	Locked         bool       `json:"locked"`
	Bot            bool       `json:"bot"`
	Discoverable   bool       `json:"discoverable"`
	Indexable      bool       `json:"indexable"`
	Group          bool       `json:"group"`
	CreatedAt      string     `json:"created_at"`
	Note           string     `json:"note"`
	URL            string     `json:"url"`
	URI            string     `json:"uri"`
	FollowersCount int        `json:"followers_count"`
	Emojis         []struct{} `json:"emojis"`
	Fields         []struct{} `json:"fields"`
}

type mention struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	URL      string `json:"url"`
	Acct     string `json:"acct"`
}

type statusTag struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

type streamEvent struct {
	Stream  []string `json:"stream"`
	Event   string   `json:"event"`
	Payload string   `json:"payload"`
}

// envelope is an event of the stream; its payload is JSON in a string, or an id.
func envelope(event string, payload any) any {
	text, isID := payload.(string)
	if !isID {
		raw, err := compact(payload)
		if err != nil {
			panic(err) // plain data always encodes
		}
		text = string(raw)
	}
	return streamEvent{Stream: []string{"public"}, Event: event, Payload: text}
}

// mastodonID is the moment in milliseconds, shifted by 16 bits, and a sequence.
func mastodonID(at time.Time, r *random) uint64 {
	return uint64(at.UnixMilli())<<16 | uint64(r.below(1<<16))
}

const milli = "2006-01-02T15:04:05.000Z"

func (a *author) acct() string {
	if a.host == home {
		return a.handle
	}
	return a.handle + "@" + a.host
}

func (a *author) profile() string { return "https://" + a.host + "/@" + a.handle }
func (a *author) actor() string   { return "https://" + a.host + "/users/" + a.handle }

func (p *post) uri() string { return fmt.Sprintf("%s/statuses/%d", p.author.actor(), p.remote()) }

// remote is the number on the author's own server.
func (p *post) remote() uint64 {
	if p.author.host == home {
		return p.number
	}
	return p.number - 1<<16 - p.number%7919
}

func (a *author) account() account {
	note := ""
	if a.note != "" {
		note = "<p>" + strings.ReplaceAll(html.EscapeString(a.note), "#nobot",
			`<a href="https://`+a.host+`/tags/nobot" class="mention hashtag" rel="tag">#<span>nobot</span></a>`) + "</p>"
	}
	created := time.UnixMilli(int64(a.id >> 16)).UTC().Truncate(24 * time.Hour)
	return account{ID: fmt.Sprint(a.id), Username: a.handle, Acct: a.acct(), DisplayName: a.name, Bot: a.bot,
		Discoverable: !a.noIndex, Indexable: !a.noIndex, CreatedAt: created.Format(milli), Note: note, URL: a.profile(), URI: a.actor(),
		FollowersCount: a.followers, Emojis: []struct{}{}, Fields: []struct{}{}}
}

// status is the post, or its edited version if edited is set.
func (p *post) status(edited time.Time) *status {
	s := &status{ID: fmt.Sprint(p.number), CreatedAt: p.at.Format(milli), Sensitive: p.warning != "", SpoilerText: p.warning,
		Visibility: "public", Language: p.lang, URI: p.uri(), URL: fmt.Sprintf("%s/%d", p.author.profile(), p.remote()),
		Account: p.author.account(), MediaAttachments: []struct{}{}, Mentions: []mention{}, Tags: []statusTag{}, Emojis: []struct{}{}}
	if p.unlisted {
		s.Visibility = "unlisted"
	}
	text := p.text
	if !edited.IsZero() {
		at := edited.Format(milli)
		s.EditedAt, text = &at, p.edited
	}
	var before string
	if q := p.reply; q != nil {
		id, account := fmt.Sprint(q.number), fmt.Sprint(q.author.id)
		s.InReplyToID, s.InReplyToAccountID = &id, &account
		s.Mentions = append(s.Mentions, mention{account, q.author.handle, q.author.profile(), q.author.acct()})
		before = mentionHTML(q.author.profile(), q.author.handle) + " "
	}
	s.Content = "<p>" + before + p.markUp(text, s) + "</p>"
	return s
}

// boost is a status of somebody else that holds the post.
func (p *post) boost(by *author, at time.Time, r *random) *status {
	b := &post{entry: &entry{lang: p.lang}, author: by, at: at, number: mastodonID(at, r)}
	s := b.status(time.Time{})
	s.Content, s.Reblog = "", p.status(time.Time{})
	return s
}

func mentionHTML(profile, handle string) string {
	return `<span class="h-card" translate="no"><a href="` + profile + `" class="u-url mention">@<span>` + handle + `</span></a></span>`
}

var marks = regexp.MustCompile(`https://[^\s]*[\w/]|#[\pL\pN_]+|@\w+(?:@[\w.]*\w)?`)

// markUp turns text into Mastodon's HTML and records its tags and mentions.
func (p *post) markUp(text string, s *status) string {
	var out strings.Builder
	last := 0
	for _, m := range marks.FindAllStringIndex(text, -1) {
		out.WriteString(html.EscapeString(text[last:m[0]]))
		out.WriteString(p.mark(text[m[0]:m[1]], s))
		last = m[1]
	}
	out.WriteString(html.EscapeString(text[last:]))
	return strings.NewReplacer("\n\n", "</p><p>", "\n", "<br />").Replace(out.String())
}

func (p *post) mark(word string, s *status) string {
	switch word[0] {
	case '#':
		name := strings.ToLower(word[1:])
		s.Tags = append(s.Tags, statusTag{name, "https://" + home + "/tags/" + name})
		return `<a href="https://` + p.author.host + `/tags/` + name + `" class="mention hashtag" rel="tag">#<span>` + word[1:] + `</span></a>`
	case '@':
		handle, _, _ := strings.Cut(word[1:], "@")
		provider, ok := special[handle]
		if !ok {
			return html.EscapeString(word)
		}
		s.Mentions = append(s.Mentions, mention{"110990000000000000", handle, provider.profile(), provider.acct()})
		return mentionHTML(provider.profile(), handle)
	}
	shown := strings.TrimPrefix(word, "https://")
	if len(shown) <= 30 {
		return `<a href="` + word + `" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="">` +
			shown + `</span></a>`
	}
	return `<a href="` + word + `" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="ellipsis">` +
		shown[:30] + `</span><span class="invisible">` + shown[30:] + `</span></a>`
}
