// Package hugops is the vocabulary of hugops: the plain types that travel
// between its parts, with the rules that belong to the words themselves.
//
// A post is one public message. What happened to a post (created, edited,
// deleted) is an [Event], and that is what Kafka carries. A [Reading] is a post
// with its stance and its links to outages, and that is what ClickHouse stores.
// An [Index] is what a reader of the site gets: how kindly one outage was met.
//
// The package imports the standard library only, and every other package of the
// program may import it. Siblings (pipeline, classify, store, web) never import
// each other; they meet here and in cmd/hugops.
package hugops

import "errors"

// Version is the program's version, set at build time.
var Version = "0.1.0-dev"

// ErrNotFound is wrapped by errors about an outage that nobody knows.
var ErrNotFound = errors.New("not found")

// ErrTooMany is wrapped by errors about a question whose answer would be too large.
var ErrTooMany = errors.New("too many")
