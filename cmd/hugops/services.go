package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
)

var servicesCommand = command{
	name:    "services",
	quiet:   true,
	args:    "[list | check [FILE] | detect ADDRESS]",
	summary: "List the known services, check a registry, find out how a status page is read",
	text: `"list" (the default) prints the services that hugops knows, one line each: slug,
name, the service that it is part of, and its status page with its kind. --json
prints all that is known of them: aliases, hashtags, accounts and domains as well.

"check" reads a registry and lists what is wrong with it, line by line: names,
hashtags, accounts and domains that two services claim, parents that nobody knows
or that go round in a circle, aliases that are ordinary words and not marked as
such ("?" behind them), addresses that are none, kinds of status pages that hugops
does not know, and lines out of order. It fails if there is anything. FILE has the
format of classify/services.tsv, which its first lines explain; "-" is standard
input; without FILE the registry inside this program is checked. To add a service,
add its line to classify/services.tsv, check that file and build anew. A service
that the registry does not know is still found in posts by the name that its
outage gives it.

"detect" asks a status page, and the addresses where each kind of page has its
feeds, and prints the kind, the feeds, and what to give to --status-pages. It
follows no redirect to another host and dials public addresses only.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		asJSON := f.Bool("json", false, "print the list as JSON")
		return func(ctx context.Context, in *invocation) error {
			verb, args := "list", in.args
			if len(args) > 0 {
				verb, args = args[0], args[1:]
			}
			switch {
			case verb == "list" && len(args) == 0:
				return listServices(in, *asJSON)
			case verb == "check" && len(args) == 0:
				return checkServices(in, "the built-in registry", classify.RegistryFile())
			case verb == "check" && len(args) == 1:
				return checkServicesFile(in, args[0])
			case verb == "detect" && len(args) == 1:
				return detectService(ctx, in, args[0])
			}
			return usagef("say list, check, check FILE or detect ADDRESS")
		}
	},
}

// serviceOutput is a service of "hugops services --json".
type serviceOutput struct {
	Slug       string                      `json:"slug"`
	Name       string                      `json:"name"`
	Parent     string                      `json:"parent,omitempty"`
	Aliases    []aliasOutput               `json:"aliases"`
	Tags       []string                    `json:"tags"`
	Handles    map[hugops.Network][]string `json:"handles"`
	Domains    []string                    `json:"domains"`
	StatusURL  string                      `json:"status_url,omitempty"`
	StatusKind string                      `json:"status_kind,omitempty"`
}

// aliasOutput is a name of a service; Word says that it is a word besides: never,
// also or mostly.
type aliasOutput struct {
	Name string `json:"name"`
	Word string `json:"word"`
}

func listServices(in *invocation, asJSON bool) error {
	services := classify.Services().All()
	if asJSON {
		return json.MarshalWrite(in.std.out, serviceOutputs(services), jsontext.Multiline(true), json.Deterministic(true))
	}
	tw := tabwriter.NewWriter(in.std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "SLUG\tNAME\tPART OF\tSTATUS PAGE\tKIND")
	for _, s := range services {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", s.Slug, s.Name, cmp.Or(s.Parent, "-"), cmp.Or(s.StatusURL, "-"), cmp.Or(s.StatusKind, "-"))
	}
	return tw.Flush()
}

func serviceOutputs(services []classify.Service) []serviceOutput {
	out := make([]serviceOutput, len(services))
	for i, s := range services {
		out[i] = serviceOutput{Slug: s.Slug, Name: s.Name, Parent: s.Parent, Tags: orEmpty(s.Tags), Domains: orEmpty(s.Domains),
			Handles: map[hugops.Network][]string{}, StatusURL: s.StatusURL, StatusKind: s.StatusKind, Aliases: []aliasOutput{}}
		for n, handles := range s.Handles {
			out[i].Handles[n] = orEmpty(handles)
		}
		for _, a := range s.Aliases {
			word := "never"
			switch {
			case a.Common:
				word = "mostly"
			case a.Word:
				word = "also"
			}
			out[i].Aliases = append(out[i].Aliases, aliasOutput{a.Text, word})
		}
	}
	return out
}

// maxRegistry bounds the file of a registry; ours has 50 kB.
const maxRegistry = 8 << 20

func checkServicesFile(in *invocation, file string) error {
	var r io.Reader = in.std.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		r = f
	}
	raw, err := io.ReadAll(io.LimitReader(r, maxRegistry+1))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(raw) > maxRegistry {
		return fmt.Errorf("%s is larger than %d MiB: it is no registry of services", file, maxRegistry>>20)
	}
	return checkServices(in, file, string(raw))
}

func checkServices(in *invocation, name, tsv string) error {
	n, problems := classify.CheckRegistry(tsv)
	for _, p := range problems {
		fmt.Fprintf(in.std.out, "%s:%d: %s\n", name, p.Line, p.Text)
	}
	switch {
	case len(problems) > 0:
		return fmt.Errorf("%s: %d problems in %d services", name, len(problems), n)
	case n == 0:
		return fmt.Errorf("%s has no service in it: after a header line, one line each", name)
	}
	_, err := fmt.Fprintf(in.std.out, "%s: %d services, nothing wrong.\n", name, n)
	return err
}
