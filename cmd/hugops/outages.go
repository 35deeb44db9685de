package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/pipeline/statusfeed"
)

var outagesCommand = command{
	name:    "outages",
	quiet:   true,
	args:    "import FILE… | list | show ID",
	summary: "Import, list or show the known outages",
	text: `"import" reads files of known outages, "-" being standard input:
    {"outages":[{"id","service","title","started_at","ended_at","url",
                 "updates":[{"at","status","text"}]}]}
(times are RFC 3339; ended_at is left out while the outage is open; impact,
components, demo and parent, the id of the outage that it fell with, are optional) or an Atlassian Statuspage incidents.json as it
is. An id that is known already is brought up to date. A file with a mistake is
imported not at all, and the mistakes are listed.

"list" prints one line an outage; "show" prints one outage, with its updates and
its empathy index, as JSON.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf := f.machine()
		return func(ctx context.Context, in *invocation) error {
			if len(in.args) == 0 {
				return usagef("say import FILE, list or show ID")
			}
			verb, args := in.args[0], in.args[1:]
			switch {
			case verb == "import" && len(args) > 0:
				return importOutages(ctx, mf, in, args)
			case verb == "list" && len(args) == 0:
				return listOutages(ctx, mf, in)
			case verb == "show" && len(args) == 1:
				return showOutage(ctx, mf, in, args[0])
			}
			return usagef("say import FILE, list or show ID")
		}
	},
}

// readOutages reads one file of known outages; "-" is standard input.
func readOutages(file string) ([]hugops.Outage, error) {
	const most = 64 << 20
	var r io.Reader = os.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	raw, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(raw) > most {
		return nil, fmt.Errorf("%s is larger than %d MiB: split it", file, most>>20)
	}
	return parseOutages(file, raw)
}

func parseOutages(name string, raw []byte) ([]hugops.Outage, error) {
	outages, err := statusfeed.ParseFile(raw, classify.Services().Lookup)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return outages, nil
}

func importOutages(ctx context.Context, mf machineFlags, in *invocation, files []string) error {
	var all []hugops.Outage
	for _, file := range files {
		outages, err := readOutages(file)
		if err != nil {
			return err
		}
		all = append(all, outages...)
	}
	return using(mf, in.log, func(m *machine) error {
		s, err := m.openStore(ctx)
		if err != nil {
			return err
		}
		before, err := s.Outages(ctx)
		if err != nil {
			return err
		}
		if err := s.PutOutages(ctx, all); err != nil {
			return err
		}
		// A hugops that runs on the same store links the posts in reach again by
		// itself; without one it is done here.
		if m.home.lock != nil {
			if err := relinkAfterImport(ctx, s, before, in.log); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(in.std.out, "%d outages imported.\n", len(all))
		return err
	})
}

func listOutages(ctx context.Context, mf machineFlags, in *invocation) error {
	return using(mf, in.log, func(m *machine) error {
		s, err := m.openStore(ctx)
		if err != nil {
			return err
		}
		outages, err := s.Outages(ctx)
		if err != nil {
			return err
		}
		tw := tabwriter.NewWriter(in.std.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, "ID\tSERVICE\tSTARTED\tENDED\tTITLE")
		for _, o := range outages {
			ended := "open"
			if !o.EndedAt.IsZero() {
				ended = o.EndedAt.UTC().Format(time.RFC3339)
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", o.ID, o.Service, o.StartedAt.UTC().Format(time.RFC3339), ended, o.Title)
		}
		return tw.Flush()
	})
}

func showOutage(ctx context.Context, mf machineFlags, in *invocation, id string) error {
	return using(mf, in.log, func(m *machine) error {
		s, err := m.openStore(ctx)
		if err != nil {
			return err
		}
		detail, err := s.Detail(ctx, id, time.Now())
		if err != nil {
			return err
		}
		enc := json.NewEncoder(in.std.out)
		enc.SetIndent("", "  ")
		return enc.Encode(detail.Summary)
	})
}
