package hugops

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// Pseudonyms turns authors into pseudonyms with a secret key that stays outside
// the database: HMAC-SHA-256 of network and author (RFC 2104), 130 bits of it.
type Pseudonyms struct{ key []byte }

// NewPseudonyms returns the pseudonyms of one key. The key should be 32 random
// bytes; the same key gives the same pseudonyms.
func NewPseudonyms(key []byte) Pseudonyms { return Pseudonyms{key: key} }

const pseudonymPrefix = "p1-"

var pseudonymEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Of returns the pseudonym of an author: "p1-" and 26 characters. What is a
// pseudonym already is returned as it is, so that a replay of hugops' own posts
// changes nothing.
func (p Pseudonyms) Of(network Network, author string) string {
	if author == "" || IsPseudonym(author) {
		return author
	}
	return pseudonymPrefix + p.sum(string(network), author)
}

// Rekey returns another pseudonym of the same author for one purpose (an export
// of one outage, say), so that nobody can be followed from one to another.
func (p Pseudonyms) Rekey(purpose, pseudonym string) string {
	return p.sum("rekey\x00"+purpose, pseudonym)
}

func (p Pseudonyms) sum(domain, s string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(domain))
	mac.Write([]byte{0})
	mac.Write([]byte(s))
	return pseudonymEncoding.EncodeToString(mac.Sum(nil))[:26]
}

// IsPseudonym reports whether s has the form that Pseudonyms.Of gives.
func IsPseudonym(s string) bool {
	return len(s) == len(pseudonymPrefix)+26 && strings.HasPrefix(s, pseudonymPrefix) &&
		strings.Trim(s[len(pseudonymPrefix):], "0123456789abcdefghjkmnpqrstvwxyz") == ""
}
