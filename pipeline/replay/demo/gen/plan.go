package main

import (
	"fmt"
	"regexp"
	"time"
)

// theme is what the texts of some files are about.
type theme struct {
	outage string // id in outages.json, "-" for none
	// named finds the service's name in a text; tag and mention are its hashtag
	// and its account's name, page is its incident's address.
	named              *regexp.Regexp
	tag, mention, page string
	phases             []window
}

// window is one phase, from and to as minutes of the day (HH:MM).
type window struct{ from, to string }

var themes = map[string]theme{
	"nimbus": {outage: "nc-2211", named: regexp.MustCompile(`(?i)nimbus[ -]?cloud`), tag: "NimbusCloud",
		mention: "nimbuscloud", page: "https://status.nimbus-cloud.example/incidents/nc-2211",
		phases: []window{1: {"09:38", "10:03"}, 2: {"10:03", "11:16"}, 3: {"11:21", "12:10"}, 4: {"12:10", "13:22"},
			5: {"13:25", "14:00"}, 6: {"14:00", "14:18"}, 7: {"14:18", "14:25"}}},
	"chatterbee": {outage: "cb-0871", named: regexp.MustCompile(`(?i)chatterbee`), tag: "Chatterbee",
		mention: "chatterbee", page: "https://status.chatterbee.example/incidents/cb-0871",
		phases: []window{1: {"13:13", "13:33"}, 2: {"13:33", "14:00"}, 3: {"14:00", "14:13"}, 4: {"14:13", "14:25"}}},
	"pennywhistle": {outage: "pp-5093", named: regexp.MustCompile(`(?i)pennywhistle ?pay`), tag: "PennywhistlePay",
		mention: "pennywhistlepay", page: "https://status.pennywhistle-pay.example/incidents/pp-5093",
		phases: []window{1: {"09:05", "10:00"}, 2: {"10:00", "10:59"}, 3: {"10:59", "12:00"}, 4: {"12:00", "13:58"},
			5: {"14:00", "14:24"}}},
	"noise": {outage: "-", phases: []window{0: {"09:01", "14:25"}}},
}

// day is the day of the data; end is the last moment in it.
const day = "2026-11-02"

var end = clock("14:25")

func clock(hhmm string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", day+" "+hhmm)
	if err != nil {
		panic(fmt.Sprintf("%q is no time of the day", hhmm))
	}
	return t
}

// moment is when an entry is posted: where its writer put it, or at its place in
// its stretch of time, give or take a little.
func (e *entry) moment(r *random) time.Time {
	jitter := time.Duration(r.below(50_000)) * time.Millisecond
	if e.at != "" {
		return clock(e.at).Add(jitter)
	}
	width := float64(e.to.Sub(e.from))
	at := e.from.Add(time.Duration(width*(e.place+0.06*(r.float()-0.5))) + time.Duration(r.below(4000))*time.Millisecond)
	if at.Before(e.from) {
		at = e.from.Add(jitter / 10)
	}
	if last := end.Add(-2 * time.Second); at.After(last) {
		at = last.Add(-jitter / 10)
	}
	return at.Truncate(time.Millisecond)
}

// random is splitmix64 (Steele, Lea, Flood 2014): small, and ours, so that no
// change of a library can change the demo.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *random) below(n int) int       { return int(r.next() % uint64(n)) }
func (r *random) float() float64        { return float64(r.next()>>11) / (1 << 53) }
func (r *random) chance(p float64) bool { return r.float() < p }

func pick[T any](r *random, from []T) T { return from[r.below(len(from))] }
