package broker

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
)

// repair mends, before kfake opens a directory, what kfake of this version does
// not mend by itself. Its own part is the segments: it cuts a torn last batch
// off. The rest is here:
//
//   - groups.log and pids.log may end in a torn entry. kfake skips it and then
//     appends behind it, and the next time it would skip all that as well:
//     commits would be forgotten. So the tail is cut off.
//   - A partition whose whole log was deleted by age starts at offset 0 again. An
//     offset committed before would lie beyond its end, and a worker would wait
//     there while new posts pass. So such commits are taken out.
//   - session_state.json brings back group members that are gone, and a new
//     worker would wait until they time out. So it is deleted.
func repair(data string, log *slog.Logger) error {
	err := os.Remove(filepath.Join(data, "session_state.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := rewrite(filepath.Join(data, "pids.log"), nil, log); err != nil {
		return err
	}
	return rewrite(filepath.Join(data, "groups.log"), func(e []byte) bool { return !beyondTheEnd(data, e) }, log)
}

// rewrite keeps the whole entries of an append log that keep wants; nil wants
// all. A log that needs no change is not touched.
func rewrite(path string, keep func(entry []byte) bool, log *slog.Logger) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var out []byte
	rest := raw
	for {
		frame, entry, ok := nextEntry(rest)
		if !ok {
			break
		}
		rest = rest[len(frame):]
		if keep == nil || keep(entry) {
			out = append(out, frame...)
		}
	}
	if len(out) == len(raw) {
		return nil
	}
	log.Warn("embedded kafka was stopped in the middle, its state is mended", "file", filepath.Base(path),
		"torn_bytes", len(rest), "stale_bytes", len(raw)-len(rest)-len(out))
	return replaceFile(path, out)
}

const frameHeader = 10 // length (4), CRC-32C (4), version (2), little-endian

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// nextEntry takes the first entry off an append log: the whole frame and the
// JSON in it. ok is false at the end and at a torn entry.
func nextEntry(raw []byte) (frame, entry []byte, ok bool) {
	if len(raw) < frameHeader {
		return nil, nil, false
	}
	size := 8 + int64(binary.LittleEndian.Uint32(raw)) // the length counts from the version on
	if size < frameHeader || size > int64(len(raw)) {
		return nil, nil, false
	}
	frame = raw[:size]
	if crc32.Checksum(frame[8:], castagnoli) != binary.LittleEndian.Uint32(frame[4:]) {
		return nil, nil, false
	}
	return frame, frame[frameHeader:], true
}

// beyondTheEnd reports whether an entry of groups.log is a commit for a
// partition that has no log any more.
func beyondTheEnd(data string, entry []byte) bool {
	var e struct {
		Type      string `json:"type"`
		Topic     string `json:"t"`
		Partition int    `json:"p"`
	}
	if json.Unmarshal(entry, &e) != nil || e.Type != "commit" {
		return false
	}
	segments, err := filepath.Glob(filepath.Join(data, "partitions", fmt.Sprintf("%s-%d", url.PathEscape(e.Topic), e.Partition), "*.dat"))
	if err != nil {
		return false
	}
	for _, s := range segments {
		if info, err := os.Stat(s); err != nil || info.Size() > 0 {
			return false
		}
	}
	return true
}

// replaceFile writes a file as a whole or not at all.
func replaceFile(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return os.Rename(tmp.Name(), path)
}
