package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hugops/hugops"
)

// params reads the query of a request to the API. Each method reads one parameter. The
// first mistake is kept in err, a sentence for the visitor.
type params struct {
	values url.Values
	err    error
}

func readParams(r *http.Request) *params { return &params{values: r.URL.Query()} }

// checkParams refuses a query that is malformed, or that has a parameter which the
// address does not know, or has one twice or without a value: a slip of the pen must not
// be passed over in silence.
func checkParams(r *http.Request, known []string) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badRequest("The query is malformed: write it as name=value&name=value, with %XX for special characters.")
	}
	for name, all := range values {
		switch {
		case !slices.Contains(known, name):
			return badParameter(name, fmt.Sprintf("There is no parameter %q here. %s", clip(name, 40), knownParams(known)))
		case len(all) > 1:
			return badParameter(name, name+" is given more than once.")
		case all[0] == "":
			return badParameter(name, name+" is empty: give it a value, or leave it out.")
		}
	}
	return nil
}

func knownParams(known []string) string {
	if len(known) == 0 {
		return "This address takes none."
	}
	return "Those that this address knows: " + strings.Join(known, ", ") + "."
}

// wrong notes a mistake in a parameter.
func (p *params) wrong(name, sentence string) {
	if p.err == nil {
		p.err = badParameter(name, sentence)
	}
}

// whole reads a whole number from 1 to most.
func (p *params) whole(name string, otherwise, most int) int {
	n, err := wholeParam(p.values.Get(name), otherwise, most)
	if err != nil {
		p.wrong(name, name+" is a whole number from 1 to "+strconv.Itoa(most)+".")
	}
	return n
}

// yes reads true or false; nil for neither.
func (p *params) yes(name string) *bool {
	switch v := p.values.Get(name); v {
	case "":
		return nil
	case "true", "false":
		yes := v == "true"
		return &yes
	}
	p.wrong(name, name+" is true or false.")
	return nil
}

// text reads words.
func (p *params) text(name string, most int) string {
	v := p.values.Get(name)
	if !utf8.ValidString(v) || utf8.RuneCountInString(v) > most {
		p.wrong(name, name+" is at most "+strconv.Itoa(most)+" characters of UTF-8.")
	}
	return v
}

func (p *params) network() hugops.Network {
	n := hugops.Network(p.values.Get("network"))
	if n != "" && !slices.Contains(hugops.Networks, n) {
		p.wrong("network", "network is one of "+joined(hugops.Networks)+".")
	}
	return n
}

func joined(networks []hugops.Network) string {
	var names []string
	for _, n := range networks {
		names = append(names, string(n))
	}
	return strings.Join(names, ", ")
}

// between reads from and to, zero where not given.
func (p *params) between() (from, to time.Time) {
	from, to = p.moment("from"), p.moment("to")
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		p.wrong("from", "from is a time before to.")
	}
	return from, to
}

// moment reads a time of RFC 3339, or a day, which begins at midnight UTC.
func (p *params) moment(name string) time.Time {
	v := p.values.Get(name)
	if v == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, v); err == nil && t.Year() >= 1970 && t.Year() < 2106 {
			return t.UTC()
		}
	}
	p.wrong(name, name+" is a day or a time of 1970 to 2105, such as 2026-11-22 or 2026-11-22T14:00:00Z; the + of a time zone is written %2B.")
	return time.Time{}
}

// longestBucket is the widest bucket of a series.
const longestBucket = 366 * 24 * time.Hour

// bucket reads a length of whole minutes: 5m, 1h30m, 7d.
func (p *params) bucket(otherwise time.Duration) time.Duration {
	v := p.values.Get("bucket")
	if v == "" {
		return otherwise
	}
	d, err := time.ParseDuration(v)
	if days, isDays := strings.CutSuffix(v, "d"); isDays {
		var n int
		n, err = wholeParam(days, 0, 366)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d < time.Minute || d > longestBucket || d%time.Minute != 0 {
		p.wrong("bucket", "bucket is a length of whole minutes from 1m to 366d, for example 5m, 6h or 7d.")
	}
	return d
}

func wholeParam(v string, otherwise, most int) (int, error) {
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%q is no number from 1 to %d", v, most)
	}
	return n, nil
}
