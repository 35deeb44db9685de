package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// flood is batches of posts as a large outage brings them: a hundred thousand a
// minute, most of them linked, one author in three writing again.
func flood(batches, size int) [][]hugops.Reading {
	dice := rand.New(rand.NewPCG(5, 5))
	all := make([][]hugops.Reading, batches)
	n := 0
	for b := range all {
		for range size {
			r := reading(fmt.Sprintf("https://m.example/users/u/statuses/%d", n), float64(n)/100_000, hugops.Support, by(fmt.Sprintf("p1-%026d", dice.IntN(1+batches*size*2/3))))
			p := dice.Float64()
			r.Probabilities = hugops.Probabilities{Support: p, Venting: (1 - p) / 2, Neutral: (1 - p) / 2}
			r.Stance = r.Probabilities.Stance()
			r.Post.Text = fmt.Sprintf("Nimbus is down again here, %d people of our team cannot deploy; hugs to those who have to fix it at this hour, we know how it is. #hugops %d", n, dice.Uint64())
			r.Post.Alias = fmt.Sprintf("m.example/%d", n)
			if n%4 == 0 {
				r.Links = nil
			}
			all[b] = append(all[b], r)
			n++
		}
	}
	return all
}

// BenchmarkWrite measures readings a second, from Write to visible series.
func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{1, 1000, 20_000, 50_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := fresh(b)
			all := flood(b.N, size)
			b.ResetTimer()
			for _, batch := range all {
				if err := s.Write(b.Context(), batch, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "readings/s")
		})
	}
}

// BenchmarkWriters is two writers at once, as two batches in flight are.
func BenchmarkWriters(b *testing.B) {
	const size = 20_000
	s := fresh(b)
	all := make(chan []hugops.Reading, 2*b.N)
	for _, batch := range flood(2*b.N, size) {
		all <- batch
	}
	close(all)
	b.ResetTimer()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for batch := range all {
				if err := s.Write(b.Context(), batch, nil); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(2*b.N*size)/b.Elapsed().Seconds(), "readings/s")
}

// BenchmarkPage measures the page of an outage of a million posts while more
// arrive, as its visitors see it: the median and the 99th percentile.
func BenchmarkPage(b *testing.B) {
	c := config(b)
	c.Stale = 0
	s := open(b, c)
	if err := s.PutOutages(b.Context(), []hugops.Outage{nimbus}); err != nil {
		b.Fatal(err)
	}
	all := flood(60, 20_000)
	write := func(batches [][]hugops.Reading) {
		for _, batch := range batches {
			if err := s.Write(b.Context(), batch, nil); err != nil {
				b.Error(err)
			}
		}
	}
	write(all[:50])
	begun := time.Now()
	if _, err := s.Detail(b.Context(), nimbus.ID, later); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(begun).Seconds(), "s-computing")
	var wg sync.WaitGroup
	wg.Go(func() { write(all[50:]) })
	var took []time.Duration
	for b.Loop() {
		begun := time.Now()
		if _, err := s.Detail(b.Context(), nimbus.ID, later); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begun))
	}
	wg.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "ms-most")
}

// BenchmarkOutagePage asks for pages of a registry of 15,000 outages, of which one in
// thirty has posts, as visitors do: from memory.
func BenchmarkOutagePage(b *testing.B) {
	c := config(b)
	c.Stale = 0
	s := open(b, c)
	all := make([]hugops.Outage, 15_000)
	for i := range all {
		all[i] = hugops.Outage{ID: fmt.Sprintf("bee-%05d", i), Service: fmt.Sprint("bee-", i%300), ServiceName: "Bee", Title: "Late messages in the south",
			StartedAt: begin.Add(-time.Duration(i) * time.Minute), EndedAt: begin.Add(time.Hour)}
	}
	if err := s.PutOutages(b.Context(), all); err != nil {
		b.Fatal(err)
	}
	posts := crowd(5_000)
	for i := range posts {
		posts[i].Links[0].Outage = all[i%500*30].ID
	}
	if err := s.Write(b.Context(), posts, nil); err != nil {
		b.Fatal(err)
	}
	for name, q := range map[string]hugops.OutageQuery{
		"first":      {Limit: 100},
		"last":       {Limit: 100, After: hugops.PlaceOf(&all[14_899])},
		"of-service": {Limit: 100, Service: "bee-7"},
		"no-word":    {Limit: 100, Text: "nowhere"},
		"of-network": {Limit: 100, Network: hugops.Mastodon},
	} {
		b.Run(name, func(b *testing.B) {
			if _, err := s.OutagePage(b.Context(), later, q); err != nil { // what nobody asked for yet is computed
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := s.OutagePage(b.Context(), later, q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("services", func(b *testing.B) {
		for b.Loop() {
			if list, err := s.Services(b.Context(), later); err != nil || len(list) != 300 {
				b.Fatal(len(list), err)
			}
		}
	})
}

// BenchmarkOutages reads a registry as 300 status pages fill it, 15,000 outages of
// ten notices each, which the roles ask for every two seconds: when nothing has
// changed, and when one outage has.
func BenchmarkOutages(b *testing.B) {
	s := open(b, config(b))
	all := make([]hugops.Outage, 15_000)
	for i := range all {
		o := hugops.Outage{ID: fmt.Sprintf("bee-%d", i), Service: "bee", ServiceName: "Bee", Title: "Late messages", StartedAt: begin, EndedAt: begin.Add(time.Hour),
			Feed: "status:bee", FeedID: fmt.Sprint(i), Raw: []byte(strings.Repeat("x", 3000))}
		for range 10 {
			o.Updates = append(o.Updates, hugops.Update{At: begin, Status: "identified", Text: strings.Repeat("We are looking into it. ", 8)})
		}
		all[i] = o
	}
	begun := time.Now()
	if err := s.PutOutages(b.Context(), all); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d outages were put in %v", len(all), time.Since(begun).Round(time.Millisecond))
	for _, changed := range []bool{false, true} {
		b.Run(map[bool]string{false: "unchanged", true: "changed"}[changed], func(b *testing.B) {
			for n := 0; b.Loop(); n++ {
				if changed {
					all[0].Title = fmt.Sprint("Late messages ", n)
					if err := s.PutOutages(b.Context(), all[:1]); err != nil {
						b.Fatal(err)
					}
				}
				if list, err := s.Outages(b.Context()); err != nil || len(list) != len(all) {
					b.Fatal(len(list), err)
				}
			}
		})
	}
}
