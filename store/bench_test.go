package store

import (
	"fmt"
	"math/rand/v2"
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

// BenchmarkPage measures the page of an outage with many posts while more
// arrive, and once how long its figures take to compute.
func BenchmarkPage(b *testing.B) {
	c := config(b)
	c.Stale = 0
	s := open(b, c)
	if err := s.PutOutages(b.Context(), []hugops.Outage{nimbus}); err != nil {
		b.Fatal(err)
	}
	for _, batch := range flood(20, 50_000) {
		if err := s.Write(b.Context(), batch, nil); err != nil {
			b.Fatal(err)
		}
	}
	begun := time.Now()
	if _, err := s.Detail(b.Context(), nimbus.ID, later); err != nil {
		b.Fatal(err)
	}
	b.Logf("computed in %s", time.Since(begun))
	for b.Loop() {
		if _, err := s.Detail(b.Context(), nimbus.ID, later); err != nil {
			b.Fatal(err)
		}
	}
}
