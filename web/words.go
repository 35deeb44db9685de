package web

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// verdict is what an interval says, and nothing stronger.
type verdict struct{ Long, Short string }

// verdictOf judges by the rounded bounds, as the reader sees them, never by the
// point between them.
func verdictOf(lower, upper int, ended bool) verdict {
	switch {
	case lower > 50 && ended:
		return verdict{"Most people were kind.", "Mostly support"}
	case lower > 50:
		return verdict{"Most people are being kind.", "Mostly support"}
	case upper < 50:
		return verdict{"More people vented than sent support.", "Mostly venting"}
	case ended:
		return verdict{"It was too close to call.", "Too close to call"}
	}
	return verdict{"Too close to call.", "Too close to call"}
}

// sureness puts the width of an interval into words.
func sureness(width int) string {
	switch {
	case width <= 8:
		return "quite sure"
	case width <= 16:
		return "fairly sure"
	case width <= 30:
		return "a rough figure"
	}
	return "a very rough figure"
}

// trend says how the last hour was beside the hour before it: by the interval of
// the difference. Steady is what a difference of ten points can be ruled out for.
func trend(c hugops.Change) string {
	switch {
	case c.Direction() > 0:
		return "kinder now"
	case c.Direction() < 0:
		return "less kind now"
	case c.Known && c.Lower >= -10 && c.Upper <= 10:
		return "steady"
	}
	return "no clear trend"
}

// sentence is the first thing that an outage says about itself.
func sentence(value, lower, upper, sided, support int) string {
	var b strings.Builder
	b.WriteString("About " + strconv.Itoa(value) + " of every 100 people who took a side sent support. ")
	between := " very likely between " + strconv.Itoa(lower) + " and " + strconv.Itoa(upper) + "."
	if sure := sureness(upper - lower); strings.HasSuffix(sure, "sure") {
		b.WriteString("We are " + sure + ": the true figure is" + between)
	} else {
		b.WriteString("With " + count(sided) + " people in all this is " + sure + ": the true one is" + between)
	}
	if upper < 50 && support > 0 {
		b.WriteString(" Still, " + people(support) + " sent a hug.")
	}
	return b.String()
}

// waiting says how far an outage is from its first number.
func waiting(sided int, ended bool) string {
	if ended {
		return "Not enough posts: " + strconv.Itoa(sided) + " of " + strconv.Itoa(hugops.MinAuthors) + " people"
	}
	return "Not enough posts yet: " + strconv.Itoa(sided) + " of " + strconv.Itoa(hugops.MinAuthors) + " people"
}

// count writes a whole number with commas: 12,345.
func count(n int) string {
	s := strconv.Itoa(n)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// people is "1 person" or "12 people".
func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return count(n) + " people"
}

// whole rounds a figure of the index for people, within 0 to 100.
func whole(v float64) int {
	if math.IsNaN(v) {
		return 0
	}
	return int(math.Round(min(max(v, 0), 100)))
}

// span is a length of time in words: "48 min", "3 h 05 min", "2 days 4 h".
func span(d time.Duration) string {
	minutes := int(d / time.Minute)
	hours := minutes / 60
	switch {
	case minutes < 1:
		return "under 1 min"
	case hours < 1:
		return strconv.Itoa(minutes) + " min"
	case hours < 48 && minutes%60 == 0:
		return strconv.Itoa(hours) + " h"
	case hours < 48:
		return strconv.Itoa(hours) + " h " + twoDigits(minutes%60) + " min"
	case hours%24 == 0:
		return strconv.Itoa(hours/24) + " days"
	}
	return strconv.Itoa(hours/24) + " days " + strconv.Itoa(hours%24) + " h"
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

func clock(t time.Time) string { return t.UTC().Format("15:04") }
func date(t time.Time) string  { return t.UTC().Format("2 January 2006") }

// moment is a time as seen from the day of ref: "14:26", or with its day.
func moment(t, ref time.Time) string {
	if sameDay(t, ref) {
		return clock(t)
	}
	return t.UTC().Format("2 January, 15:04")
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// day names the day of t as seen from now: today, yesterday, 19 November.
func day(t, now time.Time) string {
	switch t, now = t.UTC(), now.UTC(); {
	case sameDay(t, now):
		return "today"
	case sameDay(t, now.AddDate(0, 0, -1)):
		return "yesterday"
	case t.Year() == now.Year():
		return t.Format("2 January")
	}
	return date(t)
}

// list joins names: "Mastodon, Bluesky and X".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// statusWords are the words for the states that status pages use.
var statusWords = map[string]string{
	"investigating": "Looking into it",
	"identified":    "Cause found",
	"monitoring":    "Watching the fix",
	"resolved":      "Resolved",
	"update":        "Update",
	"postmortem":    "Review published",
	"scheduled":     "Planned",
	"in progress":   "Under way",
	"verifying":     "Checking",
	"completed":     "Done",
}

// statusWord says a provider's status in plain words, at most 24 characters.
func statusWord(status string) string {
	s := strings.ToLower(strings.TrimSpace(strings.NewReplacer("_", " ", "-", " ").Replace(status)))
	if w, ok := statusWords[s]; ok {
		return w
	}
	if clean(s) == "" {
		return "Update"
	}
	first := []rune(clip(clean(s), 24))
	return strings.ToUpper(string(first[:1])) + string(first[1:])
}

// clean takes out of a foreign text what could turn or break the line around it:
// control characters and those that override the direction of writing.
func clean(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x061C,
			r == 0xFFFE, r == 0xFFFF: // of these two XML has none
			return -1
		case r < ' ' || r >= 0x7F && r < 0xA0 || r == 0x2028 || r == 0x2029:
			return ' '
		}
		return r
	}, s)), " ")
}

// clip cuts a text after at most n characters.
func clip(s string, n int) string {
	r := []rune(strings.ToValidUTF8(s, ""))
	if len(r) <= n {
		return string(r)
	}
	return strings.TrimRight(string(r[:n-1]), " ,.;:") + "…"
}

// languages names the languages that posts most often declare.
var languages = map[string]string{
	"ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish",
	"de": "German", "el": "Greek", "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian",
	"eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician",
	"he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "is": "Icelandic",
	"it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nb": "Norwegian",
	"nl": "Dutch", "nn": "Norwegian", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
	"ru": "Russian", "sk": "Slovak", "sl": "Slovene", "sr": "Serbian", "sv": "Swedish", "th": "Thai",
	"tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}

// language names a BCP 47 tag; a tag that is not known stands for itself.
func language(tag string) string {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch {
	case base == "" || base == "und":
		return "Not said"
	case base == "other":
		return "All others"
	case languages[base] != "":
		return languages[base]
	}
	return clip(tag, 12)
}

// networkName names the key of a breakdown by network.
func networkName(key string) string {
	if key == "other" {
		return "All others"
	}
	return clip(hugops.Network(key).Name(), 12)
}
