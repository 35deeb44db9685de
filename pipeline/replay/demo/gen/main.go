// Command gen makes the demo's posts.ndjson and labels.tsv from the texts in
// gen/texts. It gives every text a moment, a network, an author and ids, adds
// replies, reposts, edits and deletions, and wraps all of it in the networks'
// own JSON. There is no clock and no random seed in it: the same texts give the
// same bytes, on every machine.
//
// A line of a text file is "CODE TEXT". The code is a phase of the outage (0 for
// none), the stance that the writer meant (s, v, n), and options after commas:
//
//	m b x       the network: Mastodon, Bluesky, X
//	at=HH:MM    the minute, instead of the text's place within its phase
//	by=NAME     written by that account of gen/people.go
//	cw=TEXT     a content warning (Mastodon), with _ for a space
//	e           edited later: the next line, "> TEXT", is the edited version
//	d           deleted later
//	d0          deleted, and the deletion comes before the post
//	gone        its author leaves the network later (Bluesky)
//	noidx nobot its author opted out (Mastodon)
//	unlisted    not fully public (Mastodon)
//
// In a text, \n is a line break. A line "@ HH:MM" says that the following texts of
// the phase come after that moment; otherwise texts are spread evenly, in their
// order. The phases of an outage are in gen/plan.go.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", ".", "directory to write posts.ndjson and labels.tsv to")
	flag.Parse()
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	posts, labels, err := generate()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "posts.ndjson"), posts, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "labels.tsv"), labels, 0o644)
}
