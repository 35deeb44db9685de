package classify

import (
	"cmp"
	"encoding/json"
	"hash/fnv"
	"slices"

	"github.com/hugops/hugops"
)

// Digest is a hash of everything about the outages that links depend on, and of the
// linker's rules: where two lists have the same one, every post is linked alike.
// Their order does not matter.
func Digest(outages ...hugops.Outage) uint64 {
	sorted := slices.Clone(outages)
	slices.SortFunc(sorted, func(a, b hugops.Outage) int { return cmp.Compare(a.ID, b.ID) })
	sum := fnv.New64a()
	enc := json.NewEncoder(sum)
	enc.Encode(rulesVersion())
	for _, o := range sorted {
		enc.Encode([]any{o.ID, o.Service, o.ServiceName, o.Title, o.StartedAt.UTC(), o.EndedAt.UTC(), o.URL, o.Components,
			o.Impact, o.Regions, o.Parent, o.MergedInto, o.LeadTime()}) // a hash takes everything
	}
	return sum.Sum64()
}
