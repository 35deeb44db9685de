package classify

import (
	"fmt"
	"slices"
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

// linkPosts name services whose names are no words, so that none needs the tagger.
func linkPosts() (posts []hugops.Post) {
	for i, s := range sureServices() {
		text := "hugs to the team at " + s.Name + ", that outage looks rough. We have all been there, it will pass and there will be cake."
		posts = append(posts, hugops.Post{Text: text, Lang: "en", PostedAt: noon.Add(time.Duration(i) * time.Minute)})
	}
	return posts
}

// sureServices are those with no name that is a word.
func sureServices() (sure []Service) {
	for _, s := range Services().All() {
		if !slices.ContainsFunc(s.Aliases, func(a Alias) bool { return a.Word }) {
			sure = append(sure, s)
		}
	}
	return sure
}

// everydayPosts are what most of a network is: posts that name no service.
func everydayPosts() (posts []hugops.Post) {
	for i, text := range []string{
		"good morning everyone except my alarm clock, coffee is on and the cat has opinions about breakfast again, how is yours going?",
		"the train broke down and now we are stuck in a field with a hundred sheep, the driver is handing out biscuits, best commute all year",
		"finished the book at two in the morning and now I cannot stop thinking about the ending, somebody please talk to me about chapter nine",
		"Der Aufzug ist kaputt und ich wohne im siebten Stock, wer hat mir eigentlich geraten, heute den Wocheneinkauf zu machen?",
		"https://example.com/recipes/soup is the best thing I have cooked this week, twenty minutes, one pot, no regrets #soup #cooking",
	} {
		posts = append(posts, hugops.Post{Text: text, Lang: "en", PostedAt: noon.Add(time.Duration(i) * time.Minute)})
	}
	return posts
}

func manyOutages(n int) (outages []hugops.Outage) {
	all := sureServices()
	for i := range n {
		o := outage(fmt.Sprintf("o-%d", i), all[i%len(all)].Slug, "Elevated errors in region "+fmt.Sprint(i), 0, fmt.Sprintf("Part %d", i))
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
	for name, posts := range map[string][]hugops.Post{"everyday": everydayPosts(), "named": linkPosts(), "doubtful": benchPosts()} {
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
