package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// command is one subcommand. Its flags are declared by setup, which returns the
// function that runs after they are parsed; the manual and the environment
// variables are made from the same declaration.
type command struct {
	name    string
	args    string // what follows the flags, e.g. "FILE…"
	summary string // one line, for the overview
	text    string // the manual's paragraphs
	quiet   bool   // logs warnings only, unless told otherwise
	setup   func(f *flags) func(ctx context.Context, in *invocation) error
}

// logLevel declares the flag that every command has.
func (c command) logLevel(f *flags) *string {
	level := "info"
	if c.quiet {
		level = "warn"
	}
	return f.String("log-level", level, "the `level` of what to log to standard error: debug, info, warn or error")
}

// invocation is what a running subcommand gets.
type invocation struct {
	args []string
	std  stdio
	log  *slog.Logger
	env  map[string]string // HUGOPS_* only
}

func commands() []command {
	return []command{
		upCommand, collectCommand, workCommand, watchCommand, serveCommand,
		replayCommand, classifyCommand, evalCommand, trainCommand, exportCommand, outagesCommand, indexCommand, servicesCommand,
		rescoreCommand, migrateCommand, doctorCommand, versionCommand,
	}
}

func findCommand(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

// envOnly lists the variables that are no flag, since a flag would show a secret
// in the list of processes, or since another package reads it.
var envOnly = map[string]string{
	"HUGOPS_LIBCHDB":        "the file of the embedded ClickHouse engine (libchdb.so), if it lies elsewhere",
	"HUGOPS_MASTODON_TOKEN": "the user token of one Mastodon server, or host=token pairs with commas between them (or use --mastodon-token-file)",
	"HUGOPS_X_TOKEN":        "the Bearer Token of the app at X (or use --x-token-file)",
	"HUGOPS_X_URL":          "the address of another server that speaks X's API v2, such as its playground; https, or this machine",
}

// flags is a flag set in which every flag is also an environment variable:
// --log-level is HUGOPS_LOG_LEVEL.
type flags struct{ *flag.FlagSet }

func envName(flagName string) string {
	return "HUGOPS_" + strings.ToUpper(strings.ReplaceAll(flagName, "-", "_"))
}

func newFlags(cmd command) *flags {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return &flags{fs}
}

// list declares a flag that may be given more than once; in the environment its
// values are separated by commas.
func (f *flags) list(name, usage string) *[]string {
	v := &listValue{}
	f.Var(v, name, usage)
	return (*[]string)(v)
}

type listValue []string

func (l *listValue) String() string { return strings.Join(*l, ",") }
func (l *listValue) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			*l = append(*l, part)
		}
	}
	return nil
}

var errHelpShown = errors.New("help shown")

func runCommand(ctx context.Context, cmd command, args, environ []string, std stdio) error {
	f := newFlags(cmd)
	level := cmd.logLevel(f)
	action := cmd.setup(f)
	env, err := hugopsEnv(environ)
	if err != nil {
		return err
	}
	if err := fromEnv(f, env); err != nil {
		return err
	}
	rest, err := parseInterspersed(f, args)
	if errors.Is(err, flag.ErrHelp) {
		printManual(std.out, cmd)
		return errHelpShown
	}
	if err != nil {
		return usagef("%s", err)
	}
	var l slog.Level
	if err := l.UnmarshalText([]byte(*level)); err != nil {
		return usagef("--log-level %q is none of debug, info, warn, error", *level)
	}
	log := slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: l}))
	return action(ctx, &invocation{args: rest, std: std, log: log, env: env})
}

// parseInterspersed lets flags stand before, between and after the arguments;
// "--" ends them.
func parseInterspersed(f *flags, args []string) ([]string, error) {
	var rest []string
	for {
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		left := f.Args()
		if len(left) == 0 {
			return rest, nil
		}
		if at := len(args) - len(left); at > 0 && args[at-1] == "--" {
			return append(rest, left...), nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

// hugopsEnv returns the HUGOPS_* variables; one that no command knows is a
// mistake, and the program stops rather than run without what was meant.
func hugopsEnv(environ []string) (map[string]string, error) {
	known := knownEnv()
	env := map[string]string{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "HUGOPS_") {
			continue
		}
		if !slices.Contains(known, name) {
			return nil, usagef("the environment has %s, which hugops does not know%s", name, didYouMean(name, known))
		}
		env[name] = value
	}
	return env, nil
}

// knownEnv lists every variable of every command, sorted.
func knownEnv() []string {
	var known []string
	for name := range envOnly {
		known = append(known, name)
	}
	for _, c := range commands() {
		f := newFlags(c)
		c.logLevel(f)
		c.setup(f)
		f.VisitAll(func(fl *flag.Flag) { known = append(known, envName(fl.Name)) })
	}
	slices.Sort(known)
	return slices.Compact(known)
}

func fromEnv(f *flags, env map[string]string) (err error) {
	f.VisitAll(func(fl *flag.Flag) {
		if v, ok := env[envName(fl.Name)]; ok && err == nil {
			if e := f.Set(fl.Name, v); e != nil {
				err = usagef("%s=%q: %s", envName(fl.Name), v, e)
			}
		}
	})
	return err
}

func didYouMean(name string, known []string) string {
	best, least := "", 4
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return "; \"hugops help COMMAND\" lists those it knows"
	}
	return "; did you mean " + best + "?"
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

func trimUsage(err error) string { return strings.TrimPrefix(err.Error(), errUsage.Error()+": ") }

func (in *invocation) noArgs() error {
	if len(in.args) > 0 {
		return usagef("does not take the argument %q", in.args[0])
	}
	return nil
}

func joinErrors(errs ...error) error {
	kept := slices.DeleteFunc(errs, func(e error) bool { return e == nil || errors.Is(e, context.Canceled) })
	if len(kept) == 0 {
		return nil
	}
	if len(kept) == 1 {
		return kept[0]
	}
	return fmt.Errorf("%w", errors.Join(kept...))
}

// given reports whether a flag was set on the command line or by the environment.
func given(f *flags, name string) (found bool) {
	f.Visit(func(fl *flag.Flag) { found = found || fl.Name == name })
	return found
}
