package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
)

var computeSeconds = metrics.NewSummary("hugops_store_figures_seconds")

// linked fills a query over the posts of an outage that count.
func linked(name string) string { return sql(name, "{{linked}}", sql("linked")) }

// compute reads all figures of an outage from the database.
func (s *Store) compute(ctx context.Context, o *hugops.Outage) (*figures, error) {
	defer computeSeconds.UpdateDuration(time.Now())
	// Requests are answered meanwhile; on one machine the engine shares its processors with them.
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_threads": 1}))
	id, outage := o.ID, clickhouse.Named("outage", o.ID)
	var first, last int64
	var minutes uint64
	var changed time.Time
	if err := s.db.QueryRow(ctx, sql("span"), outage).Scan(&first, &last, &minutes, &changed); err != nil {
		return nil, fmt.Errorf("store: figures of %s: %w", id, err)
	}
	if minutes == 0 {
		return &figures{bucket: time.Minute, changed: changed, workings: hugops.Workings{Outage: id, ComputedAt: s.now().UTC()}}, nil
	}
	f := &figures{bucket: bucketFor(first, last), changed: changed}
	var err error
	if f.facts, err = s.facts(ctx, outage); err == nil {
		f.workings, err = s.leftOut(ctx, id)
	}
	if err == nil {
		err = s.count(ctx, o, f, first, last)
	}
	if err == nil && f.bucket == time.Minute {
		f.series, err = s.buckets(ctx, id, allBuckets(f.bucket)) // they are stored so
	}
	if err != nil {
		return nil, fmt.Errorf("store: figures of %s: %w", id, err)
	}
	return f, nil
}

// facts counts posts and their evidence, finds the model behind most of them, and whom
// they blame.
func (s *Store) facts(ctx context.Context, outage any) (facts, error) {
	var f facts
	var most int
	var people, company, sarcasm uint64 // sums in millionths
	evidence := map[string]int{}
	err := s.each(ctx, linked("facts"), func(r driver.Rows) error {
		var model string
		var posts, abstained, blames, toPeople, toCompany, sarcastic uint64
		var first, last time.Time
		var kinds []string
		var found []uint64
		if err := r.Scan(&model, &posts, &first, &last, &abstained, &blames, &toPeople, &toCompany, &sarcastic, &kinds, &found); err != nil {
			return err
		}
		for i, kind := range kinds {
			evidence[kind] += int(found[i])
		}
		f.posts += int(posts)
		f.abstained += int(abstained)
		f.blame.Posts += int(blames)
		people, company, sarcasm = people+toPeople, company+toCompany, sarcasm+sarcastic
		f.models = append(f.models, model)
		if int(posts) > most {
			f.model, most = model, int(posts)
		}
		if f.first.IsZero() || first.Before(f.first) {
			f.first = first.UTC()
		}
		if last.After(f.last) {
			f.last = last.UTC()
		}
		return nil
	}, outage)
	f.evidence = evidenceOf(evidence)
	if n := f.blame.Posts; n > 0 {
		f.blame.People, f.blame.Company, f.blame.Sarcasm = meanOf(people, n), meanOf(company, n), meanOf(sarcasm, n)
		f.blame.Situation = max(0, meanOf(uint64(n)*million-min(people+company, uint64(n)*million), n))
	}
	return f, err
}

// evidenceOf lists kinds of evidence, the most frequent first.
func evidenceOf(posts map[string]int) []hugops.Evidence {
	var list []hugops.Evidence
	for kind, n := range posts {
		list = append(list, hugops.Evidence{Kind: kind, Posts: n})
	}
	slices.SortFunc(list, func(a, b hugops.Evidence) int {
		return cmp.Or(cmp.Compare(b.Posts, a.Posts), cmp.Compare(a.Kind, b.Kind))
	})
	return list
}

// meanOf is the mean of n probabilities whose sum is in millionths, to a
// ten-thousandth.
func meanOf(sum uint64, n int) float64 { return math.Round(float64(sum)/float64(n)/100) / 1e4 }

