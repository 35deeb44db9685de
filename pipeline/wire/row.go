package wire

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Columns are the names in the first row of a table, in lower case.
type Columns []string

// NewColumns returns the columns that a first row names.
func NewColumns(cells []string) Columns {
	c := make(Columns, len(cells))
	for i, cell := range cells {
		c[i] = strings.ToLower(strings.TrimSpace(cell))
	}
	return c
}

// Has reports whether all the names are there.
func (c Columns) Has(names ...string) bool {
	for _, name := range names {
		if !slices.Contains(c, name) {
			return false
		}
	}
	return true
}

// HasAny reports whether one of the names is there.
func (c Columns) HasAny(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(c, name) })
}

// Row is one row of a table whose columns have names.
type Row struct {
	Columns Columns
	Cells   []string
}

// Get returns the first cell with something in it of the named columns, without
// the white space around it.
func (r Row) Get(names ...string) string {
	for _, name := range names {
		if i := slices.Index(r.Columns, name); i >= 0 && i < len(r.Cells) {
			if cell := strings.TrimSpace(r.Cells[i]); cell != "" && !empty(cell) {
				return cell
			}
		}
	}
	return ""
}

// empty reports whether a cell holds one of the words that tools write for
// nothing.
func empty(cell string) bool {
	switch cell {
	case "N/A", "nan", "NaN", "None", "null":
		return true
	}
	return false
}

// True reports whether one of the named columns says yes.
func (r Row) True(names ...string) bool {
	switch strings.ToLower(r.Get(names...)) {
	case "yes", "true", "1":
		return true
	}
	return false
}

// ID returns the first cell with something in it of the named columns. It is an
// error when a spreadsheet has rounded it.
func (r Row) ID(names ...string) (string, error) {
	id := r.Get(names...)
	if rounded(id) {
		return "", Invalidf("row: the id %s was rounded by a spreadsheet; export the file again and do not save it in one", id)
	}
	return id, nil
}

// Author is ID for what tells authors apart. It is an error when nothing does.
func (r Row) Author(names ...string) (string, error) {
	author, err := r.ID(names...)
	switch {
	case err != nil:
		return "", err
	case author == "":
		return "", Invalidf("row: the author is missing; one of the columns %s must say who wrote it", strings.Join(names, ", "))
	case Redacted(author):
		return "", Invalidf("row: the author is redacted; export with pseudonyms instead, which still tell authors apart")
	}
	return author, nil
}

// Redacted reports whether a tool has put one word in the place of all authors,
// so that nothing tells one from another.
func Redacted(author string) bool { return author == "REDACTED" }

// rounded reports whether a number looks as spreadsheets write long ones:
// 1.23E+18, or with a fraction that no id has.
func rounded(id string) bool {
	if len(id) < 4 || len(id) > 40 || id[0] < '0' || id[0] > '9' || strings.Trim(id, "0123456789.,eE+") != "" {
		return false
	}
	if strings.ContainsAny(id, "eE") {
		_, err := strconv.ParseFloat(strings.Replace(id, ",", ".", 1), 64)
		return err == nil
	}
	return strings.HasSuffix(id, ".0") && len(id) > len("1.0")+14
}

var layouts = []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", time.RubyDate}

// Time returns the moment in the first of the named columns that holds one: a
// date and time (of UTC where no zone is given), or seconds since 1970.
func (r Row) Time(names ...string) (time.Time, bool) {
	for _, name := range names {
		cell := r.Get(name)
		if cell == "" {
			continue
		}
		for _, layout := range layouts {
			if at, err := time.Parse(layout, cell); err == nil {
				return at.UTC(), true
			}
		}
		if at, ok := unixTime(cell); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

// unixTime reads seconds, or milliseconds where seconds would lie far away. A
// number with an exponent was rounded by a spreadsheet.
func unixTime(cell string) (time.Time, bool) {
	seconds, err := strconv.ParseFloat(cell, 64)
	if err != nil || strings.ContainsAny(cell, "eE") || !(seconds > 1e8 && seconds < 1e14) {
		return time.Time{}, false
	}
	if seconds >= 1e11 {
		seconds /= 1000
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000).UTC(), true
}

// WebURLs returns the web addresses in a cell that joins them by commas. A comma
// inside an address does not part it.
func (r Row) WebURLs(names ...string) (urls []string) {
	parts := strings.Split(r.Get(names...), ",")
	for i := 0; i < len(parts); {
		address := strings.TrimSpace(parts[i])
		for i++; i < len(parts) && !WebURL(strings.TrimSpace(parts[i])); i++ {
			address += "," + parts[i]
		}
		if WebURL(address) && !slices.Contains(urls, address) {
			urls = append(urls, address)
		}
	}
	return urls
}
