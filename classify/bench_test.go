package classify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// benchPosts are the texts of the service cases, as posts of about 140 bytes.
func benchPosts() (posts []hugops.Post) {
	var texts []string
	for _, line := range strings.Split(serviceCases, "\n") {
		if f := strings.Split(line, "\t"); len(f) == 3 {
			texts = append(texts, f[2])
		}
	}
	for i := range texts {
		text := texts[i] + ". " + texts[(i*7+3)%len(texts)] + ". That is how my whole morning went, how is yours going?"
		posts = append(posts, hugops.Post{Text: text, Lang: "en", PostedAt: noon.Add(time.Duration(i) * time.Minute)})
	}
	return posts
}

// linkPosts are the plain cases: no name among them is a word, so none needs the tagger.
func linkPosts() []hugops.Post {
	posts := benchPosts()
	for i := range posts {
		posts[i].Text = "hugs to the team at " + Services().All()[i%len(Services().All())].Name + ", that outage looks rough. We have all been there, it will pass and there will be cake."
	}
	return posts
}

func manyOutages(n int) (outages []hugops.Outage) {
	all := Services().All()
	for i := range n {
		o := outage(fmt.Sprintf("o-%d", i), all[i%80].Slug, "Elevated errors in region "+fmt.Sprint(i), 0, fmt.Sprintf("Part %d", i))
		outages = append(outages, o)
	}
	return outages
}

func perSecond(b *testing.B) { b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s") }

func BenchmarkClassify(b *testing.B) {
	m, posts := shippedModel(b), benchPosts()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Classify(posts[i%len(posts)].Text, "en")
	}
	perSecond(b)
}

func BenchmarkLink(b *testing.B) {
	l := NewLinker(Services(), manyOutages(200))
	for name, posts := range map[string][]hugops.Post{"named": linkPosts(), "doubtful": benchPosts()} {
		b.Run(name, func(b *testing.B) {
			tagger() // loaded once a process
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				l.Link(&posts[i%len(posts)])
			}
			perSecond(b)
		})
	}
}

func BenchmarkNewLinker(b *testing.B) {
	outages := manyOutages(200)
	for b.Loop() {
		NewLinker(Services(), outages)
	}
}
