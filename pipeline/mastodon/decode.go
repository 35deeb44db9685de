// Package mastodon reads public posts of Mastodon and of servers that speak its
// API: Decode for statuses and stream events as bytes, DecodeActivity for the
// archive of an account, DecodeRow for tables, Source for one live stream of one
// server, with what it did not give read afterwards.
//
// It owns the shape, the turning of HTML into text and the names of a post (its
// URI everywhere, "server/local id" for deletions). It refuses boosts, posts
// that are not fully public and accounts that opted out (indexable or
// discoverable false, noindex, #nobot and its like in the profile). go-mastodon
// holds the connections and asks for the timelines; its known weaknesses are
// healed in the transports beneath it, and the token never reaches it, a log or an
// error.
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
	Acct         string             `json:"acct"`
	URL          string             `json:"url"`
	DisplayName  string             `json:"display_name"`
	Note         string             `json:"note"` // HTML
	Fields       wire.Soft[[]field] `json:"fields"`
	Bot          bool               `json:"bot"`
	Indexable    *bool              `json:"indexable"`
	NoIndex      *bool              `json:"noindex"`
	Discoverable *bool              `json:"discoverable"`
}

// field is one line of the table in a profile.
type field struct {
	Name  string `json:"name"`
	Value string `json:"value"` // HTML
}

// optedOut reports whether an account does not want to be collected: it said so
// by a setting, or by a word in its profile. Indexable false is also what nobody
// ever touched; it holds all the same, since the setting is about just this: may
// public posts be found by others than their readers. Discoverable is about
// profiles and posts that a server recommends, which hugops does not; but who
// was asked and said no is not argued with. A null was not asked.
func (a *account) optedOut() bool {
	switch {
	case a.Indexable != nil && !*a.Indexable, a.NoIndex != nil && *a.NoIndex, a.Discoverable != nil && !*a.Discoverable:
		return true
	case saysNo(a.Note), saysNo(a.DisplayName):
		return true
	}
	for _, f := range a.Fields.V {
		if saysNo(f.Name) || saysNo(f.Value) {
			return true
		}
	}
	return false
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
	dec, _, err := decodeEvent(event, payload, server, door)
	return dec, err
}

// decodeEvent also returns the local id of a new post, whatever became of it.
func decodeEvent(event string, payload []byte, server string, door pipeline.Door) (dec wire.Decoded, id string, err error) {
	switch event {
	case "update":
		return decodeStatus(payload, server, door)
	case "status.update":
		var s status
		if err := wire.Unmarshal(payload, &s); err != nil {
			return dec, "", err
		}
		dec, err = s.decode(hugops.Edited, server, door)
	case "delete":
		dec, err = decodeDelete(payload, server)
	default: // notification, filters_changed, announcement, conversation, …
		dec.Skip(wire.SkipOther)
	}
	return dec, "", err
}

// decodeStatus reads a status, and returns its local id whatever became of it.
func decodeStatus(raw []byte, server string, door pipeline.Door) (dec wire.Decoded, id string, err error) {
	var s status
	if err := wire.Unmarshal(raw, &s); err != nil {
		return dec, "", err
	}
	dec, err = s.decode(hugops.Created, server, door)
	return dec, string(s.ID), err
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
	case a.optedOut():
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

// saysNo reports whether a part of a profile asks to be left alone by one of the
// tags that people use for it, whatever the case and the markup around it.
func saysNo(profile string) bool {
	if len(profile) < len("#nobot") {
		return false
	}
	lower := strings.ToLower(profile)
	if !strings.Contains(lower, "nobot") && !strings.Contains(lower, "noindex") && !strings.Contains(lower, "noarchive") && !strings.Contains(lower, "nosearch") {
		return false
	}
	text, _ := wire.HTMLText(lower)
	for _, word := range strings.Fields(text) {
		tag := strings.TrimRight(strings.TrimLeft(word, `("'[`), `.,;:!?)"']`)
		switch tag[max(0, strings.LastIndexByte(tag, '#')):] {
		case "#nobot", "#nobots", "#noindex", "#noarchive", "#nosearch":
			return true
		}
	}
	return false
}
