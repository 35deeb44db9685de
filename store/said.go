package store

import (
	"maps"
	"slices"
	"time"

	"github.com/hugops/hugops"
)

// said is what one post that counts says: its vote, and what else is computed of it.
type said struct {
	vote          // its lang is set by count
	tongue string // a BCP 47 base tag
	gist   uint64
	stance int8 // as in the table readings: 1 support, 2 venting, 3 neutral
}

// tongues counts the authors by language. Those of one author stand together.
func tongues(list []said) []langCount {
	authors, latest := map[string]uint64{}, map[string]uint64{}
	for i := range list {
		p := &list[i]
		if last, seen := latest[p.tongue]; !seen || last != p.author {
			authors[p.tongue]++
			latest[p.tongue] = p.author
		}
	}
	var out []langCount
	for lang, n := range authors {
		out = append(out, langCount{lang, n})
	}
	return out
}

// count adds the votes of posts, those of a burst as the votes of one person. Langs
// are the languages with a row of their own; all others are number 0.
func (t *tally) count(list []said, langs []string, first, last int64) *bursts {
	var posts []copyable
	for i := range list {
		if p := &list[i]; p.gist != 0 {
			posts = append(posts, copyable{gist: p.gist, author: p.author, minute: p.minute})
		}
	}
	copies, spoken := findBursts(posts), map[uint64][]vote{}
	for i := range list {
		p := &list[i]
		v := p.vote
		v.lang = slices.Index(langs, p.tongue) + 1
		person := copies.person(copyable{gist: p.gist, author: p.author, minute: p.minute})
		switch {
		case v.minute < first || v.minute > last: // a post has come since
		case person != v.author:
			v.author = person
			spoken[person] = append(spoken[person], v)
		default:
			t.add(v)
		}
	}
	for _, votes := range spoken {
		for _, v := range votes {
			t.add(v)
		}
	}
	return copies
}

// bucketsOf is the series of posts in buckets of so many seconds, those with posts
// only. The posts of one author stand together.
func bucketsOf(list []said, width int64) []hugops.Minute {
	type bucket struct {
		hugops.Minute
		latest uint64 // the author counted last
	}
	buckets := map[int64]*bucket{}
	for i := range list {
		p := &list[i]
		at := p.minute / width * width
		b := buckets[at]
		if b == nil {
			b = &bucket{Minute: hugops.Minute{At: time.Unix(at, 0).UTC()}}
			buckets[at] = b
		}
		if b.Authors == 0 || b.latest != p.author {
			b.Authors++
			b.latest = p.author
		}
		switch p.stance {
		case 1:
			b.Support++
		case 2:
			b.Venting++
		default:
			b.Neutral++
		}
	}
	out := make([]hugops.Minute, 0, len(buckets))
	for _, b := range slices.SortedFunc(maps.Values(buckets), func(a, b *bucket) int { return a.At.Compare(b.At) }) {
		out = append(out, b.Minute)
	}
	return out
}
