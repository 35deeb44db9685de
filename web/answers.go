package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// told is one notice of the company, and how people met the outage before and
// after it. What came after it need not have come of it.
type told struct {
	numbered
	When   string // its time, with its day if that is not the outage's first one
	Answer *reply // nil: another notice of the same minute has it
}

// reply is what came after a notice, in words and as a gauge.
type reply struct {
	Words string
	Gauge *gauge // after, with an open dot for before; nil if there were too few
}

// tell puts the notices and what people answered together.
func tell(updates []numbered, d hugops.Detail, now time.Time) []told {
	by := map[time.Time]hugops.Answer{}
	for _, a := range d.Answers {
		by[a.At.UTC()] = a
	}
	out := make([]told, len(updates))
	for i, u := range updates {
		out[i] = told{numbered: u, When: moment(u.At, d.Outage.StartedAt)}
		if a, ok := by[u.At.UTC()]; ok && (i+1 == len(updates) || !updates[i+1].At.Equal(u.At)) {
			out[i].Answer = newReply(a, now)
		}
	}
	return out
}

func newReply(a hugops.Answer, now time.Time) *reply {
	before, after := newFigure(a.Before, false), newFigure(a.After, false)
	if !before.Enough || !after.Enough {
		words := "Too few people around it to tell"
		if a.To.After(now) {
			words += " so far"
		}
		return &reply{Words: words}
	}
	words := strconv.Itoa(before.Value) + " before, " + strconv.Itoa(after.Value) + " after: "
	if a.To.After(now) {
		words = strconv.Itoa(before.Value) + " before, " + strconv.Itoa(after.Value) + " so far: "
	}
	switch a.Change.Direction() {
	case 1:
		words += "kinder after it"
	case -1:
		words += "less kind after it"
	default:
		words += "cannot tell them apart"
	}
	g := after.Gauge()
	g.HasBefore, g.Before = true, before.Value
	g.Label = "Before it " + strconv.Itoa(before.Value) + ", very likely between " + strconv.Itoa(before.Lower) + " and " + strconv.Itoa(before.Upper) +
		"; after it " + strconv.Itoa(after.Value) + ", very likely between " + strconv.Itoa(after.Lower) + " and " + strconv.Itoa(after.Upper) + "."
	return &reply{words, &g}
}

// aim is whom the venting posts blame, of every hundred of them, as the model reads
// them: a mean over posts, with no interval.
type aim struct{ People, Company, Situation int }

// newAim is nil where fewer people vented than an index needs.
func newAim(d hugops.Detail) *aim {
	b := d.Blame
	if b.Posts < hugops.MinAuthors || d.Index.Venting < hugops.MinAuthors {
		return nil
	}
	people := whole(100 * b.People)
	company := min(whole(100*b.Company), 100-people)
	return &aim{people, company, 100 - people - company}
}

// Say is the sentence for those who do not see the bar.
func (a aim) Say() string {
	return "Of every 100 venting posts, about " + strconv.Itoa(a.People) + " blame the people on duty, " + strconv.Itoa(a.Company) +
		" the company and " + strconv.Itoa(a.Situation) + " the situation."
}

// From is where the part of the situation begins.
func (a aim) From() int { return a.People + a.Company }

// copies says how many accounts posted the same words and count as fewer.
func copies(ix hugops.Index) string {
	switch {
	case ix.Copies < fewest || ix.Bursts < 1:
		return ""
	case ix.Bursts == 1:
		return count(ix.Copies) + " accounts posted nearly the same words at nearly the same time; they count as one person."
	}
	return count(ix.Copies) + " accounts posted nearly the same words as others, in " + strconv.Itoa(ix.Bursts) + " bursts; each burst counts as one person."
}

// hug is a message that a visitor may send from an account of their own, in the
// words of each network, and the addresses that open it there, filled in. hugops
// posts nothing.
type hug struct {
	Message    string // without a handle
	Mastodon   string // its words; the visitor's server is not known
	Bluesky, X string // addresses
}

// newHug names the provider by its own account where one is known on the network.
func newHug(service string, open bool, handles map[hugops.Network][]string) hug {
	message := func(n hugops.Network) string {
		who := service
		if h := handles[n]; len(h) > 0 {
			who += " (@" + h[0] + ")"
		}
		if open {
			return "Thank you to everyone at " + who + " who is fixing things right now. We see you. #HugOps"
		}
		return "Thank you to everyone at " + who + " who fixed things. We saw you. #HugOps"
	}
	escaped := func(n hugops.Network) string { return strings.ReplaceAll(url.QueryEscape(message(n)), "+", "%20") }
	return hug{
		Message: message(""), Mastodon: message(hugops.Mastodon),
		Bluesky: "https://bsky.app/intent/compose?text=" + escaped(hugops.Bluesky), X: "https://x.com/intent/post?text=" + escaped(hugops.X),
	}
}