// count reads the votes of an outage and computes its indices, and its series where
// that is by more than a minute.
func (s *Store) count(ctx context.Context, o *hugops.Outage, f *figures, first, last int64) error {
	networks := []string{}
	for _, n := range hugops.Networks {
		networks = append(networks, string(n))
	}
	said, err := s.said(ctx, o.ID, networks)
	if err != nil {
		return err
	}
	langs := keepLangs(tongues(said))
	t := newTally(len(networks)+1, len(langs)+1, first, last)
	t.answers = echoesOf(o.Updates)
	copies := t.count(said, langs, first, last)
	e := s.estimator(f.facts.model)
	f.curve, f.trends = t.curve(e)
	f.answers = t.answered(e)
	all := e.estimate(&t.all)
	all.index.Copies, all.index.Bursts = len(copies.all), copies.count
	f.index = all.index
	f.work(e, &all, &t.all)
	f.byNetwork = shares(e, append([]string{other}, networks...), t.networks)
	for i := range langs {
		if langs[i] == "" {
			langs[i] = "und" // BCP 47 for "undetermined"
		}
	}
	f.byLang = shares(e, append([]string{other}, langs...), t.langs)
	if f.bucket > time.Minute {
		f.series = bucketsOf(said, seconds(f.bucket))
	}
	if f.fives = bucketsOf(said, seconds(5*time.Minute)); len(f.fives) > maxFives {
		f.fives = nil
	}
	return nil
}

// said reads what each post of an outage says, by author: one pass over the readings
// for all that is computed of them here.
func (s *Store) said(ctx context.Context, id string, networks []string) ([]said, error) {
	var list []said
	known := map[string]string{} // of each language one string
	err := s.each(ctx, linked("votes"), func(r driver.Rows) error {
		var p said
		var minute, support, venting uint32
		var network uint8
		err := r.Scan(&p.author, &minute, &network, &p.tongue, &support, &venting, &p.unread, &p.gist, &p.stance)
		p.minute, p.network = int64(minute), int(network)
		p.s, p.v = clampVote(int64(support), int64(venting))
		if _, ok := known[p.tongue]; !ok {
			known[p.tongue] = p.tongue
		}
		p.tongue = known[p.tongue]
		list = append(list, p)
		return err
	}, clickhouse.Named("outage", id), clickhouse.Named("networks", networks))
	return list, err
}

// clampVote keeps rounded probabilities within 1.
func clampVote(s, v int64) (int64, int64) {
	s = min(s, million)
	return s, min(v, million-s)
}

// span is buckets of so many seconds, of those that begin in [from, to), Unix seconds;
// at most so many.
type span struct{ width, from, to, most int64 }

// allBuckets is a span without bounds.
func allBuckets(width time.Duration) span {
	return span{int64(width / time.Second), 0, math.MaxUint32, math.MaxInt64}
}

// within narrows the span to the buckets that begin in [from, to); a zero time is no
// bound.
func (b span) within(from, to time.Time) span {
	next := func(t time.Time) int64 { // the first beginning of a bucket, not before t
		at := min(max(t.Add(time.Second-1).Unix(), 0), math.MaxUint32)
		return min((at+b.width-1)/b.width*b.width, math.MaxUint32)
	}
	if !from.IsZero() {
		b.from = next(from)
	}
	if !to.IsZero() {
		b.to = next(to)
	}
	return b
}

// buckets reads an outage's series, in the order of time, those buckets with posts
// only.
func (s *Store) buckets(ctx context.Context, id string, b span) ([]hugops.Minute, error) {
	query, args := sql("series"), []any{clickhouse.Named("outage", id), clickhouse.Named("from", b.from), clickhouse.Named("to", b.to),
		clickhouse.Named("most", b.most)}
	if b.width > 60 {
		query, args = linked("buckets"), append(args, clickhouse.Named("step", b.width))
	}
	list := []hugops.Minute{}
	err := s.each(ctx, query, func(r driver.Rows) error {
		var at int64
		var support, venting, neutral, authors uint64
		err := r.Scan(&at, &support, &venting, &neutral, &authors)
		list = append(list, hugops.Minute{At: time.Unix(at, 0).UTC(), Support: int(support),
			Venting: int(venting), Neutral: int(neutral), Authors: int(authors)})
		return err
	}, args...)
	return list, err
}

// prints reads the fingerprints of outages; those without posts are left out.
func (s *Store) prints(ctx context.Context, ids []string) (map[string]uint64, error) {
	found := make(map[string]uint64, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	err := s.each(ctx, sql("prints"), func(r driver.Rows) error {
		var id string
		var print uint64
		err := r.Scan(&id, &print)
		found[id] = print
		return err
	}, clickhouse.Named("outages", ids))
	return found, err
}
