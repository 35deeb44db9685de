package web

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"net/url"
	"time"

	"github.com/hugops/hugops"
)

// A cursor says where the next page of a list begins. It is opaque: a checksum, over the
// list and what follows, and the key of the last entry before. So one that was cut
// short, or that belongs to a list with other parameters, is told from a good one; it
// holds nothing that the list does not show, and need not be signed.

// listName names a list by its address and parameters, those of paging left out.
func listName(path string, values url.Values) string {
	rest := url.Values{}
	for name, v := range values {
		if name != "cursor" && name != "limit" {
			rest[name] = v
		}
	}
	return path + "?" + rest.Encode()
}

func newCursor(list string, key []byte) string {
	raw := binary.BigEndian.AppendUint32(nil, checksum(list, key))
	return base64.RawURLEncoding.EncodeToString(append(raw, key...))
}

// readCursor returns the key of a cursor that the list gave.
func readCursor(list, cursor string) (key []byte, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) < 4 {
		return nil, false
	}
	key = raw[4:]
	return key, binary.BigEndian.Uint32(raw) == checksum(list, key) && newCursor(list, key) == cursor
}

func checksum(list string, key []byte) uint32 {
	h := fnv.New32a()
	h.Write([]byte(list))
	h.Write([]byte{0})
	h.Write(key)
	return h.Sum32()
}

// wrongCursor is what to do about a cursor that is none.
const wrongCursor = "This list did not give this cursor: take it from next, with the same parameters, or begin again without it."

// cursor reads the key of ?cursor=, nil for none.
func (p *params) cursor(path string) []byte {
	v := p.values.Get("cursor")
	if v == "" {
		return nil
	}
	key, ok := readCursor(listName(path, p.values), v)
	if !ok {
		p.wrong("cursor", wrongCursor)
	}
	return key
}

// next is the address of the page behind key.
func (p *params) next(base string, u *url.URL, key []byte) *string {
	q := url.Values{"cursor": {newCursor(listName(u.Path, p.values), key)}}
	for name, v := range p.values {
		if name != "cursor" {
			q[name] = v
		}
	}
	address := base + u.EscapedPath() + "?" + q.Encode()
	return &address
}

// placeKey and placeOf turn a place in the list of outages into the key of a cursor,
// and back: microseconds since 1970, and the id.
func placeKey(p *hugops.OutagePlace) []byte {
	return append(binary.AppendVarint(nil, p.StartedAt.UnixMicro()), p.ID...)
}

func placeOf(key []byte) *hugops.OutagePlace {
	at, n := binary.Varint(key)
	if n <= 0 {
		return nil
	}
	return &hugops.OutagePlace{StartedAt: time.UnixMicro(at).UTC(), ID: string(key[n:])}
}
