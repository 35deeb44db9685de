// Package bluesky reads posts of Bluesky: as Jetstream sends them, in both of
// its wires, v1 (/subscribe) and v2 (network.bsky.jetstream.subscribeEvents), from
// files or from a live stream ([Source]); as the API's searches and threads show
// them (app.bsky.feed.defs#postView), which is what 4CAT keeps; and as rows of a
// table.
//
// It owns the shapes and the ids (at:// URIs, TIDs). It refuses reposts, posts
// labelled by their authors as not for the public, and those of people who
// declared to a live stream that they do not want to be in such data; and it
// turns an account's deletion into the departure of an author. A record's own
// createdAt can lie; the time in its key is preferred, and never changes.
package bluesky

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

const (
	collectionPost   = "app.bsky.feed.post"
	collectionRepost = "app.bsky.feed.repost"
	// labelNotPublic is the self-label of people who do not want to be shown to
	// those without an account.
	labelNotPublic = "!no-unauthenticated"
)

// frame is the union of both wires: v1 has kind, time_us and nested parts, v2
// has $type, time and everything flat, usually inside payload.
type frame struct {
	Type    string `json:"$type"`
	Payload *frame `json:"payload"`

	DID    string `json:"did"`
	Seq    int64  `json:"seq"`
	TimeUS int64  `json:"time_us"`
	Time   string `json:"time"`
	Kind   string `json:"kind"`

	commit                  // flat, v2
	Commit   *commit        `json:"commit"`
	Active   *bool          `json:"active"` // flat, v2
	Status   string         `json:"status"`
	Account  *account       `json:"account"`
	Identity jsontext.Value `json:"identity"`

	Name    string `json:"name"`    // of an info
	Error   string `json:"error"`   // of an error
	Message string `json:"message"` // of both
}

type commit struct {
	Rev        string         `json:"rev"` // a TID: when the author's server made the commit
	Operation  string         `json:"operation"`
	Collection string         `json:"collection"`
	RKey       string         `json:"rkey"`
	Record     jsontext.Value `json:"record"`
}

type account struct {
	Active *bool  `json:"active"`
	Status string `json:"status"`
}

// Decode reads one frame.
func Decode(raw []byte, door pipeline.Door) (wire.Decoded, error) {
	var out wire.Decoded
	f, err := parse(raw)
	if err == nil {
		err = f.decode(&out, door)
	}
	return out, err
}

// parse reads one frame as it stands, without what is wrapped around it.
func parse(raw []byte) (frame, error) {
	var f frame
	if err := wire.Unmarshal(raw, &f); err != nil {
		return frame{}, err
	}
	if f.Payload != nil {
		if f.Payload.Payload != nil {
			return frame{}, wire.Invalidf("Jetstream frame: a payload inside a payload")
		}
		return *f.Payload, nil
	}
	return f, nil
}

func (f *frame) decode(out *wire.Decoded, door pipeline.Door) error {
	switch kind := f.kind(); kind {
	case "commit":
		return f.decodeCommit(out, f.change(), door)
	case "account":
		return f.decodeAccount(out, door)
	case "":
		return wire.Invalidf("Jetstream frame: neither kind nor $type says what it is")
	default: // identity, sync, info, error: nothing about a post
		out.Skip(wire.SkipOther)
		return nil
	}
}

// change is the commit, wherever the wire puts it.
func (f *frame) change() *commit {
	if f.Commit != nil {
		return f.Commit
	}
	return &f.commit
}

// kind is "commit" for kind "commit" (v1) and for $type "…#commit" (v2).
func (f *frame) kind() string {
	if f.Kind != "" {
		return f.Kind
	}
	_, fragment, found := strings.Cut(f.Type, "#")
	if found {
		return fragment
	}
	return f.Type
}

// at is the time at which the network saw it, by its own clock.
func (f *frame) at() time.Time {
	if f.TimeUS > 0 {
		return time.UnixMicro(f.TimeUS).UTC()
	}
	at, _ := time.Parse(time.RFC3339, f.Time)
	return at.UTC()
}

