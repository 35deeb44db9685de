package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/mastodon"
)

// mastodonFlags say which streams of which Mastodon servers are read.
type mastodonFlags struct {
	servers, streams *[]string
	tokenFile        *string
}

func (f *flags) mastodon() mastodonFlags {
	return mastodonFlags{
		servers: f.list("mastodon-server", "the `host` of a Mastodon server to read; may be given more than once"),
		tokenFile: f.String("mastodon-token-file", "", "a `file` with a user token of an account there (Preferences → Development, scope read:statuses); "+
			"for several servers, lines of a host and its token"),
		streams: f.list("mastodon-stream", "a `stream` to read of each server: public (without any), public:local or hashtag:NAME; may be given more than once"),
	}
}

// sources returns a source for each stream of each server.
func (mf mastodonFlags) sources(door pipeline.Door, dir string, in *invocation) ([]pipeline.Source, error) {
	cfg, err := mf.config(in)
	if err != nil {
		return nil, err
	}
	cfg.Door, cfg.StateDir = door, dir
	found, err := mastodon.New(cfg)
	if err != nil {
		return nil, usagef("%v", err)
	}
	sources := make([]pipeline.Source, len(found))
	for i, s := range found {
		sources[i] = s
	}
	return sources, nil
}

func (mf mastodonFlags) config(in *invocation) (mastodon.Config, error) {
	cfg := mastodon.Config{Streams: *mf.streams, Log: in.log}
	tokens, from, err := mf.tokens(in)
	if err != nil {
		return cfg, err
	}
	for _, name := range *mf.servers {
		host, err := mastodon.Host(name)
		if err != nil {
			return cfg, usagef("--mastodon-server: %v", err)
		}
		token := tokens[host]
		if token == "" {
			token = tokens[""]
		}
		switch {
		case token == "" && len(tokens) > 0:
			return cfg, usagef("%s has no token for %s: add a line with the host and its token", from, host)
		case token == "":
			return cfg, usagef("%s needs a user token: make one under Preferences → Development with the scope read:statuses, and give it by --mastodon-token-file", host)
		case tokens[""] != "" && len(*mf.servers) > 1:
			return cfg, usagef("%s has one token for %d servers: write a line for each, with the host and its token", from, len(*mf.servers))
		}
		cfg.Servers = append(cfg.Servers, mastodon.ServerConfig{Host: name, Token: token})
	}
	return cfg, nil
}

// tokens reads the file, or else the environment, which has commas for line ends.
func (mf mastodonFlags) tokens(in *invocation) (tokens map[string]string, from string, err error) {
	from = *mf.tokenFile
	text, err := secret(from, strings.ReplaceAll(in.env["HUGOPS_MASTODON_TOKEN"], ",", "\n"))
	if err != nil {
		return nil, from, fmt.Errorf("cannot read the Mastodon token: %w", err)
	}
	if from == "" {
		from = "HUGOPS_MASTODON_TOKEN"
	}
	tokens, err = parseTokens(text, from)
	return tokens, from, err
}

// parseTokens reads one bare token, which it returns under "", or lines of a host
// and its token, with a space or "=" between them. "#" begins a line of comment.
// No error shows the text.
func parseTokens(text, from string) (map[string]string, error) {
	tokens := map[string]string{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		host, token, err := parseToken(line)
		if err != nil {
			return nil, fmt.Errorf("%s: line %d %w", from, n, err)
		}
		if tokens[host] != "" {
			return nil, fmt.Errorf("%s: line %d is a second token for one server: write its host before each token", from, n)
		}
		tokens[host] = token
	}
	return tokens, nil
}

func parseToken(line string) (host, token string, err error) {
	fields := strings.Fields(line)
	if before, after, found := strings.Cut(line, "="); found && len(fields) == 1 && strings.ContainsAny(before, ".:") {
		fields = []string{before, after}
	}
	switch len(fields) {
	case 1:
		return "", fields[0], nil
	case 2:
		if host, err = mastodon.Host(fields[0]); err == nil {
			return host, fields[1], nil
		}
	}
	return "", "", errors.New("is neither a token nor a host and its token")
}

// check tries each stream, one line each.
func (mf mastodonFlags) check(ctx context.Context, d *doctor, in *invocation) {
	if len(*mf.servers) == 0 {
		return
	}
	cfg, err := mf.config(in)
	var checks []mastodon.StreamCheck
	if err == nil {
		checks, err = mastodon.Check(ctx, cfg)
	}
	if err != nil {
		d.check("Mastodon", "", errors.New(trimUsage(err)))
	}
	for _, c := range checks {
		good := fmt.Sprintf("%s (version %s) can be read with this token", c.Stream, c.Version)
		if c.Note != "" {
			good += ", in part: " + c.Note
		}
		if c.Err != nil {
			c.Err = fmt.Errorf("%s: %w", c.Stream, c.Err)
		}
		d.check("Mastodon", good, c.Err)
	}
}
