// Package demo holds the posts that the demo replays: three outages of invented
// services, a morning and an early afternoon long, as about 2,000 posts of
// invented people on Mastodon, Bluesky and X.
//
// It owns the data, in the networks' own JSON shapes, and nothing else: the
// posts are read like any other file of posts. Every text was written for
// hugops; none was copied from a real post, and every address ends in .example.
// labels.tsv holds the stance that the writer meant, and what ought to become
// of each post, for tests; the program never reads it.
//
// The files are made from gen/texts by go generate, always the same bytes.
package demo

import _ "embed"

//go:generate go run ./gen

// Anchor is the moment of the data that should become "now" when the demo
// starts: what is older is history, what is younger comes in live.
const Anchor = "2026-11-02T14:00:00Z"

//go:embed posts.ndjson
var posts []byte

//go:embed outages.json
var outages []byte

// Posts returns the posts, one event of a network a line, sorted by time. It
// must not be modified.
func Posts() []byte { return posts }

// Outages returns the three outages, in the format of hugops' outage files. It
// must not be modified.
func Outages() []byte { return outages }
