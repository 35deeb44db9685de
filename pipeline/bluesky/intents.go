package bluesky

import (
	"log/slog"
	"slices"
	"sync"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

// collectionIntents holds what people declare about the reuse of what they post
// (bluesky-social/proposals 0008, a draft).
const collectionIntents = "org.user-intents.declaration"

// maxOptOuts bounds the people remembered, 8 MB of them; the earliest goes first.
const maxOptOuts = 200_000

// declaration is what hugops reads of such a record: it says no where it may not
// be in public data sets, or not be kept for the public.
type declaration struct {
	BulkDataset         wire.Soft[intent] `json:"bulkDataset"`
	PublicAccessArchive wire.Soft[intent] `json:"publicAccessArchive"`
}

type intent struct {
	Allow *bool `json:"allow"`
}

func (d *declaration) saysNo() bool {
	no := func(i intent) bool { return i.Allow != nil && !*i.Allow }
	return no(d.BulkDataset.V) || no(d.PublicAccessArchive.V)
}

// intents remembers who declared that hugops shall leave them out: pseudonyms,
// in a file, in the order in which they came. It is safe for use by several
// goroutines.
type intents struct {
	file  string // "" keeps them in memory
	names hugops.Pseudonyms
	max   int
	log   *slog.Logger

	mu      sync.Mutex
	order   []string
	out     map[string]bool
	changed bool
}

type intentsFile struct {
	OptedOut []string `json:"opted_out"`
}

func openIntents(file string, names hugops.Pseudonyms, log *slog.Logger) *intents {
	in := &intents{file: file, names: names, max: maxOptOuts, log: log, out: make(map[string]bool)}
	if file == "" {
		return in
	}
	var stored intentsFile
	if err := live.Load(file, &stored); err != nil {
		log.Error("the list of those who declared that they opt out is lost; it begins anew", "error", err)
	}
	for _, name := range stored.OptedOut {
		in.put(name, true)
	}
	in.changed = false
	return in
}

// optedOut reports whether the account declared that it opts out.
func (in *intents) optedOut(did string) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.out) > 0 && in.out[in.names.Of(hugops.Bluesky, did)]
}

// declare reads a commit of the collection. A declaration that is taken back, or
// that says nothing of it, lets the account in again.
func (in *intents) declare(did string, c *commit) error {
	var d declaration
	if c.Operation != "delete" {
		if err := wire.Unmarshal(c.Record, &d); err != nil {
			return err
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.put(in.names.Of(hugops.Bluesky, did), d.saysNo())
	return nil
}

func (in *intents) put(name string, out bool) {
	if in.out[name] == out {
		return
	}
	in.changed = true
	if !out {
		delete(in.out, name)
		in.order = slices.DeleteFunc(in.order, func(n string) bool { return n == name })
		return
	}
	if len(in.order) >= in.max {
		in.log.Error("more people declare that they opt out than can be remembered; the earliest is forgotten", "max", in.max)
		delete(in.out, in.order[0])
		in.order = in.order[1:]
	}
	in.out[name] = true
	in.order = append(in.order, name)
}

// save writes the list if it changed.
func (in *intents) save() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.file == "" || !in.changed {
		return nil
	}
	if err := live.Save(in.file, intentsFile{in.order}); err != nil {
		return err
	}
	in.changed = false
	return nil
}
