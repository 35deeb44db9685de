package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
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
components, demo and parent, the id of the outage that it fell with, are
optional), or one answer of a status feed as it is
(--kind says of which kind if that cannot be told from it, --service whose it is
if it does not say), or an archive of incidents in JSON lines:
    {"id","service","title","url","started_at","resolved_at","updates":[…]}
Files may be gzipped. An id that is known already is brought up to date. A file
with a mistake is imported not at all, and the mistakes are listed.

"list" prints one line an outage; "show" prints one outage, with its updates and
its empathy index, as JSON.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf := f.machine()
		kind := f.String("kind", "", "the `kind` of status feed that FILE is an answer of: "+strings.Join(statusfeed.Kinds(), ", "))
		service := f.String("service", "", "whose outages FILE has: a slug or `name`, if the file does not say")
		return func(ctx context.Context, in *invocation) error {
			if *kind != "" && !statusfeed.Reads(*kind) {
				return usagef("--kind %q is none of %s", *kind, strings.Join(statusfeed.Kinds(), ", "))
			}
			if len(in.args) == 0 {
				return usagef("say import FILE, list or show ID")
			}
			verb, args := in.args[0], in.args[1:]
			switch {
			case verb == "import" && len(args) > 0:
				return importOutages(ctx, mf, in, args, statusfeed.FileOptions{Find: pageOf, Kind: *kind, Service: *service})
			case verb == "list" && len(args) == 0:
				return listOutages(ctx, mf, in)
			case verb == "show" && len(args) == 1:
				return showOutage(ctx, mf, in, args[0])
			}
			return usagef("say import FILE, list or show ID")
		}
	},
}

// maxOutageFile is the largest file of outages, unpacked.
const maxOutageFile = 64 << 20

// readOutages reads one file of known outages; "-" is standard input.
func readOutages(file string, opt statusfeed.FileOptions) ([]hugops.Outage, error) {
	var r io.Reader = os.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	raw, err := readUnpacked(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return parseOutages(file, raw, opt)
}

// readUnpacked reads all of a file, unpacked if it is gzipped.
func readUnpacked(r io.Reader) ([]byte, error) {
	buffered := bufio.NewReader(r)
	r = buffered
	if magic, _ := buffered.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, err
		}
		r = z
	}
	raw, err := io.ReadAll(io.LimitReader(r, maxOutageFile+1))
	if err == nil && len(raw) > maxOutageFile {
		err = fmt.Errorf("it is larger than %d MiB: split it", maxOutageFile>>20)
	}
	return raw, err
}

func parseOutages(name string, raw []byte, opt statusfeed.FileOptions) ([]hugops.Outage, error) {
	outages, err := statusfeed.ParseFile(raw, opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return outages, nil
}

// pageOf is the status page of a service by its slug, name or alias.
func pageOf(service string) statusfeed.Page {
	slug, name := classify.Services().Lookup(service)
	page := statusfeed.Page{Service: slug, Name: name}
	for _, s := range classify.Services().All() {
		if s.Slug == slug {
			page.URL, page.Kind = strings.TrimSuffix(s.StatusURL, "/"), s.StatusKind
		}
	}
	return page
}

func importOutages(ctx context.Context, mf machineFlags, in *invocation, files []string, opt statusfeed.FileOptions) error {
	var all []hugops.Outage
	for _, file := range files {
		outages, err := readOutages(file, opt)
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
		statusfeed.Continue(before, all)
		if err := s.PutOutages(ctx, all); err != nil {
			return err
		}
		// A hugops that runs on the same store links the posts in reach again by
		// itself; without one it is done here.
		if m.home.lock != nil {
			if err := relinkAfterImport(ctx, s, in.log); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(in.std.out, "%d outages imported.\n", len(all))
		return err
	})
}

func listOutages(ctx context.Context, mf machineFlags, in *invocation) error {
	return reading(mf, in.log, func(m *machine) error {
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
			if !o.WithdrawnAt.IsZero() {
				ended += " (withdrawn)"
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", o.ID, o.Service, o.StartedAt.UTC().Format(time.RFC3339), ended, o.Title)
		}
		return tw.Flush()
	})
}

func showOutage(ctx context.Context, mf machineFlags, in *invocation, id string) error {
	return reading(mf, in.log, func(m *machine) error {
		s, err := m.openStore(ctx)
		if err != nil {
			return err
		}
		detail, err := s.Detail(ctx, id, time.Now())
		if err != nil {
			return knownOutage(id, err)
		}
		enc := json.NewEncoder(in.std.out)
		enc.SetIndent("", "  ")
		return enc.Encode(detail.Summary)
	})
}
