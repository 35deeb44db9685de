package train

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify/internal/linear"
	"github.com/hugops/hugops/classify/internal/plain"
)

// domain is a group of posts of one kind, with what a model said of them that
// had seen none of them. Posts of another outage differ from those of the corpus
// as domains differ from each other.
type domain struct {
	name      string
	posts     []prediction
	contrived bool // written to mislead
}

// corpusDomains parts the held-out posts of our own: posts of public sets near a
// fault or a service, and of the corpus English posts, English posts written to
// look like another stance, and the other languages.
func corpusDomains(held []prediction) []domain {
	parts := []domain{{name: "corpus, English"}, {name: "corpus, English traps", contrived: true}, {name: "corpus, other languages"}, {name: "public sets, read"}}
	for _, p := range held {
		i := 0
		switch {
		case p.example.set == readSet:
			i = 3
		case p.example.lang != "en":
			i = 2
		case p.example.pair != "":
			continue // their held-out part is a domain of its own
		case p.example.trap:
			i = 1
		}
		if p.example.near {
			parts[i].posts = append(parts[i].posts, p)
		}
	}
	return parts
}

// otherDomains parts posts of which nothing was learnt: the pairs, and the
// outages, one domain each.
func otherDomains(asked []prediction) (domains []domain) {
	for _, p := range asked {
		name := p.example.set
		if p.example.pair != "" {
			name = "minimal pairs"
		}
		if n := len(domains); n == 0 || domains[n-1].name != name {
			domains = append(domains, domain{name: name, contrived: p.example.pair != ""})
		}
		d := &domains[len(domains)-1]
		d.posts = append(d.posts, p)
	}
	return domains
}

// stance is what the readers together make of a post.
func (p *prediction) stance(h *linear.Header) [linear.Classes]float64 {
	second := p.second
	if !h.Unsure(&p.first) {
		second = nil
	}
	return h.Decide(&p.first, second).Stance
}

// moments are those of the probabilities of a domain's posts of one class.
type moments struct {
	n    int
	kish float64 // effective number behind the weights
	mean [linear.Classes]float64
	cov  [linear.Classes][linear.Classes]float64 // of one post
}

func (d *domain) moments(class int, h *linear.Header) (m moments) {
	var total, squares float64
	for i := range d.posts {
		if d.posts[i].example.label != class {
			continue
		}
		w, p := d.posts[i].weight, d.posts[i].stance(h)
		m.n++
		total += w
		squares += w * w
		for j := range p {
			m.mean[j] += w * p[j]
			for k := range p {
				m.cov[j][k] += w * p[j] * p[k]
			}
		}
	}
	if total == 0 {
		return m
	}
	m.kish = total * total / squares
	for j := range m.mean {
		m.mean[j] /= total
	}
	for j := range m.cov {
		for k := range m.cov {
			m.cov[j][k] = m.cov[j][k]/total - m.mean[j]*m.mean[k]
		}
	}
	return m
}

// leastPosts are what a domain needs of a class to say something of it.
const leastPosts = 20

// errorModel measures how the calibrated model errs on posts of an outage that
// nobody has labelled: a random-effects model over domains. Mean[i] is the plain
// mean of the domains' means, each domain weighing the same, since the spread
// between domains is several times what sampling would make. Cov[i]/N[i] is
// (1 + 1/D) times the covariance of the D domains' means: that of another
// domain's mean around the true one, and that of the measured mean. It holds the
// sampling of each domain's posts, for that spreads the means as well. A domain
// speaks of a class of which it has the least number of posts.
func errorModel(domains []domain, h *linear.Header, least int) (e hugops.ErrorModel) {
	for class := range linear.Classes {
		var have []moments
		for i := range domains {
			if m := domains[i].moments(class, h); m.n >= least {
				have = append(have, m)
				e.N[class] += m.n
			}
		}
		e.Mean[class], e.Cov[class] = pool(have, float64(e.N[class]))
	}
	return e
}

// pool returns the mean of the domains' means, and its covariance for another
// domain, times n. Of a single domain the spread between domains is not known:
// sampling is all.
func pool(domains []moments, n float64) (mean [linear.Classes]float64, cov [linear.Classes][linear.Classes]float64) {
	d := float64(len(domains))
	if d == 0 {
		return [linear.Classes]float64{1. / 3, 1. / 3, 1. / 3}, cov
	}
	for _, m := range domains {
		for j := range mean {
			mean[j] += m.mean[j] / d
		}
	}
	for j := range mean {
		for k := range mean {
			if d == 1 {
				cov[j][k] = n / domains[0].kish * domains[0].cov[j][k]
				continue
			}
			for _, m := range domains {
				cov[j][k] += n * (1 + 1/d) / (d - 1) * (m.mean[j] - mean[j]) * (m.mean[k] - mean[k])
			}
		}
	}
	return mean, cov
}

// spread is the standard deviation of each row's diagonal: how far the model's
// right probability mass lies off in another outage.
func spread(e hugops.ErrorModel) (s [linear.Classes]float64) {
	for i := range s {
		s[i] = math.Sqrt(e.Cov[i][i][i] / float64(e.N[i]))
	}
	return s
}

// readOutages reads labelled posts of outages from a folder of files named
// OUTAGE.LANG[.PART].txt, as pipeline/replay/demo/gen/texts has them: a line is
// a code, whose second letter is s, v or n, and the text. Provider's notices,
// later versions (">"), times ("@") and the noise between are left out.
func readOutages(dir string) (posts []example, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no .txt file in %q: run it at the root of the repository, or name the folder", dir)
	}
	for _, path := range files { // sorted, so that an outage's files stand together
		name := strings.Split(filepath.Base(path), ".")
		if name[0] == "noise" || name[1] == "notices" {
			continue
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(raw)) {
			code, text, _ := strings.Cut(strings.TrimSpace(line), " ")
			if code == "" || code == "@" || code == ">" {
				continue
			}
			label := -1
			if len(code) > 1 {
				label = strings.IndexByte("svn", code[1])
			}
			if label < 0 || text == "" {
				return nil, fmt.Errorf("%s: %q: a line is CODE TEXT, with the stance s, v or n as the code's second letter", path, line)
			}
			posts = append(posts, example{text: plain.Text(strings.ReplaceAll(text, `\n`, "\n")), lang: name[1], label: label, sarcasm: none, target: none, weight: 1, near: true, set: name[0]})
		}
	}
	return posts, nil
}
