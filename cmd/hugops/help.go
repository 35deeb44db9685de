package main

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "--help" || arg == "-help"
}

// help prints the overview, the manual of one command, or with --all the whole
// manual in Markdown, which docs/MANUAL.md is.
func help(args []string, std stdio) int {
	switch {
	case len(args) == 0:
		printOverview(std.out)
	case args[0] == "--all":
		printAll(std.out)
	default:
		cmd, ok := findCommand(args[0])
		if !ok {
			fmt.Fprintf(std.err, "hugops: there is no command %q; \"hugops help\" lists them\n", args[0])
			return exitUsage
		}
		printManual(std.out, cmd)
	}
	return exitOK
}

func printOverview(w io.Writer) {
	fmt.Fprint(w, "hugops reads how kindly people meet internet outages.\n\nUsage: hugops COMMAND [flags] [arguments]\n\n")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(tw, "  %s\t%s\n", c.name, c.summary)
	}
	tw.Flush()
	fmt.Fprint(w, `
"hugops help COMMAND" explains one; every flag is also an environment variable
(--log-level is HUGOPS_LOG_LEVEL), and an unknown HUGOPS_* variable stops the
program. Exit codes: 0 done, 1 failed, 2 wrong command line or environment.
`)
}

func printManual(w io.Writer, c command) {
	fmt.Fprintf(w, "hugops %s: %s\n\nUsage: %s\n\n%s\n\nFlags:\n", c.name, c.summary, usageLine(c), strings.TrimSpace(c.text))
	eachFlag(c, func(fl *flag.Flag) {
		fmt.Fprintf(w, "  --%s%s\n        %s\n", fl.Name, valueName(fl), flagText(fl))
	})
	fmt.Fprint(w, "\nEnvironment: each flag by its name, e.g. HUGOPS_LOG_LEVEL for --log-level; and\n")
	for _, name := range slices.Sorted(maps.Keys(envOnly)) {
		fmt.Fprintf(w, "  %s\n        %s\n", name, envOnly[name])
	}
}

func printAll(w io.Writer) {
	fmt.Fprint(w, "# The hugops manual\n\nMade by `hugops help --all` (`make manual`); do not edit it by hand.\n\n"+
		"Every flag is also an environment variable: `--log-level` is `HUGOPS_LOG_LEVEL`. A `HUGOPS_*` variable that\n"+
		"hugops does not know stops the program. Exit codes: 0 done, 1 failed, 2 wrong command line or environment.\n\n"+
		"Variables that are no flag:\n\n")
	for _, name := range slices.Sorted(maps.Keys(envOnly)) {
		fmt.Fprintf(w, "- `%s`: %s\n", name, envOnly[name])
	}
	for _, c := range commands() {
		fmt.Fprintf(w, "\n## hugops %s\n\n%s.\n\n    %s\n\n%s\n\n", c.name, c.summary, usageLine(c), strings.TrimSpace(c.text))
		eachFlag(c, func(fl *flag.Flag) {
			fmt.Fprintf(w, "- `--%s%s`: %s\n", fl.Name, valueName(fl), flagText(fl))
		})
	}
}

func usageLine(c command) string {
	return strings.TrimSpace("hugops " + c.name + " [flags] " + c.args)
}

func eachFlag(c command, fn func(*flag.Flag)) {
	f := newFlags(c)
	c.logLevel(f)
	c.setup(f)
	f.VisitAll(fn)
}

func valueName(fl *flag.Flag) string {
	if b, ok := fl.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
		return ""
	}
	name, _ := flag.UnquoteUsage(fl)
	if name == "" || name == "value" {
		return " VALUE"
	}
	return " " + strings.ToUpper(name)
}

func flagText(fl *flag.Flag) string {
	_, usage := flag.UnquoteUsage(fl)
	if _, many := fl.Value.(*listValue); many {
		usage += " (may be given more than once, or with commas)"
	}
	if fl.DefValue != "" && fl.DefValue != "false" && fl.DefValue != "0s" {
		usage += fmt.Sprintf(" (default %s)", fl.DefValue)
	}
	return usage
}
