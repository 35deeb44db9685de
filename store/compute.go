package store

import (
	"context"
	"fmt"
	"math"
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
	id, outage := o.ID, clickhouse.Named("outage", o.ID)
	var first, last int64
	var minutes uint64
	if err := s.db.QueryRow(ctx, sql("span"), outage).Scan(&first, &last, &minutes); err != nil {
		return nil, fmt.Errorf("store: figures of %s: %w", id, err)
	}
	if minutes == 0 {
		return &figures{bucket: time.Minute, workings: hugops.Workings{Outage: id, ComputedAt: s.now().UTC()}}, nil
	}
	f := &figures{bucket: bucketFor(first, last)}
	var err error
	if f.facts, err = s.facts(ctx, outage); err == nil {
		f.facts.evidence, err = s.evidence(ctx, outage)
	}
	if err == nil {
		f.workings, err = s.leftOut(ctx, id)
	}
	if err == nil {
		err = s.count(ctx, o, f, first, last)
	}
	if err == nil {
		f.series, err = s.buckets(ctx, id, allBuckets(f.bucket))
	}
	if err != nil {
		return nil, fmt.Errorf("store: figures of %s: %w", id, err)
	}
	return f, nil
}

// facts counts posts, finds the model behind most of them, and whom they blame.
func (s *Store) facts(ctx context.Context, outage any) (facts, error) {
	var f facts
	var most int
	var people, company, sarcasm uint64 // sums in millionths
	err := s.each(ctx, linked("facts"), func(r driver.Rows) error {
		var model string
		var posts, abstained, blames, toPeople, toCompany, sarcastic uint64
		var first, last time.Time
		if err := r.Scan(&model, &posts, &first, &last, &abstained, &blames, &toPeople, &toCompany, &sarcastic); err != nil {
			return err
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
	if n := f.blame.Posts; n > 0 {
		f.blame.People, f.blame.Company, f.blame.Sarcasm = meanOf(people, n), meanOf(company, n), meanOf(sarcasm, n)
		f.blame.Situation = max(0, meanOf(uint64(n)*million-min(people+company, uint64(n)*million), n))
	}
	return f, err
}

func (s *Store) evidence(ctx context.Context, outage any) (list []hugops.Evidence, err error) {
	err = s.each(ctx, sql("evidence"), func(r driver.Rows) error {
		var kind string
		var posts uint64
		err := r.Scan(&kind, &posts)
		list = append(list, hugops.Evidence{Kind: kind, Posts: int(posts)})
		return err
	}, outage)
	return list, err
}

// meanOf is the mean of n probabilities whose sum is in millionths, to a
// ten-thousandth.
func meanOf(sum uint64, n int) float64 { return math.Round(float64(sum)/float64(n)/100) / 1e4 }

// count reads the votes of an outage and computes its indices.
func (s *Store) count(ctx context.Context, o *hugops.Outage, f *figures, first, last int64) error {
	outage := clickhouse.Named("outage", o.ID)
	var spoken []langCount
	err := s.each(ctx, linked("langs"), func(r driver.Rows) error {
		var c langCount
		err := r.Scan(&c.lang, &c.authors)
		spoken = append(spoken, c)
		return err
	}, outage)
	if err != nil {
		return err
	}
	langs, networks := keepLangs(spoken), []string{}
	for _, n := range hugops.Networks {
		networks = append(networks, string(n))
	}
	t := newTally(len(networks)+1, len(langs)+1, first, last)
	t.answers = echoesOf(o.Updates)
	copies, err := s.tally(ctx, outage, t, networks, langs, first, last)
	if err != nil {
		return err
	}
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
	return nil
}

// tally reads the votes of an outage into t, those of a burst as the votes of one
// person.
func (s *Store) tally(ctx context.Context, outage any, t *tally, networks, langs []string, first, last int64) (*bursts, error) {
	copies, err := s.copies(ctx, outage)
	if err != nil {
		return nil, err
	}
	spoken := map[uint64][]vote{}
	err = s.each(ctx, linked("votes"), func(r driver.Rows) error {
		var v vote
		var gist uint64
		var minute, support, venting uint32
		var network, lang uint8
		err := r.Scan(&v.author, &minute, &network, &lang, &support, &venting, &v.unread, &gist)
		v.minute, v.network, v.lang = int64(minute), int(network), int(lang)
		v.s, v.v = clampVote(int64(support), int64(venting))
		person := copies.person(copyable{gist: gist, author: v.author, minute: v.minute})
		switch {
		case v.minute < first || v.minute > last: // a post has come since
		case person != v.author:
			v.author = person
			spoken[person] = append(spoken[person], v)
		default:
			t.add(v)
		}
		return err
	}, outage, clickhouse.Named("networks", networks), clickhouse.Named("langs", langs))
	for _, votes := range spoken {
		for _, v := range votes {
			t.add(v)
		}
	}
	return copies, err
}

// copies finds the bursts of an outage.
func (s *Store) copies(ctx context.Context, outage any) (*bursts, error) {
	var posts []copyable
	err := s.each(ctx, linked("gists"), func(r driver.Rows) error {
		var p copyable
		var minute uint32
		err := r.Scan(&p.gist, &p.author, &minute)
		p.minute = int64(minute)
		posts = append(posts, p)
		return err
	}, outage)
	if err != nil {
		return nil, err
	}
	return findBursts(posts), nil
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
