package statusfeed

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// parseAtom reads an Atom history whose entries are incidents.
func parseAtom(raw []byte) (Answer, error) { return parseEntries(raw, "feed", false) }

// parseRSS reads an RSS history whose items are incidents.
func parseRSS(raw []byte) (Answer, error) { return parseEntries(raw, "rss", false) }

// parseAzure reads Azure's RSS, which lists only what goes on; a channel without
// items is the healthy state, so its title must tell it from an error page.
func parseAzure(raw []byte) (Answer, error) { return parseEntries(raw, "rss", true) }

func parseEntries(raw []byte, root string, ongoing bool) (Answer, error) {
	f, err := parseXML(raw)
	switch {
	case err != nil:
		return Answer{}, err
	case (f.root == "feed") != (root == "feed"):
		return Answer{}, errors.New("the root is <" + f.root + ">, where <" + root + "> was expected")
	case f.title == "":
		return Answer{}, errors.New("a feed without a title")
	}
	a := Answer{Name: historyOf.ReplaceAllString(f.title, ""), Built: f.updated, Ongoing: ongoing}
	for _, it := range f.items {
		o, err := it.outage(ongoing)
		if err != nil {
			a.Bad = append(a.Bad, Malformed{it.raw, err})
			continue
		}
		o.Raw = it.raw[:min(len(it.raw), maxRaw)]
		a.Outages = append(a.Outages, tidy(o))
	}
	return a, nil
}

var (
	historyOf = regexp.MustCompile(`(?i)\s*(?:status)?\s*(?:-\s*incident history|status)$`)
	// incidentPath is the id that the same page's JSON gives the incident.
	incidentPath = regexp.MustCompile(`/(?:incidents?|maintenances?)/([A-Za-z0-9_-]+)(?:[/?#].*)?$`)
	// noticeTime and notice are the two lines of a notice in a history's HTML:
	// "Jun  8, 09:08 UTC" and "Update - Degraded availability."
	noticeTime = regexp.MustCompile(`^([A-Z][a-z]{2} +[0-9]{1,2}, +[0-9]{1,2}:[0-9]{2}) +([A-Z]{2,4})\s*(.*)$`)
	notice     = regexp.MustCompile(`^([A-Z][a-z]+(?: [a-z]+)?) - (.*)$`)
	// saysState is a state at the beginning of a title or a body.
	saysState = regexp.MustCompile(`(?i)^\W*(?:status:\s*)?(resolved|completed|mitigated|investigating|identified|monitoring|in progress|scheduled)\b\s*(?:[\])]|[-:.]|$|\n)`)
	endsState = regexp.MustCompile(`(?i)[\[(-]\s*(resolved|completed|mitigated)\s*[\])]?$`)
)

// states are the words of notices, and what they are elsewhere.
var states = map[string]string{
	"investigating": "investigating", "identified": "identified", "monitoring": "monitoring", "update": "update",
	"in progress": "in_progress", "verifying": "verifying", "scheduled": "scheduled",
	"resolved": "resolved", "mitigated": "resolved", "completed": "completed", "postmortem": "postmortem",
}

func ended(state string) bool {
	return state == "resolved" || state == "completed" || state == "postmortem"
}

// outage makes an incident of an entry. An entry that tells no state is over
// when it was written last, unless the feed lists only what goes on.
func (it *xmlItem) outage(ongoing bool) (hugops.Outage, error) {
	o := hugops.Outage{FeedID: cmp.Or(it.id, it.link), Title: it.title, URL: it.link, StartedAt: it.published}
	if m := incidentPath.FindStringSubmatch(it.link); m != nil {
		o.FeedID = m[1]
	}
	switch {
	case it.err != nil:
		return o, it.err
	case o.FeedID == "":
		return o, errors.New("neither id, guid nor link")
	case it.published.IsZero():
		return o, errors.New("no time")
	}
	body := plain(it.body)
	o.Updates = notices(body, it.updated)
	state := stateOf(it.title, body)
	if len(o.Updates) > 0 {
		state = cmp.Or(o.Updates[len(o.Updates)-1].Status, state)
		if o.Updates[0].At.Before(o.StartedAt) {
			o.StartedAt = o.Updates[0].At
		}
	} else {
		o.Updates = []hugops.Update{{At: it.updated, Status: state, Text: body}}
	}
	if ended(state) || state == "" && !ongoing {
		o.EndedAt = endOf(o.Updates, later(it.updated, o.StartedAt), state)
	}
	o.Impact, o.Components = it.impact(o.Updates)
	return o, nil
}

// endOf is the time of the first notice of the final state, "postmortem" apart.
func endOf(updates []hugops.Update, otherwise time.Time, state string) time.Time {
	for _, u := range updates {
		if ended(u.Status) && (u.Status != "postmortem" || state == "postmortem") {
			return u.At
		}
	}
	return otherwise
}

// impact takes what it can out of the categories; the others name components.
func (it *xmlItem) impact(updates []hugops.Update) (impact string, components []string) {
	for _, c := range it.categories {
		if slices.Contains(impacts[1:], strings.ToLower(c)) {
			impact = strings.ToLower(c)
		} else {
			components = append(components, c)
		}
	}
	for _, u := range updates {
		if slices.Contains([]string{"scheduled", "in_progress", "verifying", "completed"}, u.Status) {
			return "maintenance", components
		}
	}
	if strings.Contains(it.link, "/maintenance") {
		impact = "maintenance"
	}
	return impact, components
}

// notices reads the notices of a history as Statuspage and incident.io write
// them, oldest first; none when the text has another form. They have no year:
// it is that of the entry's own time, or the one before.
func notices(body string, updated time.Time) []hugops.Update {
	var all []hugops.Update
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if m := noticeTime.FindStringSubmatch(line); m != nil {
			if at, ok := noticeAt(m[1], m[2], updated); ok {
				all = append(all, hugops.Update{At: at})
				line = m[3]
			}
		}
		if len(all) == 0 || line == "" {
			continue
		}
		u := &all[len(all)-1]
		if m := notice.FindStringSubmatch(line); m != nil && u.Text == "" && states[strings.ToLower(m[1])] != "" {
			u.Status, line = states[strings.ToLower(m[1])], m[2]
		}
		u.Text = strings.TrimSpace(u.Text + "\n" + line)
	}
	return newestFirst(all)
}

func noticeAt(text, zone string, updated time.Time) (time.Time, bool) {
	offset, known := zones[zone]
	t, err := time.Parse("Jan 2, 15:04 -0700", strings.Join(strings.Fields(text), " ")+" "+offset)
	if !known || err != nil {
		return time.Time{}, false
	}
	t = t.AddDate(updated.Year()-t.Year(), 0, 0)
	if t.After(updated.Add(48 * time.Hour)) {
		t = t.AddDate(-1, 0, 0)
	}
	return t.UTC(), true
}

// stateOf is the state that a title or a body says, "" for none.
func stateOf(title, body string) string {
	for _, m := range [][]string{endsState.FindStringSubmatch(title), saysState.FindStringSubmatch(title), saysState.FindStringSubmatch(body)} {
		if m != nil {
			return states[strings.ToLower(m[1])]
		}
	}
	return ""
}
