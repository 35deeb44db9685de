// Package live is what the sources of live networks share: a [Loop] that makes
// a connection again when it ends, a [Watchdog] for connections that are dead
// without saying so, [Sight] for the coverage ledger, and a [Cursor] that
// remembers how far Kafka has come.
//
// It knows no network and no protocol. It guarantees that a server which refuses,
// or which takes connections and gives nothing, is asked less and less; that a
// position is remembered only after Kafka has everything up to it; and that a
// file of a crashed process is the old one or the new one, whole.
package live
