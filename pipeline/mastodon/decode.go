// Package mastodon reads public posts of Mastodon and of servers that speak its
// API: Decode for statuses and stream events as bytes, DecodeActivity for the
// archive of an account, DecodeRow for tables, Source for the live stream of one
// server.
//
// It owns the shape, the turning of HTML into text and the names of a post (its
// URI everywhere, "server/local id" for deletions). It refuses boosts, posts
// that are not fully public and accounts that opted out (indexable false,
// noindex, #nobot in the profile). go-mastodon holds the connection; its known
// weaknesses are healed in the transport beneath it, and the token never
// reaches a log or an error.
package mastodon

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

// status is what hugops reads of a status (docs.joinmastodon.org/entities/Status).
type status struct {
	ID          wire.ID        `json:"id"`
	URI         string         `json:"uri"`
	CreatedAt   string         `json:"created_at"`
	EditedAt    string         `json:"edited_at"`
	Visibility  string         `json:"visibility"`
	Language    string         `json:"language"`
	Content     string         `json:"content"`
	SpoilerText string         `json:"spoiler_text"`
	InReplyToID wire.ID        `json:"in_reply_to_id"`
	Reblog      jsontext.Value `json:"reblog"`
	Account     account        `json:"account"`
	Card        wire.Soft[struct {
		URL string `json:"url"`
	}] `json:"card"`

	replyTo string // the URI of the post that this one answers, where it is known
}

type account struct {
	Acct      string `json:"acct"`
	URL       string `json:"url"`
	Note      string `json:"note"`
	Bot       bool   `json:"bot"`
	Indexable *bool  `json:"indexable"`
	NoIndex   *bool  `json:"noindex"`
}

// envelope is one event of the streaming API as WebSockets carry it.
type envelope struct {
	Event   string         `json:"event"`
	Payload jsontext.Value `json:"payload"`
}

// Decode reads one status, or one event {"event", "payload"} of the stream with
// its payload as a string of JSON or as JSON. Server is the host that sent it:
// deletions name posts by its local ids. A deletion's At is zero, because the
// stream does not tell it.
func Decode(raw []byte, server string, door pipeline.Door) (wire.Decoded, error) {
	var both struct {
		envelope
		status
	}
	if err := wire.Unmarshal(raw, &both); err != nil {
		return wire.Decoded{}, err
	}
	if both.Event == "" {
		return both.status.decode(hugops.Created, server, door)
	}
	payload := both.Payload
	if len(payload) > 0 && payload[0] == '"' {
		text, err := jsontext.AppendUnquote(nil, payload)
		if err != nil {
			return wire.Decoded{}, wire.Invalidf("Mastodon event: payload: %w", err)
		}
		payload = text
	}
	return DecodeEvent(both.Event, payload, server, door)
}

// DecodeEvent reads the payload of one event of the stream.
func DecodeEvent(event string, payload []byte, server string, door pipeline.Door) (wire.Decoded, error) {
	kind := hugops.Created
	switch event {
	case "update":
	case "status.update":
		kind = hugops.Edited
	case "delete":
		return decodeDelete(payload, server)
	default: // notification, filters_changed, announcement, conversation, …
		return wire.Decoded{Skips: []string{wire.SkipOther}}, nil
	}
	var s status
	if err := wire.Unmarshal(payload, &s); err != nil {
		return wire.Decoded{}, err
	}
	return s.decode(kind, server, door)
}

func decodeDelete(payload []byte, server string) (wire.Decoded, error) {
	id := strings.TrimSpace(strings.Trim(string(payload), `"`))
	if id == "" || len(id) > 64 || strings.ContainsAny(id, " \t\r\n/{}[]\"") {
		return wire.Decoded{}, wire.Invalidf("Mastodon delete: payload %.80q is no id", payload)
	}
	var out wire.Decoded
	err := out.Add(deletion(server, id))
	return out, err
}

func deletion(server, id string) hugops.Event {
	return hugops.Event{Kind: hugops.Deleted, Network: hugops.Mastodon, Alias: server + "/" + id}
}

