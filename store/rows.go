package store

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/hugops/hugops"
)

// row is a reading with what the table needs beside it. A mark, which takes a
// post away for ever, has no reading.
type row struct {
	place
	reading   *hugops.Reading
	version   uint64
	digest    uint64
	collected int64
	alias     uint64 // key of the alias, 0 for none
	author    uint64 // key of the author
	links     []hugops.Link
}

// gone is the version of a mark: nothing overtakes it.
const gone = math.MaxUint64

// rowsOf makes rows of readings, one a post: the latest version, and of equal
// ones the last.
func rowsOf(readings []hugops.Reading, now int64) []row {
	rows := make([]row, 0, len(readings))
	at := make(map[place]int, len(readings))
	for i := range readings {
		r := newRow(&readings[i], now)
		j, seen := at[r.place]
		switch {
		case !seen:
			at[r.place] = len(rows)
			rows = append(rows, r)
		case r.version >= rows[j].version:
			rows[j] = r
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.minute, b.minute), cmp.Compare(a.key, b.key))
	})
	return rows
}

func newRow(reading *hugops.Reading, now int64) row {
	p := &reading.Post
	r := row{place: placeOf(p), reading: reading, version: p.Version(), collected: now,
		author: key(authorDomain, p.Network, p.Author), links: distinctLinks(reading.Links)}
	if p.Alias != "" {
		r.alias = key(aliasDomain, p.Network, p.Alias)
	}
	r.digest = digestOf(&r)
	return r
}

// distinctLinks keeps one link an outage, the most probable, in order of ids.
func distinctLinks(links []hugops.Link) []hugops.Link {
	if len(links) < 2 {
		return links
	}
	links = slices.Clone(links)
	slices.SortStableFunc(links, func(a, b hugops.Link) int {
		return cmp.Or(cmp.Compare(a.Outage, b.Outage), cmp.Compare(b.Probability, a.Probability))
	})
	return slices.CompactFunc(links, func(a, b hugops.Link) bool { return a.Outage == b.Outage })
}

// digestOf is a hash of all that a row says, its text and time of collection
// apart: equal digests, equal figures.
func digestOf(r *row) uint64 {
	var room [1024]byte
	b := room[:0]
	str := func(s string) {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	num := func(n uint64) { b = binary.LittleEndian.AppendUint64(b, n) }
	prob := func(p float64) { num(uint64(math.Float32bits(float32(p)))) }
	p, v := &r.reading.Post, &r.reading.Verdict
	num(r.version)
	num(r.author)
	num(xxhash.Sum64String(p.Text))
	for _, s := range []string{p.Alias, p.AuthorService, p.Lang, p.ReplyTo, p.Source,
		string(v.Stance), v.Lang, v.Model, r.reading.Rules} {
		str(s)
	}
	if p.Bot {
		num(1)
	}
	if v.Abstained {
		num(2)
	}
	for _, x := range []float64{v.Probabilities.Support, v.Probabilities.Venting, v.Sarcasm,
		v.Targets.People, v.Targets.Company, v.Targets.Situation} {
		prob(x)
	}
	for _, s := range p.URLs {
		str(s)
	}
	for _, s := range r.reading.Services {
		str(s)
	}
	num(uint64(len(r.reading.Services))) // where the next list begins
	for _, s := range r.reading.Troubled {
		str(s)
	}
	for _, l := range r.links {
		str(l.Outage)
		prob(l.Probability)
		str(strings.Join(l.Evidence, ";"))
	}
	if r.reading.Gist != 0 { // rows from before had none
		num(r.reading.Gist)
	}
	return max(xxhash.Sum64(b), 1)
}

// epoch stands for the zero time, which the database does not know.
var epoch = time.Unix(0, 0).UTC()

func orEpoch(t time.Time) time.Time {
	if t.IsZero() {
		return epoch
	}
	return t
}

func orZero(t time.Time) time.Time {
	if t.Equal(epoch) {
		return time.Time{}
	}
	return t.UTC()
}

// minutesOf lists the distinct minutes of places.
func minutesOf(sets ...[]place) []int64 {
	var all []int64
	for _, set := range sets {
		for _, p := range set {
			all = append(all, p.minute)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
