package store

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/hugops/hugops"
)

// Workings returns all figures between an outage's posts and its index, or an error
// wrapping hugops.ErrNotFound. The slices are shared: they must not be changed.
func (s *Store) Workings(ctx context.Context, id string, now time.Time) (hugops.Workings, error) {
	outage, err := s.begun(ctx, id, now)
	if err != nil {
		return hugops.Workings{}, err
	}
	f, err := s.figures(ctx, &outage)
	if err != nil {
		return hugops.Workings{}, err
	}
	return f.workings, nil
}

// leftOut counts who has no vote.
func (s *Store) leftOut(ctx context.Context, id string) (hugops.Workings, error) {
	w := hugops.Workings{Outage: id, ComputedAt: s.now().UTC().Truncate(time.Second)}
	var posts, bots, botAccounts, providers, providerAccounts, unread, unreadAccounts uint64
	err := s.db.QueryRow(ctx, sql("left_out"), clickhouse.Named("outage", id)).Scan(&posts, &bots, &botAccounts,
		&providers, &providerAccounts, &unread, &unreadAccounts, &w.Rules)
	w.Posts = int(posts)
	w.LeftOut = hugops.LeftOut{
		Bots:      hugops.Tally{Posts: int(bots), Accounts: int(botAccounts)},
		Providers: hugops.Tally{Posts: int(providers), Accounts: int(providerAccounts)},
		Unread:    hugops.Tally{Posts: int(unread), Accounts: int(unreadAccounts)},
	}
	return w, err
}

// work notes how the index of all people came about.
func (f *figures) work(e *estimator, x *estimate, g *group) {
	f.workings.Index, f.workings.Models = x.index, f.facts.models
	for _, c := range g.cells {
		f.workings.Voters += int(c.n)
	}
	if !x.index.Enough {
		return
	}
	r := x.m.root
	w := &hugops.Estimate{
		Mean: x.m.mean, Covariance: [2][2]float64{{r[0] * r[0], r[0] * r[1]}, {r[0] * r[1], r[1]*r[1] + r[2]*r[2]}},
		Errors: e.errors, Corrected: x.shares, EMQ: x.emq, Raw: share(x.shares), Weight: x.weight,
		Prior: hugops.Prior{Mean: PriorMean, Strength: PriorStrength},
		Draws: hugops.Draws{Number: draws, Seed: [2]uint64{seed1, seed2}, Weight: x.loose, Beta: [2]float64{beliefShape, beliefShape}},
	}
	for _, c := range x.cells {
		w.Ballots = append(w.Ballots, hugops.Ballot{Voters: int(c.n), Support: float64(c.s) / million, Venting: float64(c.v) / million})
	}
	f.workings.Estimate = w
}
