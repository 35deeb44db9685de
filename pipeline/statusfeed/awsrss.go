package statusfeed

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// awsQuiet is how long a service may say nothing before the next word is about
// another event.
const awsQuiet = 24 * time.Hour

var (
	// awsGUID is the end of an item's guid: "…/#s3-us-east-1_1772396043". The
	// number is the epoch of this item, no event's id.
	awsGUID    = regexp.MustCompile(`#([a-z0-9-]+)_([0-9]{9,10})$`)
	regionCode = regexp.MustCompile(`[a-z]{2}(-gov)?-[a-z]+-[0-9]+$`)
)

// parseAWSRSS reads rss/all.rss, whose items are updates. Those of one service
// in one region are one event until an item says that it is resolved, or until
// nothing was said for a day.
func parseAWSRSS(raw []byte) (Answer, error) {
	f, err := parseXML(raw)
	if err != nil {
		return Answer{}, err
	}
	if f.root != "rss" || f.title == "" {
		return Answer{}, errors.New("no RSS channel with a title")
	}
	a := Answer{Name: "AWS", Built: f.updated}
	groups := map[string][]awsItem{}
	var order []string
	for _, it := range f.items {
		parsed, err := awsItemOf(it)
		if err != nil {
			a.Bad = append(a.Bad, Malformed{it.raw, err})
			continue
		}
		if groups[parsed.key] == nil {
			order = append(order, parsed.key)
		}
		groups[parsed.key] = append(groups[parsed.key], parsed)
		a.Built = later(a.Built, parsed.at)
	}
	for _, key := range order {
		a.Outages = append(a.Outages, awsEvents(key, groups[key], a.Built)...)
	}
	return a, nil
}

type awsItem struct {
	key   string // service and region: "s3-us-east-1"
	epoch string
	at    time.Time
	title string
	text  string
	raw   []byte
}

func awsItemOf(it xmlItem) (awsItem, error) {
	m := awsGUID.FindStringSubmatch(it.id)
	if m == nil {
		return awsItem{}, errors.New("the guid names no service and no time")
	}
	seconds, err := strconv.ParseInt(m[2], 10, 64)
	if err != nil {
		return awsItem{}, err
	}
	return awsItem{key: m[1], epoch: m[2], at: time.Unix(seconds, 0).UTC(), title: it.title, text: plain(it.body), raw: it.raw}, nil
}

// awsEvents cuts the items of one service into events.
func awsEvents(key string, items []awsItem, built time.Time) []hugops.Outage {
	slices.SortStableFunc(items, func(a, b awsItem) int { return a.at.Compare(b.at) })
	var events []hugops.Outage
	open := false
	for _, it := range items {
		if n := len(events); !open || it.at.Sub(lastAt(&events[n-1])) > awsQuiet {
			if open {
				events[n-1].EndedAt = lastAt(&events[n-1])
			}
			events = append(events, newAWSEvent(key, it))
			open = true
		}
		e := &events[len(events)-1]
		status := awsStatus(it.title)
		e.Updates = append(e.Updates, hugops.Update{At: it.at, Status: status, Text: it.text})
		e.Raw = append(e.Raw, it.raw...)
		e.Raw = e.Raw[:min(len(e.Raw), maxRaw)]
		e.Impact = worse(e.Impact, awsItemImpact(it.title))
		if status == "resolved" {
			e.EndedAt, open = it.at, false
		}
	}
	if last := &events[len(events)-1]; open && built.Sub(lastAt(last)) > awsQuiet {
		last.EndedAt = lastAt(last)
	}
	for i := range events {
		events[i] = tidy(events[i])
	}
	return events
}

// newAWSEvent begins an event with its first item.
func newAWSEvent(key string, it awsItem) hugops.Outage {
	region := regionCode.FindString(key)
	service := strings.TrimSuffix(strings.TrimSuffix(key, region), "-")
	_, what, found := strings.Cut(it.title, ": ")
	if !found {
		what = it.title
	}
	o := hugops.Outage{FeedID: key + "_" + it.epoch, Title: awsTitle(what, service, region), StartedAt: it.at, URL: "https://health.aws.amazon.com/health/status"}
	if service != "multipleservices" {
		o.Components = []string{service}
	}
	if region != "" {
		o.Regions = []string{region}
	}
	return o
}

func awsItemImpact(title string) string {
	kind, _, _ := strings.Cut(title, ":")
	switch strings.ToLower(kind) {
	case "service disruption":
		return "critical"
	case "service degradation", "service impact", "performance issues":
		return "major"
	case "informational message":
		return "minor"
	}
	return ""
}

var impactOrder = []string{"", "none", "maintenance", "minor", "major", "critical"}

// worse returns the worse of two impacts.
func worse(a, b string) string {
	if slices.Index(impactOrder, b) > slices.Index(impactOrder, a) {
		return b
	}
	return a
}

func lastAt(o *hugops.Outage) time.Time { return o.Updates[len(o.Updates)-1].At }

// awsRSSID is the id of an event that was put together from items.
var awsRSSID = regexp.MustCompile(`^([a-z0-9-]+)_[0-9]{9,10}$`)

// Continue gives events that were put together from items (AWS's RSS) the ids
// that they have in known, when their first items have left the feed since, and
// the updates that have left it. Other outages stay as they are.
func Continue(known, outages []hugops.Outage) {
	for i := range outages {
		o := &outages[i]
		key := awsRSSID.FindStringSubmatch(o.FeedID)
		if key == nil || len(o.Updates) == 0 {
			continue
		}
		for j := range known {
			k := &known[j]
			if k.Feed != o.Feed || !strings.HasPrefix(k.FeedID, key[1]+"_") || !sameEvent(k, o) {
				continue
			}
			o.ID, o.FeedID, o.StartedAt, o.Title = k.ID, k.FeedID, k.StartedAt, k.Title
			o.Impact = worse(k.Impact, o.Impact)
			begun := slices.IndexFunc(k.Updates, func(u hugops.Update) bool { return !u.At.Before(o.Updates[0].At) })
			if begun < 0 {
				begun = len(k.Updates)
			}
			o.Updates = append(slices.Clone(k.Updates[:begun]), o.Updates...)
			break
		}
	}
}

// sameEvent reports whether what o begins with goes on with k, which began
// earlier.
func sameEvent(k, o *hugops.Outage) bool {
	if len(k.Updates) == 0 || !k.StartedAt.Before(o.StartedAt) {
		return false
	}
	first := o.Updates[0].At
	last := lastAt(k)
	if first.After(last) {
		return first.Sub(last) <= awsQuiet && k.Updates[len(k.Updates)-1].Status != "resolved"
	}
	return slices.ContainsFunc(k.Updates, func(u hugops.Update) bool { return u.At.Equal(first) })
}
