package mastodon

import (
	"cmp"
	"net/url"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

// activity is what hugops reads of an entry of an outbox (ActivityStreams 2.0,
// w3.org/TR/activitystreams-vocabulary).
type activity struct {
	Type   string         `json:"type"`
	Actor  string         `json:"actor"`
	To     oneOrMany      `json:"to"`
	Object jsontext.Value `json:"object"`
}

type note struct {
	ID           string                       `json:"id"`
	URL          wire.Soft[string]            `json:"url"`
	Type         string                       `json:"type"`
	Published    string                       `json:"published"`
	Updated      string                       `json:"updated"`
	To           oneOrMany                    `json:"to"`
	Summary      string                       `json:"summary"`
	Content      string                       `json:"content"`
	ContentMap   wire.Soft[map[string]string] `json:"contentMap"`
	InReplyTo    wire.Soft[string]            `json:"inReplyTo"`
	AttributedTo wire.Soft[string]            `json:"attributedTo"`
}

// oneOrMany is a list, or its only element.
type oneOrMany []string

// UnmarshalJSON accepts a string or an array; what is not text in it is left out.
func (m *oneOrMany) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*m = oneOrMany{one}
		return nil
	}
	var many []wire.Soft[string]
	if json.Unmarshal(raw, &many) == nil {
		for _, s := range many {
			*m = append(*m, s.V)
		}
	}
	return nil
}

// public reports whether everybody is addressed first. A post that only has
// everybody in cc is unlisted.
func (m oneOrMany) public() bool {
	return slices.ContainsFunc(m, func(s string) bool {
		return s == "https://www.w3.org/ns/activitystreams#Public" || s == "as:Public" || s == "Public"
	})
}

// Actor is what an archive says of the account whose posts it holds.
type Actor struct{ Bot, OptedOut bool }

// DecodeActor reads the actor.json of an archive.
func DecodeActor(raw []byte) (Actor, error) {
	var a struct {
		Type         string             `json:"type"`
		Name         string             `json:"name"`
		Summary      string             `json:"summary"`
		Indexable    *bool              `json:"indexable"`
		Discoverable *bool              `json:"discoverable"`
		Attachment   wire.Soft[[]field] `json:"attachment"`
	}
	if err := wire.Unmarshal(raw, &a); err != nil {
		return Actor{}, err
	}
	profile := account{DisplayName: a.Name, Note: a.Summary, Fields: a.Attachment, Indexable: a.Indexable, Discoverable: a.Discoverable}
	return Actor{Bot: a.Type == "Service" || a.Type == "Application", OptedOut: profile.optedOut()}, nil
}

// DecodeActivity reads one entry of an outbox: a Create with its post, or an
// Announce, which is a boost. The ids are those that the API gives, so that a
// post of an archive and the same one from a stream are one.
func DecodeActivity(raw []byte, actor Actor, door pipeline.Door) (out wire.Decoded, err error) {
	var a activity
	if err := wire.Unmarshal(raw, &a); err != nil {
		return out, err
	}
	switch a.Type {
	case "Create", "Update":
	case "Announce":
		out.Skip(wire.SkipRepost)
		return out, nil
	case "":
		return out, wire.Invalidf("activity: type is missing")
	default:
		out.Skip(wire.SkipOther)
		return out, nil
	}
	var n note
	if err := wire.Unmarshal(a.Object, &n); err != nil {
		return out, err
	}
	switch n.Type {
	case "Note", "Question", "Article", "Page":
	default:
		out.Skip(wire.SkipOther)
		return out, nil
	}
	s, server := n.status(&a, actor)
	return s.decode(hugops.Created, server, door)
}

// status is the post in the API's shape, and the host of its server.
func (n *note) status(a *activity, actor Actor) (status, string) {
	place, ok := parseAddress(n.URL.V)
	if !ok {
		place, _ = parseAddress(n.ID)
	}
	s := status{ID: wire.ID(place.id), URI: n.ID, CreatedAt: n.Published, EditedAt: n.Updated, Visibility: "other",
		Content: n.Content, SpoilerText: n.Summary, replyTo: n.InReplyTo.V}
	if len(n.To) > 0 && n.To.public() || len(n.To) == 0 && a.To.public() {
		s.Visibility = "public"
	}
	for lang, content := range n.ContentMap.V {
		if content == n.Content && len(n.ContentMap.V) == 1 {
			s.Language = lang
		}
	}
	s.Account = account{Acct: place.name, URL: place.profile(), Bot: actor.Bot}
	if place.name == "" {
		s.Account.URL = cmp.Or(n.AttributedTo.V, a.Actor)
		if u, err := url.Parse(s.Account.URL); err == nil {
			place.server = u.Hostname()
		}
	}
	if actor.OptedOut {
		no := false
		s.Account.Indexable = &no
	}
	return s, place.server
}
