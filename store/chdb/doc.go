// Package chdb runs ClickHouse inside the process: it loads libchdb (the whole
// ClickHouse engine as one shared library, without cgo) and answers the
// ClickHouse HTTP protocol from it, as an [http.RoundTripper] for clickhouse-go
// and as an [http.Handler] for curl.
//
// It owns the library, its data directory and its connections. It refuses what
// a client must not believe to work here: compression, sessions, external
// tables, several statements in one request.
//
// It guarantees that
//   - requests run side by side, each on a connection of its own: a read does
//     not wait for a long insert;
//   - settings, database and parameters of a request hold for that request only;
//   - inserts and SELECT results in the usual formats are streamed, so neither
//     has to fit into memory twice;
//   - a request whose context ends returns at once; its query is killed, its
//     insert cancelled, and its connection comes back when the engine let go;
//   - the process's signals stay Go's;
//   - what was acknowledged is on disk in the way of ClickHouse: it survives the
//     death of the process (not, without fsync settings, that of the machine).
//
// One process has one engine with one data directory, and one data directory
// serves one process at a time.
package chdb
