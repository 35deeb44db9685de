package bluesky

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// maxDictionary is the longest dictionary taken; the known ones have 112 kB.
	maxDictionary = 1 << 20
	// dictionaryTime is how long a host has to hand it out.
	dictionaryTime = 15 * time.Second
)

// errNoDictionary is the answer of a host that has none for us.
var errNoDictionary = errors.New("no dictionary")

// dictionary is what a host compresses its frames with. The zero value means
// that frames come as they are.
type dictionary struct {
	raw       []byte
	parameter string // how it is asked for: its number (v2), "true" (v1)
}

// dictionaryOf returns the dictionary for a host. Hosts of wire v2 hand out their
// own; that of wire v1 is a file which comes with Jetstream's source.
func (s *Source) dictionaryOf(ctx context.Context, h host) dictionary {
	if h.wire == WireV1 {
		return s.own
	}
	s.dictMu.Lock()
	d, known := s.dicts[h.name]
	s.dictMu.Unlock()
	if known {
		return d
	}
	d, err := s.fetchDictionary(ctx, h)
	if err != nil {
		s.cfg.Log.Info("the stream comes uncompressed: the host hands out no dictionary", "host", h.name, "error", err)
	}
	if err == nil || errors.Is(err, errNoDictionary) {
		s.setDictionary(h, d) // else the host is away, and may have one
	}
	return d
}

// dropDictionary forgets the dictionary that a host refused. One that it hands
// out again all the same is not tried again.
func (s *Source) dropDictionary(ctx context.Context, h host) {
	old := s.dictionaryOf(ctx, h)
	fresh, err := s.fetchDictionary(ctx, h)
	if err != nil || fresh.parameter == old.parameter {
		s.cfg.Log.Info("the stream comes uncompressed: the host refuses its own dictionary", "host", h.name, "error", err)
		fresh = dictionary{}
	}
	s.setDictionary(h, fresh)
}

func (s *Source) setDictionary(h host, d dictionary) {
	s.dictMu.Lock()
	defer s.dictMu.Unlock()
	s.dicts[h.name] = d
}

func (s *Source) fetchDictionary(ctx context.Context, h host) (dictionary, error) {
	ctx, cancel := context.WithTimeout(ctx, dictionaryTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.base+"/xrpc/network.bsky.jetstream.getZstdDictionary", nil)
	if err != nil {
		return dictionary{}, err
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := s.client.Do(req)
	if err != nil {
		return dictionary{}, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode >= 500:
		return dictionary{}, fmt.Errorf("status %d", resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return dictionary{}, fmt.Errorf("%w: status %d", errNoDictionary, resp.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxDictionary+1))
	if err != nil {
		return dictionary{}, err
	}
	id, err := dictionaryID(raw)
	if err != nil {
		return dictionary{}, fmt.Errorf("%w: %w", errNoDictionary, err)
	}
	return dictionary{raw, strconv.FormatUint(uint64(id), 10)}, nil
}

// dictionaryID is the number in the head of a zstd dictionary (RFC 8878, section
// 5), or the error that says why it is none.
func dictionaryID(raw []byte) (uint32, error) {
	if len(raw) < 8 || len(raw) > maxDictionary || binary.LittleEndian.Uint32(raw) != 0xEC30A437 {
		return 0, errors.New("that is no zstd dictionary")
	}
	d, err := newDecoder(raw)
	if err != nil {
		return 0, fmt.Errorf("the zstd dictionary is damaged: %w", err)
	}
	d.Close()
	return binary.LittleEndian.Uint32(raw[4:]), nil
}
