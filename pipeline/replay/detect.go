package replay

import (
	"bytes"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/bluesky"
	"github.com/hugops/hugops/pipeline/mastodon"
	"github.com/hugops/hugops/pipeline/wire"
	"github.com/hugops/hugops/pipeline/x"
)

// shape is whose JSON a line is.
type shape int

const (
	shapeUnknown shape = iota
	shapePost          // hugops.Post
	shapeEvent         // hugops.Event
	shapeMastodon
	shapeX
	shapeTweet // a post of X that stands alone
	shapeJetstream
	shapeView // a post of Bluesky as the API shows it
)

// decodeLine reads one line, whatever its shape.
func decodeLine(line []byte, server string, door pipeline.Door) (wire.Decoded, error) {
	switch detect(line) {
	case shapePost:
		return decodeOwnPost(line, door)
	case shapeEvent:
		return decodeOwnEvent(line, door)
	case shapeMastodon:
		return mastodon.Decode(line, server, door)
	case shapeX:
		return x.Decode(line, door)
	case shapeTweet:
		return x.DecodeTweet(line, door)
	case shapeView:
		return bluesky.DecodeView(line, door)
	case shapeJetstream:
		return bluesky.Decode(line, door)
	}
	if len(line) == 0 || line[0] != '{' {
		return wire.Decoded{}, wire.Invalidf("line: not a JSON object")
	}
	return wire.Decoded{}, wire.Invalidf("line: a JSON object, but none of a hugops post or event, " +
		"a Mastodon status or stream event, an X v2 object or post, a Jetstream event, a Bluesky post")
}

// The top-level members by which shapes are told apart, one bit each.
const (
	hasAccount = 1 << iota
	hasAuthor
	hasAuthorID
	hasData
	hasDID
	hasErrors
	hasEvent
	hasID
	hasKind
	hasLegacy
	hasMeta
	hasNetwork
	hasPayload
	hasPost
	hasPostedAt
	hasRecord
	hasRestID
	hasText
	hasType
	hasURI
)

// memberBit returns the bit of a member's name, 0 for all other names.
func memberBit(name []byte) int {
	switch string(name) {
	case "account":
		return hasAccount
	case "author":
		return hasAuthor
	case "author_id":
		return hasAuthorID
	case "data", "includes":
		return hasData
	case "did":
		return hasDID
	case "errors":
		return hasErrors
	case "event":
		return hasEvent
	case "id":
		return hasID
	case "kind":
		return hasKind
	case "legacy":
		return hasLegacy
	case "meta":
		return hasMeta
	case "network":
		return hasNetwork
	case "payload":
		return hasPayload
	case "post":
		return hasPost
	case "posted_at":
		return hasPostedAt
	case "record":
		return hasRecord
	case "rest_id":
		return hasRestID
	case "text":
		return hasText
	case "$type":
		return hasType
	case "uri":
		return hasURI
	}
	return 0
}

// detect looks at the names of the top-level members only, and never fails:
// what is no JSON is left to the decoder that the names point to.
func detect(line []byte) shape {
	m := topMembers(line)
	has := func(bits int) bool { return m&bits == bits }
	switch {
	case has(hasEvent) && !has(hasKind):
		return shapeMastodon
	case has(hasURI | hasRecord):
		return shapeView
	case has(hasDID), has(hasType | hasPayload), has(hasType) && !has(hasID):
		return shapeJetstream
	case has(hasKind), has(hasPost):
		return shapeEvent
	case has(hasAuthorID|hasText) && !has(hasNetwork), has(hasRestID | hasLegacy):
		return shapeTweet
	case has(hasNetwork), has(hasPostedAt), has(hasAuthor | hasText), has(hasID | hasAuthor):
		return shapePost
	case has(hasURI), has(hasAccount):
		return shapeMastodon
	case has(hasData), has(hasErrors), has(hasMeta):
		return shapeX
	}
	return shapeUnknown
}

// topMembers returns the bits of the members of the outermost object. It stops
// early once an own post is certain, and gives up quietly on broken JSON.
func topMembers(line []byte) (members int) {
	depth := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			end := stringEnd(line, i+1)
			if end < 0 {
				return members
			}
			if depth == 1 && line[0] == '{' && followedByColon(line[end+1:]) {
				members |= memberBit(line[i+1 : end])
				const certain = hasNetwork | hasAuthor
				if members&certain == certain && members&(hasKind|hasPost|hasDID|hasEvent) == 0 && members&hasID != 0 {
					return members
				}
			}
			i = end
		}
	}
	return members
}

// stringEnd returns the index of the quote that ends the string whose content
// begins at i, or -1.
func stringEnd(line []byte, i int) int {
	for {
		quote := bytes.IndexByte(line[i:], '"')
		if quote < 0 {
			return -1
		}
		end := i + quote
		backslashes := 0
		for end-backslashes > i && line[end-backslashes-1] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return end
		}
		i = end + 1
	}
}

func followedByColon(rest []byte) bool {
	for _, c := range rest {
		switch c {
		case ' ', '\t':
		case ':':
			return true
		default:
			return false
		}
	}
	return false
}
