// Command hugops reads how kindly people meet internet outages: it streams
// public posts into Kafka, reads each as support, venting or neutral, links it
// to a known outage, stores it in ClickHouse and publishes an empathy index.
//
// One file here is one subcommand, and a subcommand is wiring only: what it
// wires lives in pipeline, classify, store and web. "hugops help" is the manual.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second Ctrl-C ends the program at once
	}()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), stdio{os.Stdin, os.Stdout, os.Stderr}))
}

// stdio is the program's standard streams, replaced by tests.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// Exit codes, as "hugops help" lists them.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// errUsage marks a mistake in the command line or the environment.
var errUsage = errors.New("usage")

func usagef(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
}

// run is the program: main and the tests call it alike.
func run(ctx context.Context, args, environ []string, std stdio) int {
	if len(args) == 0 {
		printOverview(std.err)
		return exitUsage
	}
	if isHelp(args[0]) {
		return help(args[1:], std)
	}
	cmd, ok := findCommand(args[0])
	if !ok {
		fmt.Fprintf(std.err, "hugops: there is no command %q; \"hugops help\" lists them\n", args[0])
		return exitUsage
	}
	err := runCommand(ctx, cmd, args[1:], environ, std)
	switch {
	case err == nil, errors.Is(err, errHelpShown):
		return exitOK
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return exitOK // Ctrl-C is a clean end
	case errors.Is(err, errUsage):
		fmt.Fprintf(std.err, "hugops %s: %s\nSee \"hugops help %s\".\n", cmd.name, trimUsage(err), cmd.name)
		return exitUsage
	default:
		fmt.Fprintf(std.err, "hugops %s: %s\n", cmd.name, err)
		return exitError
	}
}
