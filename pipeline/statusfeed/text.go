package statusfeed

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// maxRaw is how much is kept of one incident as the provider sent it.
const maxRaw = 256 << 10

// Most of a kind that one incident has, so that a feed gone mad stays small.
const (
	maxUpdates = 1000
	maxNames   = 500
	maxTitle   = 1000 // bytes
)

// utf8Of is a feed's text in UTF-8: AWS writes UTF-16 with a byte order mark.
func utf8Of(raw []byte) ([]byte, error) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(raw, []byte("\xfe\xff")):
		order = binary.BigEndian
	case bytes.HasPrefix(raw, []byte("\xff\xfe")):
		order = binary.LittleEndian
	default:
		return bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), nil
	}
	if raw = raw[2:]; len(raw)%2 != 0 {
		return nil, errors.New("UTF-16 with half a character at the end: the answer is cut off")
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = order.Uint16(raw[2*i:])
	}
	return []byte(string(utf16.Decode(units))), nil
}

// unmarshal reads a feed's JSON and says so when it is a page of HTML.
func unmarshal(raw []byte, into any) error {
	if text := bytes.TrimSpace(raw); len(text) > 0 && text[0] == '<' {
		return errors.New("a page of HTML or XML, where JSON was expected")
	}
	return wire.UnmarshalFile(raw, into)
}

// each reads the members of a list one by one, so that a malformed one takes no
// other with it; read turns one into an outage.
func each[T any](a *Answer, list []jsontext.Value, read func(*T) (hugops.Outage, error)) {
	for i, raw := range list {
		var one T
		err := wire.UnmarshalFile(raw, &one)
		var o hugops.Outage
		if err == nil {
			o, err = read(&one)
		}
		if err != nil {
			a.Bad = append(a.Bad, Malformed{raw, fmt.Errorf("incident %d: %w", i+1, err)})
			continue
		}
		o.Raw = raw[:min(len(raw), maxRaw)]
		a.Outages = append(a.Outages, tidy(o))
	}
}

// tidy puts an outage in order: one line of a title, updates oldest first, names
// once, no end before the start, nothing without bound.
func tidy(o hugops.Outage) hugops.Outage {
	o.Title = strings.Join(strings.Fields(o.Title), " ")
	if len(o.Title) > maxTitle {
		o.Title = strings.ToValidUTF8(o.Title[:maxTitle], "")
	}
	if !wire.WebURL(o.URL) && !strings.HasPrefix(o.URL, "/") {
		o.URL = ""
	}
	if !o.EndedAt.IsZero() && o.EndedAt.Before(o.StartedAt) {
		o.StartedAt = o.EndedAt // written up afterwards: the time of writing was given as the start
	}
	o.StartedAt, o.EndedAt = o.StartedAt.UTC(), o.EndedAt.UTC()
	o.Components, o.Regions = distinct(o.Components), distinct(o.Regions)
	o.Updates = slices.DeleteFunc(o.Updates, func(u hugops.Update) bool { return u.At.IsZero() })
	slices.SortStableFunc(o.Updates, func(a, b hugops.Update) int { return a.At.Compare(b.At) })
	o.Updates = o.Updates[max(0, len(o.Updates)-maxUpdates):]
	for i := range o.Updates {
		u := &o.Updates[i]
		u.At, u.Text = u.At.UTC(), wire.CutText(strings.TrimSpace(u.Text))
	}
	return o
}

// distinct is every name once, in order, without blanks.
func distinct(names []string) []string {
	var kept []string
	for _, name := range names {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(kept, name) && len(kept) < maxNames {
			kept = append(kept, name)
		}
	}
	return kept
}

// newestFirst sorts updates by time where the feed lists the newest first:
// those of one time are turned round.
func newestFirst(updates []hugops.Update) []hugops.Update {
	slices.Reverse(updates)
	slices.SortStableFunc(updates, func(a, b hugops.Update) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	return updates
}

// plain is the text of HTML or of plain text.
func plain(body string) string {
	if !strings.ContainsAny(body, "<&\r\x00") {
		return strings.TrimSpace(body)
	}
	text, _ := wire.HTMLText(body)
	return text
}

// outageID joins a service's slug and an incident's id. What may not stand in an
// address is left out, and then a hash of the whole id keeps it distinct.
func outageID(slug, id string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-", r):
			return r
		}
		return -1
	}, slug+"-"+id)
	const most = 128
	if clean == slug+"-"+id && len(clean) <= most {
		return clean
	}
	h := fnv.New64a()
	h.Write([]byte(slug + "-" + id))
	return fmt.Sprintf("%s-%x", clean[:min(len(clean), most-17)], h.Sum64())
}

// stamp is a time as feeds write it: RFC 3339, an epoch in seconds as a number or
// a string, JavaScript's Date, or nothing.
type stamp struct{ time.Time }

// UnmarshalJSON accepts a string, a number or null.
func (s *stamp) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	if text == "null" {
		return nil
	}
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
	}
	t, err := parseTime(text)
	s.Time = t
	return err
}

// layouts are the times of day that feeds use, after zones by name are numbers.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999Z0700",
	"2006-01-02 15:04:05.999Z07:00",
	"2006-01-02 15:04:05.999 Z0700",
	"2006-01-02 15:04:05", // Cachet: in the time zone of the server, which is UTC unless changed
	"2006-01-02T15:04:05",
	"2006-01-02",
	"Mon, 2 Jan 2006 15:04:05 -0700",
	"2 Jan 2006 15:04:05 -0700",
	"Mon, 2 Jan 2006 15:04 -0700",
	"Mon Jan 2 2006 15:04:05 GMT-0700",
}

// zones are the names that feeds write behind a time. Go knows only those of its
// own place: it would take PDT for UTC.
var zones = map[string]string{
	"Z": "+0000", "UT": "+0000", "UTC": "+0000", "GMT": "+0000",
	"PST": "-0800", "PDT": "-0700", "MST": "-0700", "MDT": "-0600",
	"CST": "-0600", "CDT": "-0500", "EST": "-0500", "EDT": "-0400",
	"BST": "+0100", "CET": "+0100", "CEST": "+0200",
}

var jsZone = regexp.MustCompile(` \([^()]*\)$`)

// parseTime reads a time in any of the feeds' ways; "" is the zero time.
func parseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(jsZone.ReplaceAllString(text, ""))
	if text == "" {
		return time.Time{}, nil
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if seconds > 1e11 {
			seconds /= 1000 // milliseconds
		}
		return inRange(time.UnixMicro(int64(seconds*1e6)), text)
	}
	if at := strings.LastIndexByte(text, ' '); at > 0 {
		if zone, ok := zones[text[at+1:]]; ok {
			text = text[:at+1] + zone
		}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return inRange(t, text)
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no time", text)
}

func inRange(t time.Time, text string) (time.Time, error) {
	if y := t.Year(); y < 1990 || y > 2199 {
		return time.Time{}, fmt.Errorf("the time %.40q is out of range", text)
	}
	return t.UTC(), nil
}

// first returns the first time that is given.
func first(times ...stamp) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t.Time
		}
	}
	return time.Time{}
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// named is an object that has a name, of which there are many.
type named struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

func names(list []named) []string {
	all := make([]string, len(list))
	for i, n := range list {
		all[i] = cmp.Or(n.Name, n.Title)
	}
	return all
}
