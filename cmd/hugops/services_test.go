package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hugops/hugops/classify"
)

func TestServices(t *testing.T) {
	const header = "slug\tname\tparent\taliases\ttags\tx\tmastodon\tbluesky\tdomains\tstatus\tkind\n"
	good := write(t, t.TempDir(), "good.tsv", header+"nimbus\tNimbus\t-\tnimbus??\t-\t-\t-\t-\tnimbus.example\thttps://status.nimbus.example\tatom\n")
	bad := write(t, t.TempDir(), "bad.tsv", header+"nimbus\tNimbus\tsky-net\tnimbus\t-\t-\t-\t-\t-\t-\tblog\n")
	empty := write(t, t.TempDir(), "empty.tsv", header)
	for _, c := range []struct {
		name  string
		args  []string
		stdin string
		code  int
		want  []string // in standard output or standard error
	}{
		{"the list", nil, "", 0, []string{"SLUG", "aws-s3", "Amazon S3", "https://www.githubstatus.com"}},
		{"the list by name", []string{"list"}, "", 0, []string{"github-actions"}},
		{"the built-in registry", []string{"check"}, "", 0, []string{"nothing wrong"}},
		{"a good file", []string{"check", good}, "", 0, []string{"good.tsv: 1 services, nothing wrong"}},
		{"a bad file", []string{"check", bad}, "", 1, []string{`bad.tsv:2: nimbus: parent "sky-net"`, `write "nimbus?"`, `kind "blog"`, "4 problems in 1 services"}},
		{"standard input", []string{"check", "-"}, "h\na\n", 1, []string{"-:2: it has 1 fields"}},
		{"an empty file", []string{"check", empty}, "", 1, []string{"no service in it"}},
		{"no file", []string{"check", empty + "x"}, "", 1, []string{"no such file"}},
		{"two files", []string{"check", good, bad}, "", 2, []string{"say list, check"}},
		{"another verb", []string{"dance"}, "", 2, []string{"say list, check"}},
	} {
		code, out, errs := inProcess(append([]string{"services"}, c.args...), nil, c.stdin)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d\n%s%s", c.name, code, c.code, out, errs)
		}
		for _, want := range c.want {
			if !strings.Contains(out+errs, want) {
				t.Errorf("%s: no %q in\n%s%s", c.name, want, out, errs)
			}
		}
	}
}

func TestServicesAsJSON(t *testing.T) {
	_, out, _ := inProcess([]string{"services", "--json"}, nil, "")
	var got []serviceOutput
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got) != len(classify.Services().All()) {
		t.Fatalf("%d services (%v), want %d", len(got), err, len(classify.Services().All()))
	}
	for _, s := range got {
		if s.Slug == "slack" && (s.Aliases[0] != aliasOutput{"slack", "also"} || s.Handles["x"][0] != "slackhq" || s.StatusKind != "slack") {
			t.Errorf("%+v", s)
		}
		if s.Tags == nil || s.Domains == nil || s.Handles["bluesky"] == nil {
			t.Errorf("%s: a list that is empty is [], not null", s.Slug)
		}
	}
}