func (f *frame) decodeAccount(out *wire.Decoded, door pipeline.Door) error {
	active, status := f.Active, f.Status
	if f.Account != nil {
		active, status = f.Account.Active, f.Account.Status
	}
	if active == nil || *active || status != "deleted" {
		out.Skip(wire.SkipOther)
		return nil
	}
	if err := f.checkDID(); err != nil {
		return err
	}
	return out.Add(hugops.Event{Kind: hugops.AuthorGone, At: f.at(), Network: hugops.Bluesky,
		Author: door.Pseudonyms.Of(hugops.Bluesky, f.DID)})
}

func (f *frame) checkDID() error {
	if !strings.HasPrefix(f.DID, "did:") {
		return wire.Invalidf("Jetstream frame: did %q is none", f.DID)
	}
	return nil
}

func (f *frame) decodeCommit(out *wire.Decoded, c *commit, door pipeline.Door) error {
	switch c.Collection {
	case collectionPost:
	case collectionRepost:
		out.Skip(wire.SkipRepost)
		return nil
	case "":
		return wire.Invalidf("Jetstream commit: collection is missing")
	default:
		out.Skip(wire.SkipOther)
		return nil
	}
	if err := f.checkDID(); err != nil {
		return err
	}
	if c.RKey == "" {
		return wire.Invalidf("Jetstream commit of %s: rkey is missing", c.Collection)
	}
	id := "at://" + f.DID + "/" + c.Collection + "/" + c.RKey
	gone := hugops.Event{Kind: hugops.Deleted, At: f.at(), Network: hugops.Bluesky, ID: id}
	switch c.Operation {
	case "create", "update":
		return f.decodePost(out, c, id, gone, door)
	case "delete":
		return out.Add(gone)
	}
	return wire.Invalidf("Jetstream commit: operation %q is none of create, update, delete", c.Operation)
}

// decodePost adds the post. A post that its author takes back from the public
// by an edit is a deletion.
func (f *frame) decodePost(out *wire.Decoded, c *commit, id string, gone hugops.Event, door pipeline.Door) error {
	if len(c.Record) == 0 {
		return wire.Invalidf("Jetstream %s: record is missing", c.Operation)
	}
	var r record
	if err := wire.Unmarshal(c.Record, &r); err != nil {
		return err
	}
	author, ok := wire.Admit(door, hugops.Bluesky, f.DID, f.DID)
	if !ok || r.labelled(labelNotPublic) {
		out.Skip(wire.SkipOptedOut)
		if c.Operation == "update" {
			return out.Add(gone)
		}
		return nil
	}
	p, err := r.post(id, c.RKey, f.at())
	if err != nil {
		return err
	}
	p.Author, p.AuthorService = author.Pseudonym, author.Service
	e := hugops.Event{Kind: hugops.Created, At: f.at(), Post: p}
	if c.Operation == "update" {
		e.Kind, p.EditedAt = hugops.Edited, f.at()
	}
	if e.At.IsZero() {
		e.At = p.PostedAt
	}
	return out.Add(e)
}

// postedAt must give the same for every version of a post, so it looks at the
// key and the record first, and at the time at which the network saw it only
// where those two are a day apart: then it takes the one nearer to it, since a
// record's time may lie, and a key may be made up.
func postedAt(rkey, createdAt string, seen time.Time) (time.Time, bool) {
	tid, hasTID := TIDTime(rkey)
	created, err := time.Parse(time.RFC3339, createdAt)
	hasCreated := err == nil && plausible(created)
	switch {
	case hasTID && hasCreated && tid.Sub(created).Abs() > 24*time.Hour && !seen.IsZero() &&
		created.Sub(seen).Abs() < tid.Sub(seen).Abs():
		return created.UTC(), true
	case hasTID:
		return tid, true
	case hasCreated:
		return created.UTC(), true
	}
	return seen, !seen.IsZero()
}
