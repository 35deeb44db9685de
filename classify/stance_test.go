package classify

import (
	_ "embed"
	"math"
	"strings"
	"testing"

	"github.com/hugops/hugops"
)

func shippedModel(t testing.TB) Model {
	m, err := Stance()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

//go:embed testdata/stance.tsv
var stanceCases string

// TestStance reads testdata/stance.tsv: expected stance, language, text.
func TestStance(t *testing.T) {
	m := shippedModel(t)
	n := 0
	for i, line := range strings.Split(strings.TrimSpace(stanceCases), "\n") {
		if line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			t.Fatalf("testdata/stance.tsv:%d: %d fields, want 3", i+1, len(f))
		}
		n++
		p := m.Classify(f[2], f[1])
		if got := p.Stance; got != hugops.Stance(f[0]) {
			t.Errorf("testdata/stance.tsv:%d: %q: %s %.2f, want %s", i+1, f[2], got, p.Probabilities, f[0])
		}
	}
	if n < 40 {
		t.Errorf("%d posts, want at least 40", n)
	}
}

func TestModelHasAVersionAndErrors(t *testing.T) {
	m := shippedModel(t)
	if v := m.Version(); !strings.HasPrefix(v, "linear-3-") || len(v) != len("linear-3-")+8 {
		t.Errorf("version %q, want linear-3-<8 hex digits>", v)
	}
	e := m.Errors()
	if e.Model != m.Version() {
		t.Errorf("the errors are those of %q, want %q", e.Model, m.Version())
	}
	for i := range e.Mean {
		if sum := e.Mean[i][0] + e.Mean[i][1] + e.Mean[i][2]; math.Abs(sum-1) > 1e-9 {
			t.Errorf("row %d of the means sums to %v", i, sum)
		}
		for j := range e.Mean[i] {
			if j != i && e.Mean[i][j] >= e.Mean[i][i] {
				t.Errorf("class %d is called class %d as often: %v", i, j, e.Mean[i])
			}
			if e.Cov[i][j][j] <= 0 || math.Abs(e.Cov[i][j][0]+e.Cov[i][j][1]+e.Cov[i][j][2]) > 1e-9 {
				t.Errorf("covariance of class %d, row %d: %v; want a positive variance and a sum of 0", i, j, e.Cov[i][j])
			}
		}
		if e.N[i] < 100 {
			t.Errorf("class %d rests on %d posts", i, e.N[i])
		}
	}
}

func TestUntaughtLanguagesArePulledToNeutral(t *testing.T) {
	m := shippedModel(t)
	const text = "#hugops ❤️ ❤️ ❤️"
	if p := m.Classify(text, "en"); p.Stance != hugops.Support {
		t.Fatalf("%q in English: %.2f, want support", text, p.Probabilities)
	}
	for _, c := range []struct {
		text, lang string
		want       hugops.Stance
	}{
		{text, "it", hugops.Neutral},
		{text, "en-GB", hugops.Support},
		{text, "PT_br", hugops.Support},
		{text, "", hugops.Support}, // no letters of a foreign script
		{text, "und", hugops.Support},
		{"спасибо админам, держитесь " + text, "", hugops.Neutral},
		{"관리자 여러분 힘내세요 " + text, "", hugops.Neutral},
	} {
		if p := m.Classify(c.text, c.lang); p.Stance != c.want {
			t.Errorf("%q in %q: %.2f, want %s", c.text, c.lang, p.Probabilities, c.want)
		}
	}
}

func TestSkimDoesNotAllocate(t *testing.T) {
	m := shippedModel(t)
	const text = "@github is down AGAIN, hugs to the on-call folks 💜 https://www.githubstatus.com"
	m.Skim(text, "en")
	if n := testing.AllocsPerRun(100, func() { m.Skim(text, "en") }); n > 0.5 { // the pool may be emptied once
		t.Errorf("%v allocations a post, want 0", n)
	}
}

func TestReader(t *testing.T) {
	r := NewReader(shippedModel(t), NewLinker(Services(), nil))
	p := hugops.Post{ID: "1", Text: "Slack is down. #hugops to everyone at Slack, hang in there, thank you!", Lang: "en", PostedAt: at("10m")}
	before := r.Read(p)
	if before.Stance != hugops.Support || len(before.Links) != 0 || len(before.Services) != 1 || before.Post.ID != "1" {
		t.Errorf("without outages: %+v", before)
	}
	r.SetLinker(NewLinker(Services(), linkOutages))
	after := r.Read(p)
	if len(after.Links) != 1 || after.Links[0].Outage != "slack-1" || after.Model == "" || after.Rules == "" {
		t.Errorf("with outages: %+v", after)
	}
}

func checkProbabilities(t *testing.T, p hugops.Probabilities) {
	for _, v := range []float64{p.Support, p.Venting, p.Neutral} {
		if math.IsNaN(v) || v < 0 || v > 1 {
			t.Fatalf("probabilities %v", p)
		}
	}
	if sum := p.Support + p.Venting + p.Neutral; math.Abs(sum-1) > 1e-9 {
		t.Fatalf("probabilities %v sum to %v", p, sum)
	}
}

func seed(f *testing.F) {
	for _, s := range []string{"", "GitHub is down", "cut them some slack, broken", "@@ ## @a@b.c #", "https://", "İ'S slack down İ", "\xff\xfe zoom down",
		"障害 GitHub が落ちてる", "x down", "slack slack slack down", "www.githubstatus.com/incidents/abc123", "a.b.c.d..com", "＃ｈｕｇｏｐｓ", "zoom's down"} {
		f.Add(s, "en")
	}
}

func FuzzClassify(f *testing.F) {
	seed(f)
	m := shippedModel(f)
	f.Fuzz(func(t *testing.T, text, lang string) { checkProbabilities(t, m.Classify(text, lang).Probabilities) })
}

func FuzzLink(f *testing.F) {
	seed(f)
	l := NewLinker(Services(), linkOutages)
	f.Fuzz(func(t *testing.T, text, lang string) {
		p := hugops.Post{Text: text, Lang: lang, URLs: []string{text}, PostedAt: at("10m")}
		services, links := l.Link(&p)
		for _, link := range links {
			if !(link.Probability >= LinkThreshold && link.Probability <= 1) || len(link.Evidence) == 0 {
				t.Fatalf("link %+v", link)
			}
		}
		if keep, reason := l.Relevant(&p); reason == "" || keep && len(services) == 0 && reason != "hashtag" && reason != "status-url" {
			t.Fatalf("kept %v for %q with services %q", keep, reason, services)
		}
	})
}
