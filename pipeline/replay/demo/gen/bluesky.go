package main

import (
	"strings"
	"time"
)

// The shapes of Jetstream v1 and of the lexicon app.bsky.feed.post.

type jetstream struct {
	DID     string     `json:"did"`
	TimeUS  int64      `json:"time_us"`
	Kind    string     `json:"kind"`
	Commit  *commit    `json:"commit,omitempty"`
	Account *departure `json:"account,omitempty"`
}

type commit struct {
	Rev        string `json:"rev"`
	Operation  string `json:"operation"`
	Collection string `json:"collection"`
	RKey       string `json:"rkey"`
	Record     any    `json:"record,omitempty"`
	CID        string `json:"cid,omitempty"`
}

type departure struct {
	Active bool   `json:"active"`
	DID    string `json:"did"`
	Seq    int64  `json:"seq"`
	Status string `json:"status"`
	Time   string `json:"time"`
}

type record struct {
	Type      string     `json:"$type"`
	CreatedAt string     `json:"createdAt"`
	Embed     *card      `json:"embed,omitempty"`
	Facets    []facet    `json:"facets,omitempty"`
	Langs     []string   `json:"langs,omitempty"`
	Reply     *replyRefs `json:"reply,omitempty"`
	Text      string     `json:"text"`
}

type card struct {
	Type     string   `json:"$type"`
	External external `json:"external"`
}

type external struct {
	Description string `json:"description"`
	Title       string `json:"title"`
	URI         string `json:"uri"`
}

type facet struct {
	Features []feature `json:"features"`
	Index    byteSlice `json:"index"`
}

type feature struct {
	Type string `json:"$type"`
	Tag  string `json:"tag,omitempty"`
	URI  string `json:"uri,omitempty"`
}

// byteSlice counts bytes of UTF-8.
type byteSlice struct {
	End   int `json:"byteEnd"`
	Start int `json:"byteStart"`
}

type replyRefs struct {
	Parent strongRef `json:"parent"`
	Root   strongRef `json:"root"`
}

type strongRef struct {
	CID string `json:"cid"`
	URI string `json:"uri"`
}

const (
	base32Sortable = "234567abcdefghijklmnopqrstuvwxyz"
	base32Lower    = "abcdefghijklmnopqrstuvwxyz234567"
)

// tid is a record key: microseconds, ten bits of clock id, in 13 sortable
// characters (atproto.com/specs/tid).
func tid(at time.Time, r *random) string {
	n := uint64(at.UnixMicro())<<10 | uint64(r.below(1<<10))
	out := make([]byte, 13)
	for i := range out {
		out[12-i] = base32Sortable[n&31]
		n >>= 5
	}
	return string(out)
}

func letters(n int, r *random) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = base32Lower[r.below(32)]
	}
	return string(out)
}

// cid has the form of a CID of a DAG-CBOR block, and no block behind it.
func cid(r *random) string { return "bafyrei" + letters(52, r) }

// did is the author's; its 24 characters come from the author's number.
func (a *author) did() string { return "did:plc:" + letters(24, &random{state: a.id}) }

// seen is when Jetstream saw what happened at t: a moment later.
func seen(t time.Time, r *random) time.Time {
	return t.Add(time.Duration(120_000+r.below(900_000)) * time.Microsecond)
}

func (p *post) commit(operation string, at time.Time, text string, r *random) any {
	c := &commit{Rev: tid(at.Add(-80*time.Millisecond), r), Operation: operation, Collection: "app.bsky.feed.post", RKey: p.rkey}
	switch operation {
	case "create":
		c.Record, c.CID = p.record(text), p.cid
	case "update":
		c.Record, c.CID = p.record(text), cid(r)
	}
	return jetstream{DID: p.author.did(), TimeUS: at.UnixMicro(), Kind: "commit", Commit: c}
}

func (p *post) record(text string) *record {
	rec := &record{Type: "app.bsky.feed.post", CreatedAt: p.at.Format(milli), Langs: []string{p.lang}, Text: text, Facets: facets(text)}
	if p.seq%23 == 0 {
		rec.Langs = nil // some clients do not tell
	}
	if p.linked {
		rec.Embed = &card{"app.bsky.embed.external", external{"", "Incident report", themes[p.theme].page}}
	}
	if q := p.reply; q != nil {
		root := q
		for root.reply != nil {
			root = root.reply
		}
		rec.Reply = &replyRefs{strongRef{q.cid, q.id()}, strongRef{root.cid, root.id()}}
	}
	return rec
}

func facets(text string) []facet {
	var out []facet
	for _, m := range marks.FindAllStringIndex(text, -1) {
		word, at := text[m[0]:m[1]], byteSlice{Start: m[0], End: m[1]}
		switch {
		case word[0] == '#':
			out = append(out, facet{[]feature{{Type: "app.bsky.richtext.facet#tag", Tag: word[1:]}}, at})
		case strings.HasPrefix(word, "https://"):
			out = append(out, facet{[]feature{{Type: "app.bsky.richtext.facet#link", URI: word}}, at})
		}
	}
	return out
}

// repost is a record of another collection.
func (p *post) repost(by *author, at time.Time, r *random) any {
	rec := struct {
		Type      string    `json:"$type"`
		CreatedAt string    `json:"createdAt"`
		Subject   strongRef `json:"subject"`
	}{"app.bsky.feed.repost", at.Format(milli), strongRef{p.cid, p.id()}}
	return jetstream{DID: by.did(), TimeUS: at.UnixMicro(), Kind: "commit", Commit: &commit{Rev: tid(at, r), Operation: "create",
		Collection: "app.bsky.feed.repost", RKey: tid(at, r), Record: rec, CID: cid(r)}}
}

// departed says that an author deleted the account.
func departed(a *author, at time.Time, r *random) any {
	return jetstream{DID: a.did(), TimeUS: at.UnixMicro(), Kind: "account",
		Account: &departure{DID: a.did(), Seq: 9_000_000_000 + int64(r.below(1_000_000)), Status: "deleted", Time: at.Format(milli)}}
}
