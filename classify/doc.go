// Package classify reads posts: text → stance, post → services → outages.
//
// It owns the stance model ([Stance]), the registry of services ([Services]),
// the rules that link a post to outages ([Linker]) and the filter that decides
// at the door whether a post is about an outage at all ([Linker.Relevant]).
// [Reader] puts them together.
//
// It refuses everything else: it does no I/O, reads no clock (a post brings its
// own time), keeps nothing between two posts, and never guesses an outage for a
// post that names no service.
//
// It guarantees that the same post, model and outages give the same reading,
// byte for byte, whatever else runs; that probabilities are finite and sum to 1;
// and that no text makes it panic. Everything here is safe for concurrent use.
//
// Data stand in plain files: services.tsv (the registry), words.tsv (outage
// words, other signs, solidarity tags, words that products are named after),
// ordinary.txt (ordinary words of the corpus), linking/ (posts that the linker is
// measured on; docs/LINKING.md), corpus/ (labelled posts that the model learns
// from) and stance.model (what it learnt; see classify/train and docs/MODEL.md).
package classify
