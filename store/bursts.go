package store

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"sort"
)

// A burst is nearly the same words (Reading.Gist), posted by burstAuthors accounts
// or more, none of them more than burstGap after the one before: a campaign, a
// headline that is passed on, a message that a button fills in. It counts as one
// person, since it is the words of one.
const (
	burstAuthors = 5
	burstGap     = 60 * 60 // seconds
	// alike is in how many bytes of eight the gists of nearly the same words agree. By
	// chance two texts that share a third of their pairs of words do so in one case of 50.
	alike = 6
)

// copyable is a post that may be a copy.
type copyable struct {
	gist, author uint64
	minute       int64
}

// bursts says which posts are copies.
type bursts struct {
	of    map[uint64][]burst // by gist
	all   map[uint64]bool    // the accounts with such posts
	count int
	posts []copyable // scratch: sorted by gist
}

// burst is one burst as one of its gists sees it.
type burst struct {
	from, to int64  // its first and last minute
	person   uint64 // whose vote it is: the key of nobody else
}

// person returns who speaks in a post: its author, or a burst.
func (b *bursts) person(p copyable) uint64 {
	if p.gist != 0 {
		for _, one := range b.of[p.gist] {
			if one.from <= p.minute && p.minute <= one.to {
				return one.person
			}
		}
	}
	return p.author
}

// findBursts finds the bursts among posts with a gist, in whatever order they are.
// It gathers nearly the same words around those that are nearest to most posts,
// then around those of the rest, and so on.
func findBursts(posts []copyable) *bursts {
	slices.SortFunc(posts, func(a, b copyable) int { return cmp.Compare(a.gist, b.gist) })
	b := &bursts{of: map[uint64][]burst{}, all: map[uint64]bool{}, posts: posts}
	gists := make([]uint64, len(posts))
	for i, p := range posts {
		gists[i] = p.gist
	}
	gists = slices.Compact(gists)
	x := newGistIndex(gists)
	for _, g := range b.middles(gists, x) {
		b.gather(g, x)
	}
	b.posts = nil
	return b
}

// said returns the posts of a gist.
func (b *bursts) said(g uint64) []copyable {
	from := sort.Search(len(b.posts), func(i int) bool { return b.posts[i].gist >= g })
	n := sort.Search(len(b.posts)-from, func(i int) bool { return b.posts[from+i].gist > g })
	return b.posts[from : from+n]
}

// middles lists the gists that may be the middle of a burst, those nearest to most
// posts first.
func (b *bursts) middles(gists []uint64, x *gistIndex) []uint64 {
	around := map[uint64]int{} // of those that are not alone
	at := 0
	for _, g := range gists {
		n := 0
		for at+n < len(b.posts) && b.posts[at+n].gist == g {
			n++
		}
		if at += n; n >= burstAuthors {
			around[g] = n
		}
	}
	meet := func(g, o uint64) {
		if around[g] == 0 {
			around[g] = len(b.said(g))
		}
		around[g] += len(b.said(o))
	}
	x.pairs(func(g, o uint64) {
		meet(g, o)
		meet(o, g)
	})
	maps.DeleteFunc(around, func(_ uint64, n int) bool { return n < burstAuthors })
	return slices.SortedFunc(maps.Keys(around), func(a, b uint64) int {
		return cmp.Or(cmp.Compare(around[b], around[a]), cmp.Compare(a, b))
	})
}

// gather makes bursts of the posts around a gist, those apart that belong to one
// already.
func (b *bursts) gather(middle uint64, x *gistIndex) {
	if len(b.of[middle]) > 0 {
		return
	}
	gists, posts := []uint64{middle}, slices.Clone(b.said(middle))
	x.near(middle, func(o uint64) {
		if len(b.of[o]) == 0 {
			gists, posts = append(gists, o), append(posts, b.said(o)...)
		}
	})
	slices.SortFunc(posts, func(a, b copyable) int { return cmp.Compare(a.minute, b.minute) })
	for len(posts) > 0 {
		n := 1
		for n < len(posts) && posts[n].minute-posts[n-1].minute <= burstGap {
			n++
		}
		b.add(gists, posts[:n])
		posts = posts[n:]
	}
}

// add notes a burst, if the posts are of enough accounts.
func (b *bursts) add(gists []uint64, posts []copyable) {
	authors := map[uint64]bool{}
	for _, p := range posts {
		authors[p.author] = true
	}
	if len(authors) < burstAuthors {
		return
	}
	one := burst{from: posts[0].minute, to: posts[len(posts)-1].minute, person: nobody(gists[0], posts[0].minute)}
	for _, g := range gists {
		b.of[g] = append(b.of[g], one)
	}
	maps.Copy(b.all, authors)
	b.count++
}

// nobody is a key for a burst as authors have them.
func nobody(gist uint64, minute int64) uint64 {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], gist)
	binary.LittleEndian.PutUint64(b[8:], uint64(minute))
	return key(burstDomain, "", string(b[:]))
}

// gistIndex finds gists that are nearly the same. Of two that differ in two bytes at
// most, one of three parts is equal: so only those with an equal part are compared.
type gistIndex [len(gistParts)][]uint64

var gistParts = [...]uint64{0x0000000000ffffff, 0x0000ffffff000000, 0xffff000000000000}

func byPart(part uint64) func(a, b uint64) int {
	return func(a, b uint64) int { return cmp.Or(cmp.Compare(a&part, b&part), cmp.Compare(a, b)) }
}

// newGistIndex indexes distinct gists.
func newGistIndex(gists []uint64) *gistIndex {
	var x gistIndex
	for i, part := range gistParts {
		x[i] = slices.SortedFunc(slices.Values(gists), byPart(part))
	}
	return &x
}

// nearMost bounds how many gists on either side are compared with one: whoever makes
// ten thousand versions of a text is found all the same, in several bursts.
const nearMost = 500

// found reports whether two gists with the i-th part in common are nearly the same,
// and have no part before it in common, by which they were found already.
func found(a, b uint64, i int) bool {
	return agreement(a, b) >= alike && !slices.ContainsFunc(gistParts[:i], func(p uint64) bool { return a&p == b&p })
}

// pairs calls fn once for any two gists that are nearly the same.
func (x *gistIndex) pairs(fn func(a, b uint64)) {
	for i, part := range gistParts {
		for at, a := range x[i] {
			for _, b := range x[i][at+1 : min(at+1+nearMost, len(x[i]))] {
				if a&part != b&part {
					break
				}
				if found(a, b, i) {
					fn(a, b)
				}
			}
		}
	}
}

// near calls fn for each gist that is nearly the same as g, but not g.
func (x *gistIndex) near(g uint64, fn func(uint64)) {
	for i, part := range gistParts {
		at, _ := slices.BinarySearchFunc(x[i], g, byPart(part))
		for k := max(0, at-nearMost); k < min(at+1+nearMost, len(x[i])); k++ {
			if o := x[i][k]; o != g && o&part == g&part && found(o, g, i) {
				fn(o)
			}
		}
	}
}

// agreement is in how many bytes of eight two gists agree.
func agreement(a, b uint64) (n int) {
	for x, i := a^b, 0; i < 8; i++ {
		if byte(x>>(8*i)) == 0 {
			n++
		}
	}
	return n
}