// decode returns the post as an event. An edit that takes a post from the
// public, or one by an account that has opted out since, is a deletion.
func (s *status) decode(kind hugops.EventKind, server string, door pipeline.Door) (wire.Decoded, error) {
	var out wire.Decoded
	if s.EditedAt != "" {
		kind = hugops.Edited
	}
	author, reason := s.admit(server, door)
	if reason != "" {
		out.Skip(reason)
		if kind == hugops.Edited && reason != wire.SkipRepost && s.ID != "" {
			gone := deletion(server, string(s.ID))
			gone.At, _ = time.Parse(time.RFC3339, s.EditedAt)
			err := out.Add(gone)
			return out, err
		}
		return out, nil
	}
	p, err := s.post(server)
	if err != nil {
		return out, err
	}
	p.Author, p.AuthorService = author.Pseudonym, author.Service
	at := p.PostedAt
	if !p.EditedAt.IsZero() {
		at = p.EditedAt
	}
	err = out.Add(hugops.Event{Kind: kind, At: at, Post: p})
	return out, err
}

// admit returns the author, or the reason to leave the post out.
func (s *status) admit(server string, door pipeline.Door) (wire.Author, string) {
	a := &s.Account
	switch {
	case len(s.Reblog) > 0 && s.Reblog[0] == '{':
		return wire.Author{}, wire.SkipRepost
	case s.Visibility != "public":
		return wire.Author{}, wire.SkipNotPublic
	case a.Indexable != nil && !*a.Indexable, a.NoIndex != nil && *a.NoIndex, saysNoBot(a.Note):
		return wire.Author{}, wire.SkipOptedOut
	}
	handle := a.handle(server)
	canonical := a.URL
	if !wire.WebURL(canonical) {
		canonical = handle
	}
	author, ok := wire.Admit(door, hugops.Mastodon, canonical, handle)
	if !ok {
		return wire.Author{}, wire.SkipOptedOut
	}
	return author, ""
}

// handle is user@server; a local account has no server in its acct.
func (a *account) handle(server string) string {
	acct := strings.TrimPrefix(a.Acct, "@")
	if acct == "" || strings.Contains(acct, "@") {
		return acct
	}
	if u, err := url.Parse(a.URL); err == nil && u.Hostname() != "" {
		server = u.Hostname()
	}
	return acct + "@" + server
}

// post builds everything but the author.
func (s *status) post(server string) (*hugops.Post, error) {
	switch {
	case s.URI == "":
		return nil, wire.Invalidf("Mastodon status %s: uri is missing", s.ID)
	case s.Account.Acct == "" && !wire.WebURL(s.Account.URL):
		return nil, wire.Invalidf("Mastodon status %s: account is missing", s.ID)
	case wire.Redacted(s.Account.Acct):
		return nil, wire.Invalidf("Mastodon status %s: the author is redacted, so that nothing tells authors apart", s.ID)
	}
	posted, err := time.Parse(time.RFC3339, s.CreatedAt)
	if err != nil {
		return nil, wire.Invalidf("Mastodon status %s: created_at %q is no time", s.ID, s.CreatedAt)
	}
	p := &hugops.Post{ID: s.URI, Network: hugops.Mastodon, Bot: s.Account.Bot,
		PostedAt: posted.UTC(), Lang: wire.Lang(s.Language)}
	if s.ID != "" {
		p.Alias = server + "/" + string(s.ID)
	}
	p.ReplyTo = s.replyTo
	if s.InReplyToID != "" {
		p.ReplyTo = server + "/" + string(s.InReplyToID) // REST tells the local id only
	}
	if s.EditedAt != "" {
		edited, err := time.Parse(time.RFC3339, s.EditedAt)
		if err != nil {
			return nil, wire.Invalidf("Mastodon status %s: edited_at %q is no time", s.ID, s.EditedAt)
		}
		p.EditedAt = edited.UTC()
	}
	p.Text, p.URLs = wire.HTMLText(s.Content)
	if card := s.Card.V.URL; wire.WebURL(card) && !slices.Contains(p.URLs, card) {
		p.URLs = append(p.URLs, card)
	}
	if spoiler := strings.TrimSpace(s.SpoilerText); spoiler != "" {
		p.Text = strings.TrimRight(spoiler+"\n"+p.Text, "\n")
	}
	p.Text = wire.CutText(p.Text)
	return p, nil
}

// saysNoBot reports whether a profile's note asks robots to stay away: #nobot
// or #nobots, whatever the case and the markup around it.
func saysNoBot(note string) bool {
	if !strings.Contains(strings.ToLower(note), "nobot") {
		return false
	}
	text, _ := wire.HTMLText(note)
	for _, word := range strings.Fields(strings.ToLower(text)) {
		tag := strings.TrimRight(strings.TrimLeft(word, `("'[`), `.,;:!?)"']`)
		if i := strings.LastIndexByte(tag, '#'); i >= 0 && (tag[i:] == "#nobot" || tag[i:] == "#nobots") {
			return true
		}
	}
	return false
}
