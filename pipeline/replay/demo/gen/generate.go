package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// post is an entry with its moment, author and ids.
type post struct {
	*entry
	network string
	author  *author
	at      time.Time
	number  uint64 // local number on Mastodon, number on X
	rkey    string // Bluesky
	cid     string
	reply   *post
	linked  bool // carries the incident's address
	seq     int
}

// item is one line of the output with its place in time.
type item struct {
	at   time.Time
	line any
}

// seed is any number; another one gives another demo.
const seed = 20261102

// generate returns posts.ndjson and labels.tsv.
func generate() (posts, labels []byte, err error) {
	entries, err := readTexts()
	if err != nil {
		return nil, nil, err
	}
	r := &random{state: seed}
	all := place(entries, r)
	cast(all, r)
	converse(all, r)
	posts, err = encode(lines(all, r))
	return posts, tabulate(all), err
}

// lines turns posts into events: the post, its edit, its deletion, reposts of
// it, and the departure of an author.
func lines(all []*post, r *random) []item {
	var items []item
	add := func(at time.Time, line any) {
		if line != nil {
			items = append(items, item{at, line})
		}
	}
	boosters := newCrowd(r)
	var leaving *post
	for _, p := range all {
		add(p.created(r))
		if p.edited != "" {
			add(p.editedLater(later(p.at, time.Minute, 6*time.Minute, r), r))
		}
		if p.deleted {
			when := later(p.at, 90*time.Second, 12*time.Minute, r)
			if p.early {
				when = p.at.Add(-time.Duration(5+r.below(20)) * time.Second)
			}
			add(p.deletedAt(when, r))
		}
		if p.theme != "noise" && p.plain() && r.chance(0.022) {
			booster := boosters.invent(p.network, p.lang)
			booster.handle += pick(r, []string{"2", "b", "x"})
			if p.network == "x" {
				booster.handle = "re" + booster.handle[:7] + "_demo"
			}
			add(p.reposted(booster, later(p.at, 20*time.Second, 15*time.Minute, r), r))
		}
		if p.gone {
			leaving = p
		}
	}
	if leaving != nil {
		at := leaving.at.Add(9 * time.Minute)
		add(at, departed(leaving.author, at, r))
	}
	slices.SortStableFunc(items, func(a, b item) int { return a.at.Compare(b.at) })
	return items
}

// plain reports whether nothing special happens to the post.
func (p *post) plain() bool {
	return !p.deleted && !p.gone && !p.unlisted && !p.noBot && !p.noIndex && p.edited == ""
}

// later is a moment between low and high after t, at most the end of the data.
func later(t time.Time, low, high time.Duration, r *random) time.Time {
	at := t.Add(low + time.Duration(r.below(int((high-low)/time.Millisecond)))*time.Millisecond)
	if last := end.Add(-time.Second); at.After(last) {
		at = last.Add(time.Duration(r.below(900)) * time.Millisecond)
	}
	return at
}

func encode(items []item) ([]byte, error) {
	var out bytes.Buffer
	for _, it := range items {
		line, err := compact(it.line)
		if err != nil {
			return nil, err
		}
		out.Write(line)
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

// compact is JSON without HTML's escapes, as the networks send it.
func compact(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(out.Bytes(), "\n"), err
}

// tabulate writes what the writer of each post meant: its id as hugops knows
// it, outage, stance, and what ought to become of it.
func tabulate(all []*post) []byte {
	var out bytes.Buffer
	out.WriteString("id\toutage\tstance\tfate\n")
	for _, p := range all {
		fmt.Fprintf(&out, "%s\t%s\t%s\t%s\n", p.id(), themes[p.theme].outage, p.stance, p.fate())
	}
	return out.Bytes()
}

func (p *post) fate() string {
	switch {
	case p.deleted:
		return "deleted"
	case p.gone:
		return "author-gone"
	case p.noBot || p.noIndex:
		return "opted-out"
	case p.unlisted:
		return "not-public"
	case p.author.provider:
		return "provider"
	case p.author.bot:
		return "bot"
	case p.theme == "noise":
		return "irrelevant"
	}
	return "kept"
}

// id is the post's id as hugops knows it.
func (p *post) id() string {
	switch p.network {
	case "m":
		return p.uri()
	case "x":
		return fmt.Sprint(p.number)
	}
	return "at://" + p.author.did() + "/app.bsky.feed.post/" + p.rkey
}

// created, editedLater, deletedAt and reposted return an event and its moment.

func (p *post) created(r *random) (time.Time, any) {
	switch p.network {
	case "m":
		if r.chance(0.12) { // as a REST answer has it
			return p.at, p.status(time.Time{})
		}
		return p.at, envelope("update", p.status(time.Time{}))
	case "x":
		return p.at, p.tweet(0, p.text)
	}
	at := seen(p.at, r)
	return at, p.commit("create", at, p.text, r)
}

func (p *post) editedLater(at time.Time, r *random) (time.Time, any) {
	switch p.network {
	case "m":
		return at, envelope("status.update", p.status(at))
	case "x":
		number := xID(at, r)
		return at, p.tweet(number, p.edited)
	}
	at = seen(at, r)
	return at, p.commit("update", at, p.edited, r)
}

func (p *post) deletedAt(at time.Time, r *random) (time.Time, any) {
	switch p.network {
	case "m":
		return at, envelope("delete", fmt.Sprint(p.number))
	case "b":
		at = seen(at, r)
		return at, p.commit("delete", at, "", r)
	}
	return at, nil // X's stream does not tell
}

func (p *post) reposted(by *author, at time.Time, r *random) (time.Time, any) {
	switch p.network {
	case "m":
		return at, envelope("update", p.boost(by, at, r))
	case "x":
		return at, p.retweet(by, at, r)
	}
	at = seen(at, r)
	return at, p.repost(by, at, r)
}
