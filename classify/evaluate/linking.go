package evaluate

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// The parts of a file of linking cases: rules are changed by looking at the
// first; the second was written before them and is only ever counted; the third
// was written when the second was worn, by one who had not seen the rules.
const (
	Tune  = "tune"
	Test  = "test"
	Fresh = "fresh"
)

var splits = []string{Tune, Test, Fresh}

// LinkCase is a post with the services that it speaks of and the outages that it
// is about, as a person reads it.
type LinkCase struct {
	Line     int
	Split    string // Tune, Test or Fresh
	Post     hugops.Post
	Services []string // slugs
	Outages  []string // ids
}

// LinkAnswer is what a linker says of the post of a case.
type LinkAnswer struct {
	Services []string
	Links    []hugops.Link // most probable first
	Word     bool          // the post has a name of a service that is an ordinary word besides
}

// walk calls row for every row of a file of fields parted by tabs: its header
// line must have the columns; lines that begin with # are comments.
func walk(name string, r io.Reader, columns []string, row func(l *lines, get func(column string) string) error) error {
	l := newLines(name, r)
	var header table
	for {
		more, err := l.next()
		if err != nil || !more {
			if err == nil && header == nil {
				return l.errorf("there is no header line: it must name %s, parted by tabs", strings.Join(columns, ", "))
			}
			return err
		}
		switch {
		case l.text[0] == '#':
		case header == nil:
			header, err = l.header(columns...)
		default:
			var fields []string
			if fields, err = l.row(header); err == nil {
				err = row(l, func(column string) string {
					if field := header.get(fields, column); field != "-" {
						return field
					}
					return ""
				})
			}
		}
		if err != nil {
			return err
		}
	}
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// ReadLinkOutages reads the outages of linking cases: fields parted by tabs under
// a header line with id, service, name, title, started_at, ended_at (RFC 3339),
// impact, components, parent and url; "-" is nothing. Errors name the line.
func ReadLinkOutages(name string, r io.Reader) (outages []hugops.Outage, err error) {
	columns := []string{"id", "service", "name", "title", "started_at", "ended_at", "impact", "components", "parent", "url"}
	err = walk(name, r, columns, func(l *lines, get func(string) string) error {
		o := hugops.Outage{ID: get("id"), Service: get("service"), ServiceName: get("name"), Title: get("title"), Impact: get("impact"),
			Components: list(get("components")), Parent: get("parent"), URL: get("url")}
		var err error
		if o.StartedAt, err = time.Parse(time.RFC3339, get("started_at")); err != nil {
			return l.errorf("started_at: %w", err)
		}
		if end := get("ended_at"); end != "" {
			if o.EndedAt, err = time.Parse(time.RFC3339, end); err != nil {
				return l.errorf("ended_at: %w", err)
			}
		}
		if err := o.Validate(); err != nil {
			return l.errorf("%w", err)
		}
		if slices.ContainsFunc(outages, func(other hugops.Outage) bool { return other.ID == o.ID }) {
			return l.errorf("id %q stands there twice", o.ID)
		}
		outages = append(outages, o)
		return nil
	})
	return outages, err
}

// ReadLinkCases reads linking cases: fields parted by tabs under a header line
// with split, network, at ("ID+MINUTES" or "ID-MINUTES", from the start of an
// outage), lang, services, outages, extra ("reply" and addresses, by spaces) and
// text, in which \n is a line break; "-" is nothing. Errors name the line.
func ReadLinkCases(name string, r io.Reader, outages []hugops.Outage) (cases []LinkCase, err error) {
	columns := []string{"split", "network", "at", "lang", "services", "outages", "extra", "text"}
	err = walk(name, r, columns, func(l *lines, get func(string) string) error {
		c := LinkCase{Line: l.number, Split: get("split"), Services: list(get("services")), Outages: list(get("outages"))}
		c.Post = hugops.Post{ID: strconv.Itoa(l.number), Network: hugops.Network(get("network")), Lang: get("lang"),
			Text: strings.ReplaceAll(get("text"), `\n`, "\n")}
		for extra := range strings.FieldsSeq(get("extra")) {
			if extra == "reply" {
				c.Post.ReplyTo = "another"
			} else {
				c.Post.URLs = append(c.Post.URLs, extra)
			}
		}
		var ok bool
		if c.Post.PostedAt, ok = minuteOf(get("at"), outages); !ok {
			return l.errorf("at %q is not the id of an outage with + or - and minutes behind it", get("at"))
		}
		for _, id := range c.Outages {
			if !slices.ContainsFunc(outages, func(o hugops.Outage) bool { return o.ID == id }) {
				return l.errorf("outages: %q is none of the outages", id)
			}
		}
		switch {
		case !slices.Contains(splits, c.Split):
			return l.errorf("split %q is none of %s", c.Split, strings.Join(splits, ", "))
		case !c.Post.Network.Valid():
			return l.errorf("network %q is none of mastodon, x, bluesky", c.Post.Network)
		}
		cases = append(cases, c)
		return nil
	})
	return cases, err
}

// minuteOf reads "ID+MINUTES".
func minuteOf(at string, outages []hugops.Outage) (time.Time, bool) {
	cut := strings.LastIndexAny(at, "+-")
	if cut < 0 {
		return time.Time{}, false
	}
	minutes, err := strconv.Atoi(at[cut:])
	for i := range outages {
		if outages[i].ID == at[:cut] && err == nil {
			return outages[i].StartedAt.Add(time.Duration(minutes) * time.Minute), true
		}
	}
	return time.Time{}, false
}

// linkTally is what one post adds to each count.
type linkTally struct {
	found, spurious, missed int // services
	linkable, right         int // posts about an outage; of those, the best link is to one that they are about
	wanted, got, extra      int // links: those that should be, those of them that are, those that should not be
	other, silent           int // posts about no outage; of those, without any link
}

func (t *linkTally) add(o linkTally) {
	t.found, t.spurious, t.missed = t.found+o.found, t.spurious+o.spurious, t.missed+o.missed
	t.linkable, t.right = t.linkable+o.linkable, t.right+o.right
	t.wanted, t.got, t.extra = t.wanted+o.wanted, t.got+o.got, t.extra+o.extra
	t.other, t.silent = t.other+o.other, t.silent+o.silent
}

// scores in the order of linkMeasures.
func (t *linkTally) scores() [len(linkMeasures)]float64 {
	return [len(linkMeasures)]float64{ratio(t.found, t.found+t.spurious), ratio(t.found, t.found+t.missed),
		ratio(t.right, t.linkable), ratio(t.silent, t.other), ratio(t.got, t.got+t.extra), ratio(t.got, t.wanted)}
}

var linkMeasures = [...]string{"services: precision", "services: recall", "right outage", "no link where none belongs", "links: precision", "links: recall"}

// judge compares an answer with its case. A link to the outage with which an
// expected one fell is neither right nor wrong unless it is expected itself.
func (c *LinkCase) judge(a *LinkAnswer, parents map[string]string) (t linkTally) {
	for _, s := range a.Services {
		if slices.Contains(c.Services, s) {
			t.found++
		} else {
			t.spurious++
		}
	}
	t.missed = len(c.Services) - t.found
	t.wanted = len(c.Outages)
	for _, k := range a.Links {
		switch {
		case slices.Contains(c.Outages, k.Outage):
			t.got++
		case !slices.ContainsFunc(c.Outages, func(id string) bool { return parents[id] == k.Outage }):
			t.extra++
		}
	}
	if len(c.Outages) == 0 {
		t.other = 1
		t.silent = b2i(len(a.Links) == 0)
		return t
	}
	t.linkable = 1
	t.right = b2i(len(a.Links) > 0 && slices.Contains(c.Outages, a.Links[0].Outage))
	return t
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// LinkScores are the scores of a set of cases.
type LinkScores struct {
	Name     string     `json:"name"`
	Posts    int        `json:"posts"`
	Linkable int        `json:"linkable"`
	Scores   []Interval `json:"scores"` // in the order of LinkReport.Measures
}

// LinkReport is how well services and outages are found.
type LinkReport struct {
	Rules     string       `json:"rules"`
	Outages   int          `json:"outages"`
	Measures  []string     `json:"measures"`
	Sets      []LinkScores `json:"sets"`
	Resamples int          `json:"resamples"`
}

// NewLinkReport scores the answers, one for each case, over each part and over
// its posts with names that are words, with 95 % bootstrap intervals by post.
func NewLinkReport(rules string, cases []LinkCase, answers []LinkAnswer, outages []hugops.Outage) *LinkReport {
	parents := parentsOf(outages)
	report := &LinkReport{Rules: rules, Outages: len(outages), Measures: linkMeasures[:], Resamples: Resamples}
	for _, split := range splits {
		var all, words []linkTally
		for i := range cases {
			if cases[i].Split != split {
				continue
			}
			t := cases[i].judge(&answers[i], parents)
			all = append(all, t)
			if answers[i].Word {
				words = append(words, t)
			}
		}
		report.Sets = append(report.Sets, scoreLinks(split, all), scoreLinks(split+", names that are words", words))
	}
	report.Sets = slices.DeleteFunc(report.Sets, func(s LinkScores) bool { return s.Posts == 0 })
	return report
}

func parentsOf(outages []hugops.Outage) map[string]string {
	parents := map[string]string{}
	for i := range outages {
		parents[outages[i].ID] = outages[i].Parent
	}
	return parents
}

func scoreLinks(name string, tallies []linkTally) LinkScores {
	var all linkTally
	for _, t := range tallies {
		all.add(t)
	}
	var draws [len(linkMeasures)][]float64
	random := rand.New(rand.NewPCG(bootstrapSeed, 0))
	for range Resamples {
		var sum linkTally
		for range tallies {
			sum.add(tallies[random.IntN(len(tallies))])
		}
		for m, score := range sum.scores() {
			draws[m] = append(draws[m], score)
		}
	}
	out := LinkScores{Name: name, Posts: len(tallies), Linkable: all.linkable}
	for m, score := range all.scores() {
		out.Scores = append(out.Scores, interval(score, draws[m]))
	}
	return out
}

// Wrong returns the cases that were answered otherwise than expected, in services
// or in outages.
func Wrong(cases []LinkCase, answers []LinkAnswer, outages []hugops.Outage) (wrong []int) {
	parents := parentsOf(outages)
	for i := range cases {
		t := cases[i].judge(&answers[i], parents)
		if t.spurious+t.missed+t.extra > 0 || t.got < t.wanted || t.right < t.linkable {
			wrong = append(wrong, i)
		}
	}
	return wrong
}

// Print writes the report for people to read.
func (r *LinkReport) Print(out io.Writer) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "Services and outages of posts: %d outages\nRules: %s\n\n", r.Outages, r.Rules)
	var g grid
	header := []string{""}
	for _, s := range r.Sets {
		header = append(header, s.Name, "")
	}
	g.add(header...)
	counts := func(name string, count func(s *LinkScores) int) {
		row := []string{name}
		for i := range r.Sets {
			row = append(row, fmt.Sprint(count(&r.Sets[i])), "")
		}
		g.add(row...)
	}
	counts("posts", func(s *LinkScores) int { return s.Posts })
	counts("of them about an outage", func(s *LinkScores) int { return s.Linkable })
	for m, measure := range r.Measures {
		row := []string{measure}
		for _, s := range r.Sets {
			row = append(row, score(s.Scores[m].Value), s.Scores[m].bracket())
		}
		g.add(row...)
	}
	g.print(w)
	fmt.Fprintf(w, "\nRules were changed by looking at the part \"tune\" alone. \"right outage\": the best link of a post about an outage. A link to the outage with which\n"+
		"an expected one fell counts as neither right nor wrong. In brackets: 95 %% intervals, from %d draws of as many posts with replacement.\n", r.Resamples)
	return w.Flush()
}
