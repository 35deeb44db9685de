package hugops

import (
	"math"
	"time"
)

// Workings are all figures between an outage's posts and its index, so that a
// stranger can compute it again; docs/INDEX.md shows how. Shares and probabilities
// are 0–1, classes in the order support, venting, neutral.
type Workings struct {
	Outage     string    `json:"outage"`
	ComputedAt time.Time `json:"computed_at"`
	Models     []string  `json:"models"` // versions of the stance model; Estimate has the one behind most posts
	Rules      []string  `json:"rules"`  // versions of the linker
	// Posts counts the linked posts that count, LeftOut what does not.
	Posts   int     `json:"posts"`
	LeftOut LeftOut `json:"left_out"`
	Index   Index   `json:"index"`
	// Voters are the people with a vote: Index.Authors without those who wrote only
	// what the model cannot read.
	Voters int `json:"voters"`
	// Estimate is nil below MinAuthors.
	Estimate *Estimate `json:"estimate"`
}

// LeftOut says which linked posts have no vote, and of how many accounts they are.
// Boosts and reposts are never stored, so nobody knows how many there were.
type LeftOut struct {
	Bots      Tally `json:"bots"`      // declared ones
	Providers Tally `json:"providers"` // accounts of a service itself
	Unread    Tally `json:"unread"`    // in languages that the model does not know; they are among Posts
}

// Tally counts posts and the accounts that wrote them.
type Tally struct {
	Posts    int `json:"posts"`
	Accounts int `json:"accounts"`
}

// Estimate is how the index comes out of the votes.
type Estimate struct {
	Ballots []Ballot   `json:"ballots"`
	Mean    [3]float64 `json:"mean"` // of the people's vectors
	// Covariance is that of the mean, for support and venting: the unbiased one of the
	// people, divided by their number.
	Covariance [2][2]float64 `json:"covariance"`
	Errors     ErrorModel    `json:"error_model"`
	// Corrected are the shares that explain Mean best, given Errors, and EMQ those of
	// the other method.
	Corrected [3]float64 `json:"corrected"`
	EMQ       [3]float64 `json:"emq"`
	// Raw is support among those who took a side; the index is 100 times Weight·Raw +
	// (1−Weight)·Prior.Mean, and Weight is sided / (sided + Prior.Strength).
	Raw    float64 `json:"raw"`
	Weight float64 `json:"weight"`
	Prior  Prior   `json:"prior"`
	Draws  Draws   `json:"draws"`
}

// Ballot gathers people whose vectors are nearly the same. Support and Venting are
// the sums of theirs; what is left of Voters is neutral.
type Ballot struct {
	Voters  int     `json:"voters"`
	Support float64 `json:"support"`
	Venting float64 `json:"venting"`
}

// Prior is the long-term distribution of indices: a beta distribution with this
// mean, worth Strength people.
type Prior struct {
	Mean     float64 `json:"mean"`
	Strength float64 `json:"strength"`
}

// Draws says how the interval was drawn: by the generator PCG (O'Neill 2014) as Go's
// math/rand/v2 has it. A draw is Weight times an estimate as it might be, and for the
// rest a draw from the beta distribution with the parameters Beta.
type Draws struct {
	Number int        `json:"number"`
	Seed   [2]uint64  `json:"seed"`
	Weight float64    `json:"weight"`
	Beta   [2]float64 `json:"beta"`
}

// SmallCell is the number of people below which a row of a breakdown would say too
// much about them.
const SmallCell = 5

// Public returns the workings as everybody may see them: no ballot of fewer than
// SmallCell people. Ballots come in an order in which like stand beside like; those
// that are too small are put together with the next ones. All sums stay.
func (w Workings) Public() Workings {
	if w.Estimate == nil {
		return w
	}
	e := *w.Estimate
	e.Ballots = nil
	for _, b := range w.Estimate.Ballots {
		last := len(e.Ballots) - 1
		if last < 0 || e.Ballots[last].Voters >= SmallCell {
			e.Ballots = append(e.Ballots, b)
			continue
		}
		e.Ballots[last] = e.Ballots[last].with(b)
	}
	if last := len(e.Ballots) - 1; last > 0 && e.Ballots[last].Voters < SmallCell {
		e.Ballots[last-1] = e.Ballots[last-1].with(e.Ballots[last])
		e.Ballots = e.Ballots[:last]
	}
	w.Estimate = &e
	return w
}

func (b Ballot) with(o Ballot) Ballot {
	return Ballot{b.Voters + o.Voters, millionths(b.Support + o.Support), millionths(b.Venting + o.Venting)}
}

// millionths are what sums of ballots are made of.
func millionths(x float64) float64 { return math.Round(x*1e6) / 1e6 }
