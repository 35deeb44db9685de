package replay

import (
	"net/url"
	"strings"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

// decodeOwnPost reads a hugops.Post. Its author may be a pseudonym, or a handle,
// which becomes a pseudonym here.
func decodeOwnPost(line []byte, door pipeline.Door) (wire.Decoded, error) {
	var p hugops.Post
	if err := wire.Unmarshal(line, &p); err != nil {
		return wire.Decoded{}, err
	}
	if p.Text == "" {
		return wire.Decoded{}, wire.Invalidf("post %s: text is missing", p.ID)
	}
	kind, at := hugops.Created, p.PostedAt
	if !p.EditedAt.IsZero() {
		kind, at = hugops.Edited, p.EditedAt
	}
	return admitOwn(hugops.Event{Kind: kind, At: at, Post: &p}, door)
}

// decodeOwnEvent reads a hugops.Event.
func decodeOwnEvent(line []byte, door pipeline.Door) (wire.Decoded, error) {
	var e hugops.Event
	if err := wire.Unmarshal(line, &e); err != nil {
		return wire.Decoded{}, err
	}
	return admitOwn(e, door)
}

// admitOwn takes an event's author through the Door.
func admitOwn(e hugops.Event, door pipeline.Door) (out wire.Decoded, err error) {
	e.Author = door.Pseudonyms.Of(e.Network, e.Author)
	if p := e.Post; p != nil {
		p.PostedAt, p.EditedAt, e.At = p.PostedAt.UTC(), p.EditedAt.UTC(), e.At.UTC()
		if e.At.IsZero() {
			e.At = p.PostedAt
		}
		if p.Author != "" && !hugops.IsPseudonym(p.Author) && !admitRaw(p, door) {
			out.Skip(wire.SkipOptedOut)
			return out, nil
		}
		p.Text = wire.CutText(p.Text)
	}
	err = out.Add(e)
	return out, err
}

// admitRaw turns the post's raw author into a pseudonym; false means that the
// author opted out.
func admitRaw(p *hugops.Post, door pipeline.Door) bool {
	author, ok := wire.Admit(door, p.Network, p.Author, handleOf(p.Author))
	if !ok {
		return false
	}
	p.Author = author.Pseudonym
	if p.AuthorService == "" {
		p.AuthorService = author.Service
	}
	return true
}

// handleOf returns the handle in a raw author: "@GitHubStatus" → "GitHubStatus",
// "https://status.example/@nimbus" → "nimbus@status.example", a DID as it is.
// A text with spaces is a display name and no handle.
func handleOf(author string) string {
	if strings.ContainsAny(author, " \t\n") {
		return ""
	}
	if !wire.WebURL(author) {
		return strings.TrimPrefix(author, "@")
	}
	u, err := url.Parse(author)
	if err != nil {
		return ""
	}
	name := strings.TrimPrefix(u.Path[strings.LastIndexByte(u.Path, '/')+1:], "@")
	if name == "" {
		return ""
	}
	return name + "@" + u.Hostname()
}
