package hugops

import (
	"encoding/json"
	"slices"
	"time"
)

// MinAuthors is the number of authors who took a side below which no index is
// shown.
const MinAuthors = 30

// Index is the empathy index of one outage (or of one hour of it): 100 × support
// / (support + venting), over distinct authors, with a 95 % interval.
// docs/INDEX.md gives the formula and its sources.
type Index struct {
	// Pending is true while it is not computed yet: then nothing else means anything.
	Pending bool `json:"pending,omitzero"`
	// Enough is false below MinAuthors: then Value, Lower, Upper, Raw, EMQ and Influence mean nothing.
	Enough bool    `json:"enough"`
	Value  float64 `json:"value"` // 0–100, shrunk towards the long-term mean
	Lower  float64 `json:"lower"` // 2.5 % bound, 0–100
	Upper  float64 `json:"upper"` // 97.5 % bound, 0–100
	// Raw is the value before shrinkage, EMQ the cross-check by another method.
	Raw float64 `json:"raw"`
	EMQ float64 `json:"emq"`
	// Authors counts everybody with a linked post; Sided, Support and Venting
	// those who took a side by their most probable stance (whole people, for
	// counts on pages; the index itself uses the probabilities).
	Authors int `json:"authors"`
	Sided   int `json:"sided"`
	Support int `json:"support"`
	Venting int `json:"venting"`
	// Copies counts the accounts that posted nearly the same words as others, in
	// Bursts bursts. With those words a burst counts as one person, in all figures
	// above. Both are of the whole outage, and 0 in an hour and in a breakdown.
	Copies int `json:"copies"`
	Bursts int `json:"bursts"`
	// Influence is the most that any one author can move the index, in points.
	Influence float64 `json:"influence"`
}

// MarshalJSON writes null for what means nothing below MinAuthors.
func (x Index) MarshalJSON() ([]byte, error) {
	type plain Index
	if x.Enough {
		return json.Marshal(plain(x))
	}
	return json.Marshal(struct {
		plain
		Value     *float64 `json:"value"`
		Lower     *float64 `json:"lower"`
		Upper     *float64 `json:"upper"`
		Raw       *float64 `json:"raw"`
		EMQ       *float64 `json:"emq"`
		Influence *float64 `json:"influence"`
	}{plain: plain(x)})
}

// Minute is one bucket of an outage's time series: distinct posts by their most
// probable stance, as counted from the readings stored now.
type Minute struct {
	At      time.Time `json:"at"` // start of the bucket, UTC
	Support int       `json:"support"`
	Venting int       `json:"venting"`
	Neutral int       `json:"neutral"`
	Authors int       `json:"authors"` // distinct within the bucket
}

// MaxBuckets is how many buckets one answer of a time series has at most.
const MaxBuckets = 10_000

// CurvePoint is the index over the hour that ends at At.
type CurvePoint struct {
	At    time.Time `json:"at"`
	Index Index     `json:"index"`
}

// Change compares two indices of one outage, the later with the earlier.
type Change struct {
	// Known is false where either has too few authors; then the rest is 0.
	Known bool    `json:"known"`
	Value float64 `json:"value"` // points, the later minus the earlier
	Lower float64 `json:"lower"` // 2.5 % bound of the difference
	Upper float64 `json:"upper"` // 97.5 % bound
}

// Direction is +1 if the later is kinder, −1 if it is less kind, and 0 if one
// cannot tell: by the interval, never by the points.
func (c Change) Direction() int {
	switch {
	case c.Known && c.Lower > 0:
		return 1
	case c.Known && c.Upper < 0:
		return -1
	}
	return 0
}

// Answer is how people met an outage before and after one update of the provider.
// It says what came after the update, not that it came of it.
type Answer struct {
	At     time.Time `json:"at"`     // of the update
	Status string    `json:"status"` // the provider's word: investigating, identified, …
	// Before is the index of [From, At), After that of [At, To), in whole minutes:
	// an hour, or up to the neighbouring update if that is nearer, but 15 minutes at
	// least. To may lie ahead: then After is what came so far.
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Before Index     `json:"before"`
	After  Index     `json:"after"`
	Change Change    `json:"change"`
}

// Summary is an outage with its index, as lists show it.
type Summary struct {
	Outage Outage `json:"outage"`
	Index  Index  `json:"index"`
	// Posts counts distinct linked posts.
	Posts int `json:"posts"`
	// FirstPost and LastPost are the times of the earliest and latest linked
	// post; zero when there is none.
	FirstPost time.Time `json:"first_post,omitzero"`
	LastPost  time.Time `json:"last_post,omitzero"`
	// UpdatedAt is when any of this last changed, by the clock of whoever wrote it
	// to the database: every server says the same.
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	// Latest is the last bucket of the series that has posts, LatestWidth how long
	// it is; zero when there is none.
	Latest      Minute        `json:"latest,omitzero"`
	LatestWidth time.Duration `json:"-"`
	// Curve is the index over the sliding hour; empty where too few took a side.
	Curve []CurvePoint `json:"curve,omitempty"`
	// Trend compares the hour that ends with the last point of Curve with the hour
	// before it. It is not known where that point is more than an hour old.
	Trend Change `json:"trend"`
}

