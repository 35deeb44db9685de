package chdb

import "encoding/binary"

// helloQuery is the first query of clickhouse-go on an HTTP connection. It reads
// the answer at the protocol revision of its own, and every later result at the
// revision that this answer names.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

// Protocol revisions at which the Native format changed (ClickHouse,
// src/Core/ProtocolDefines.h).
const (
	revisionBlockInfo     = 1     // any but zero: a block starts with its info
	revisionSerialization = 54454 // a flag per column: custom serialization
)

// hello is the answer to helloQuery in the Native format of the client's
// revision: one row that names revision 0, at which the engine writes its
// results.
func hello(revision uint64, display, version, timezone string) []byte {
	var b []byte
	if revision >= revisionBlockInfo {
		b = append(b, 1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0) // not overflown, no bucket
	}
	b = append(b, 4, 1) // columns, rows
	column := func(name, kind string) {
		b = appendString(appendString(b, name), kind)
		if revision >= revisionSerialization {
			b = append(b, 0)
		}
	}
	column("displayName()", "String")
	b = appendString(b, display)
	column("version()", "String")
	b = appendString(b, version)
	column("revision()", "UInt32")
	b = binary.LittleEndian.AppendUint32(b, 0)
	column("timezone()", "String")
	return appendString(b, timezone)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
