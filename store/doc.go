// Package store keeps readings in ClickHouse and answers from them: the time
// series and the empathy index of each outage.
//
// It owns the tables (migrations/, one statement a file), the queries (query/,
// one a file), the index and the figures of an outage. It refuses nothing that
// hugops' Validate lets through.
//
// It guarantees that
//   - what is stored is a function of the set of readings and deletions written,
//     whatever their order, batches and repetitions: of a post the latest version
//     stands, of equal versions the one written last; a deletion always wins;
//   - a Write that returned is visible whole: readings, links, series. One that
//     failed anywhere may be repeated, and must be;
//   - several processes may write at once;
//   - reading does not wait for figures to be computed: answers come from memory,
//     seconds old at most while posts arrive (see Config.Stale).
//
// How. A reading is one row with all its links in it, so links cannot disagree
// with their post, and rows replace each other by version. A deletion is a row of
// a version that none overtakes. Who deletes puts a hash down first and looks for
// the posts second; who writes puts the posts down first and looks for hashes
// second; so one of the two sees the other. The series of a minute is computed
// anew from the rows, and compared again after it was stored, until nothing
// differs: so the last of several writers leaves it right. None of this needs a
// clock or a lock.
package store