// Share is one row of a breakdown (by network, by language). Cells under five
// authors are folded into a row keyed "other".
type Share struct {
	Key   string `json:"key"`
	Index Index  `json:"index"`
}

// Detail is everything that the page of one outage shows.
type Detail struct {
	Summary
	Bucket    time.Duration `json:"-"` // width of Series
	Series    []Minute      `json:"series"`
	ByNetwork []Share       `json:"by_network"`
	ByLang    []Share       `json:"by_lang"`
	// Answers says how people answered each update whose time has come, oldest
	// first; updates of one minute have one, that of the last.
	Answers []Answer `json:"answers"`
	// Coverage is by CoverageStep, a minute where that is zero: each row says the worst
	// that its source saw within the step that begins at At. It reaches back
	// MaxCoverage at most.
	Coverage     []Coverage    `json:"coverage"`
	CoverageStep time.Duration `json:"-"`
	// Abstained counts the linked posts of which the model did not say a stance;
	// they are among the neutral ones.
	Abstained int   `json:"abstained"`
	Blame     Blame `json:"blame"`
	// Evidence says what links the posts to the outage, most frequent first.
	Evidence []Evidence `json:"evidence"`
	// Model is the version of the stance model behind most readings.
	Model string `json:"model"`
}

// Evidence is how many of an outage's posts have evidence of one kind: "alias",
// "handle", "hashtag", "domain", "status", "url", "component", … (Link.Evidence),
// or the whole of one of the time, "time:before".
type Evidence struct {
	Kind  string `json:"kind"`
	Posts int    `json:"posts"`
}

// Blame says whom the venting posts of an outage blame: the means of their
// probabilities (Verdict.Targets, Verdict.Sarcasm), 0–1. People, Company and
// Situation sum to 1; without posts all are 0.
type Blame struct {
	Posts     int     `json:"posts"` // venting posts behind it
	People    float64 `json:"people"`
	Company   float64 `json:"company"`
	Situation float64 `json:"situation"`
	Sarcasm   float64 `json:"sarcasm"`
}

// CoverageState is how well a source saw one minute.
type CoverageState string

// The states of a source, best first. The last four are equally blind, and say
// why.
const (
	CoverageLive    CoverageState = "live"    // connected, and not behind
	CoverageReplay  CoverageState = "replay"  // read afterwards
	CoverageSample  CoverageState = "sample"  // only a part was let through
	CoverageGap     CoverageState = "gap"     // not connected
	CoverageStalled CoverageState = "stalled" // connected, but nothing came
	CoverageClamped CoverageState = "clamped" // lost: the network does not go back so far
	CoverageBudget  CoverageState = "budget"  // stopped: what may be spent is spent
)

// CoverageStates are all states, best first.
var CoverageStates = []CoverageState{
	CoverageLive, CoverageReplay, CoverageSample, CoverageGap, CoverageStalled, CoverageClamped, CoverageBudget,
}

// Blind reports whether nothing was seen.
func (s CoverageState) Blind() bool {
	return slices.Index(CoverageStates, s) >= slices.Index(CoverageStates, CoverageGap)
}

// Worse returns the worse of two states; any state is worse than none.
func (s CoverageState) Worse(t CoverageState) CoverageState {
	if slices.Index(CoverageStates, s) > slices.Index(CoverageStates, t) {
		return s
	}
	return t
}

// MaxCoverage is how far back from its end the coverage of an outage is told: one that
// nobody closes goes on for years.
const MaxCoverage = 30*24*time.Hour + ReachBefore + ReachAfter

// Coverage is what one source saw in one minute.
type Coverage struct {
	Source  string        `json:"source"`
	Network Network       `json:"network"`
	At      time.Time     `json:"at"` // start of the minute, UTC
	State   CoverageState `json:"state"`
	Seen    int           `json:"seen"` // posts that reached the filter
	Kept    int           `json:"kept"` // posts that went on into Kafka
	// Withheld counts the posts left out because their authors opted out; they
	// are in neither of the two others.
	Withheld int `json:"withheld"`
}

// Feed is how a status page was seen over some time.
type Feed struct {
	Source string        // such as "status:github"
	State  CoverageState // in the last round
	Last   time.Time     // minute of the last round
	Rounds int
	Good   int // rounds that were read, if in part
}

// ErrorModel is how a stance model errs, measured on labelled posts that it was
// not trained on. The index corrects for it and carries its uncertainty. Classes
// are in the order support, venting, neutral; the probabilities are calibrated
// for classes that are equally frequent.
type ErrorModel struct {
	Model string `json:"model"`
	// Mean[i][j] is the mean probability that the model gives to class j on posts
	// whose true class is i, a mean over domains (groups of posts of one kind, such
	// as one outage); each row sums to 1.
	Mean [3][3]float64 `json:"mean"`
	// Cov[i]/N[i] is the covariance of Mean[i] as the posts of a new outage would
	// have it: how far the means of domains lie apart, and how well Mean[i] is
	// measured (docs/MODEL.md). Cov[i] alone is not that of one post.
	Cov [3][3][3]float64 `json:"cov"`
	// N[i] is the number of labelled posts of class i behind it.
	N [3]int `json:"n"`
}
