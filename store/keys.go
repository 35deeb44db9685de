package store

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/hugops/hugops"
)

// Keys are the first 64 bits of SHA-256, so that nobody can make a post whose
// deletion takes another's away. What they are of is told apart by the first
// byte.
const (
	postDomain   = 'p'
	aliasDomain  = 'a'
	authorDomain = 'u'
	burstDomain  = 'b'
)

func key(domain byte, network hugops.Network, name string) uint64 {
	var room [128]byte
	b := append(room[:0], domain, 0)
	b = append(b, network...)
	b = append(b, 0)
	b = append(b, name...)
	sum := sha256.Sum256(b)
	return binary.LittleEndian.Uint64(sum[:8])
}

// place is where a post's row stands.
type place struct {
	minute int64 // Unix seconds
	key    uint64
}

func placeOf(p *hugops.Post) place {
	return place{minute: minuteOf(p.PostedAt), key: key(postDomain, p.Network, p.ID)}
}

func minuteOf(t time.Time) int64 { return t.Unix() - t.Unix()%60 }
