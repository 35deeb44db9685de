package store

import (
	"embed"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
)

//go:embed query/*.sql
var queries embed.FS

// statements are the queries by name, without their comments, which need not
// travel.
var statements = func() map[string]string {
	files, err := queries.ReadDir("query")
	if err != nil {
		panic(err)
	}
	all := map[string]string{}
	for _, f := range files {
		text, err := queries.ReadFile("query/" + f.Name())
		if err != nil {
			panic(err)
		}
		all[strings.TrimSuffix(f.Name(), ".sql")] = comments.ReplaceAllString(string(text), "")
	}
	return all
}()

var comments = regexp.MustCompile(`(?m)^--.*\n`)

// sql returns the statement query/name.sql with {{…}} places filled. Only digits
// and hexadecimal go into places; everything else is a parameter of the query.
func sql(name string, places ...string) string {
	text, ok := statements[name]
	if !ok {
		panic("store: no query " + name)
	}
	return strings.NewReplacer(places...).Replace(text)
}

// keysTable writes keys as a table of one column, key, within the text of a
// query: a list of thousands of numbers takes longer to parse than to look up.
func keysTable(keys []uint64) string {
	raw := make([]byte, 0, 8*len(keys))
	for _, k := range keys {
		raw = binary.LittleEndian.AppendUint64(raw, k)
	}
	return "format(RowBinary, 'key UInt64', unhex('" + hex.EncodeToString(raw) + "'))"
}

// minuteList writes minutes (Unix seconds) for an IN.
func minuteList(minutes []int64) string {
	b := make([]byte, 0, 11*len(minutes))
	for i, m := range minutes {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, m, 10)
	}
	return string(b)
}

// numberList writes numbers for an IN, where a table within the text is not
// allowed.
func numberList(numbers []uint64) string {
	b := make([]byte, 0, 21*len(numbers))
	for i, n := range numbers {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, n, 10)
	}
	return string(b)
}
