package evaluate

import (
	"math/rand/v2"
	"testing"

	"github.com/hugops/hugops"
)

func TestUsualThresholds(t *testing.T) {
	for _, c := range []struct {
		compound float64
		want     hugops.Stance
	}{
		{1, hugops.Support}, {.05, hugops.Support}, {.0499, hugops.Neutral}, {0, hugops.Neutral},
		{-.0499, hugops.Neutral}, {-.05, hugops.Venting}, {-1, hugops.Venting},
	} {
		if got := UsualThresholds.stance(c.compound); got != c.want {
			t.Errorf("%+.4f is %s, want %s", c.compound, got, c.want)
		}
	}
}

// TestBestThresholds holds the search to all pairs of thresholds, tried one by
// one on few scores.
func TestBestThresholds(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 0))
	for range 50 {
		cases, _ := crowd(30, 1, random.Uint64())
		compound := make([]float64, len(cases))
		for i := range compound {
			compound[i] = float64(random.IntN(9)-4) / 4
			if random.IntN(2) == 0 {
				compound[i] = []float64{.5, -.5, 0}[classOf(cases[i].Label)]
			}
		}
		most := 0.0
		for lo := -1.125; lo <= 1.125; lo += .125 {
			for hi := lo + .125; hi <= 1.25; hi += .125 {
				c := NewConfusion(cases, Thresholds{lo, hi}.Predictions(compound))
				most = max(most, c.MacroF1())
			}
		}
		best := BestThresholds(cases, compound)
		if c := NewConfusion(cases, best.Predictions(compound)); !near(c.MacroF1(), most) {
			t.Errorf("%s gives %.4f, but %.4f can be had", best, c.MacroF1(), most)
		}
	}
}

func TestBestThresholdsOfManyScores(t *testing.T) {
	var cases []Case
	var compound []float64
	for i := range 5000 {
		c := float64(i)/2500 - 1
		cases, compound = append(cases, Case{Label: Thresholds{-.3, .4}.stance(c)}), append(compound, c)
	}
	c := NewConfusion(cases, BestThresholds(cases, compound).Predictions(compound))
	if c.MacroF1() < .99 {
		t.Errorf("macro-F1 %.4f of posts that thresholds part wholly", c.MacroF1())
	}
}

// TestVADER checks that the lexicon is there, and that no text throws it off.
func TestVADER(t *testing.T) {
	v := NewVADER()
	if good, bad := v.Compound("I love this great team"), v.Compound("I hate this terrible outage"); good < .5 || bad > -.5 {
		t.Errorf("good words %+.2f, bad words %+.2f", good, bad)
	}
	for _, text := range []string{"", " ", "\n", "!!!", "🤗", "おつかれさま", "\u200b", "no", "but", "\x00", "at least", "kind of"} {
		if c := v.Compound(text); c < -1 || c > 1 {
			t.Errorf("%q: %v", text, c)
		}
	}
}

func FuzzVADER(f *testing.F) {
	v := NewVADER()
	f.Add("no least kind of, but never so 😀 HATE!!!")
	f.Fuzz(func(t *testing.T, text string) {
		if c := v.Compound(text); !(c >= -1 && c <= 1) {
			t.Errorf("%q: %v", text, c)
		}
	})
}
