package classify

import (
	"slices"
	"testing"

	"github.com/hugops/hugops"
)

func TestExplain(t *testing.T) {
	m := shippedModel(t)
	for _, c := range []struct {
		text, lang string
		stance     hugops.Stance
		carried    []string // one of these speaks loudest
	}{
		{"github is back, huge thanks to the engineers there", "en", hugops.Support, []string{"thanks", "engineers", "huge"}},
		{"slack is down again, what a useless company", "en", hugops.Venting, []string{"useless", "again,", "what", "company"}},
		{"Danke an das Team, das heute Nacht alles wieder zum Laufen gebracht hat", "de", hugops.Support, []string{"Danke", "Team,"}},
	} {
		words, stance := Explain(m, c.text, c.lang)
		if stance != c.stance {
			t.Errorf("%q: %s, want %s", c.text, stance, c.stance)
		}
		loudest := slices.MaxFunc(words, func(a, b Word) int {
			if a.Weight < b.Weight {
				return -1
			}
			return 1
		})
		if !slices.Contains(c.carried, loudest.Text) {
			t.Errorf("%q: %q speaks loudest of %+v, want one of %q", c.text, loudest.Text, words, c.carried)
		}
	}
	if words, _ := Explain(m, "", "en"); len(words) != 0 {
		t.Errorf("of nothing: %+v", words)
	}
}
