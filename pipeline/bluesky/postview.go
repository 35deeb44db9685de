package bluesky

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

// postView is a post as the API shows it (app.bsky.feed.defs#postView). Names with an
// underscore are those of the Python client, which 4CAT uses.
type postView struct {
	URI          string             `json:"uri"`
	Author       postAuthor         `json:"author"`
	Record       jsontext.Value     `json:"record"`
	IndexedAt    string             `json:"indexedAt"`
	IndexedAtToo string             `json:"indexed_at"`
	Labels       wire.Soft[[]label] `json:"labels"`
}

type postAuthor struct {
	DID    string             `json:"did"`
	Handle string             `json:"handle"`
	Labels wire.Soft[[]label] `json:"labels"`
}

// DecodeView reads one post as the API shows it.
func DecodeView(raw []byte, door pipeline.Door) (out wire.Decoded, err error) {
	var v postView
	if err := wire.Unmarshal(raw, &v); err != nil {
		return out, err
	}
	err = v.decode(&out, door)
	return out, err
}

func (v *postView) decode(out *wire.Decoded, door pipeline.Door) error {
	if len(v.Record) == 0 {
		return wire.Invalidf("Bluesky post: record is missing")
	}
	var r record
	if err := wire.Unmarshal(v.Record, &r); err != nil {
		return err
	}
	if v.labelled() {
		r.Labels.V.Values = append(r.Labels.V.Values, label{labelNotPublic})
	}
	seen, err := time.Parse(time.RFC3339, v.IndexedAt)
	if err != nil {
		seen, _ = time.Parse(time.RFC3339, v.IndexedAtToo)
	}
	return r.decode(out, v.URI, v.Author.DID, v.Author.Handle, seen.UTC(), door)
}

// labelled reports whether the author or the post is not for those without an
// account.
func (v *postView) labelled() bool {
	for _, l := range append(v.Labels.V, v.Author.Labels.V...) {
		if l.Val == labelNotPublic {
			return true
		}
	}
	return false
}

// decode adds the post that stands at a URI, or the reason to leave it out. The
// author's DID stands in the URI too, if not by the handle.
func (r *record) decode(out *wire.Decoded, uri, did, handle string, seen time.Time, door pipeline.Door) error {
	repo, collection, rkey, err := parts(uri)
	if !strings.HasPrefix(did, "did:") {
		did = repo
	}
	switch {
	case err != nil:
		return err
	case collection == collectionRepost:
		out.Skip(wire.SkipRepost)
		return nil
	case collection != collectionPost:
		out.Skip(wire.SkipOther)
		return nil
	case !strings.HasPrefix(did, "did:"):
		return wire.Invalidf("Bluesky post: did %.40q of the author is none", did)
	}
	author, ok := admit(door, did, handle)
	if !ok || r.labelled(labelNotPublic) {
		out.Skip(wire.SkipOptedOut)
		return nil
	}
	p, err := r.post("at://"+did+"/"+collection+"/"+rkey, rkey, seen)
	if err != nil {
		return err
	}
	p.Author, p.AuthorService = author.Pseudonym, author.Service
	return out.Add(hugops.Event{Kind: hugops.Created, At: p.PostedAt, Post: p})
}

// parts returns what stands in at://repo/collection/key.
func parts(uri string) (repo, collection, rkey string, err error) {
	rest, ok := strings.CutPrefix(uri, "at://")
	path := strings.Split(rest, "/")
	if !ok || len(path) != 3 || path[2] == "" {
		return "", "", "", wire.Invalidf("Bluesky post: uri %.80q is not at://did/collection/key", uri)
	}
	return path[0], path[1], path[2], nil
}

// admit takes an author through the door, who may have opted out by either name.
func admit(door pipeline.Door, did, handle string) (wire.Author, bool) {
	author, ok := wire.Admit(door, hugops.Bluesky, did, did)
	if !ok || handle == "" {
		return author, ok
	}
	service := author.Service
	if author, ok = wire.Admit(door, hugops.Bluesky, did, handle); author.Service == "" {
		author.Service = service
	}
	return author, ok
}
