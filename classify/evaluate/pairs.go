package evaluate

import "github.com/hugops/hugops"

// Pair is two posts that share most of their words and differ in stance: who
// reads both right has read what turns the one into the other.
type Pair struct {
	Line  int    // in its file, from 1
	Trap  string // what the pair tests, e.g. "thanks"
	Lang  string
	Text  [2]string
	Label [2]hugops.Stance
}

// PairScore is how often the posts of pairs, and both posts of one pair, are
// read right; shares from 0 to 1.
type PairScore struct {
	Trap       string  `json:"trap"` // "" over all
	Pairs      int     `json:"pairs"`
	PostsRight float64 `json:"posts_right"`
	BothRight  float64 `json:"both_right"`
}

// PairsReport is what a reader makes of minimal pairs.
type PairsReport struct {
	Reader string      `json:"reader"`
	All    PairScore   `json:"all"`
	Traps  []PairScore `json:"traps"` // in the order of their first pair
}

// ScorePairs scores the predictions of a reader, two for each pair.
func ScorePairs(reader string, pairs []Pair, predictions [][2]Prediction) PairsReport {
	type count struct{ pairs, posts, both int }
	var all count
	var order []string
	traps := map[string]*count{}
	for i, p := range pairs {
		t := traps[p.Trap]
		if t == nil {
			t = &count{}
			traps[p.Trap] = t
			order = append(order, p.Trap)
		}
		right := 0
		for half := range 2 {
			if predictions[i][half].Stance == p.Label[half] {
				right++
			}
		}
		for _, c := range []*count{t, &all} {
			c.pairs++
			c.posts += right
			c.both += right / 2
		}
	}
	score := func(trap string, c *count) PairScore {
		return PairScore{Trap: trap, Pairs: c.pairs, PostsRight: ratio(c.posts, 2*c.pairs), BothRight: ratio(c.both, c.pairs)}
	}
	out := PairsReport{Reader: reader, All: score("", &all)}
	for _, trap := range order {
		out.Traps = append(out.Traps, score(trap, traps[trap]))
	}
	return out
}
