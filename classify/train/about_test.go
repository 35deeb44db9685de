package train

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hugops/hugops/classify/internal/about"
)

// aboutInputs are a few posts, the tune half of the repository's cases and a small
// corpus; no public set.
func aboutInputs(t *testing.T, posts string) Inputs {
	t.Helper()
	dir := t.TempDir()
	const none = "about\tlang\tservice\ttext\n"
	for name, text := range map[string]string{
		"about/posts.tsv": posts, "about/plain.tsv": none, "about/read.tsv": none,
		"about/names.tsv": "named\tlang\tservice\ttext\n0\ten\t-\tcut me some slack\n1\ten\tslack\tmy slack has emoji\n",
		"doubtful.tsv":    "# a comment\nen\tzoom\tzoom is down\nen\t-\tzoom in, held out\nde\t-\tmein Ring ist weg\n",
		"corpus/a.tsv":    "label\ttarget\tsarcasm\tlang\ttext\nventing\tcompany\t0\ten\tGitHub is down again\nneutral\t-\t0\ten\tGitHub has a new logo\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Inputs{About: filepath.Join(dir, "about"), Corpus: filepath.Join(dir, "corpus"), Doubtful: filepath.Join(dir, "doubtful.tsv"), Linking: "../linking"}
}

const fewPosts = "about\tlang\tservice\ttext\n1\ten\tnetflix\tNetflix down, Spotify fine\n0\ten\tspotify\tNetflix down, Spotify fine\n1\ten\tcrumbly\tcrumbly is gone\n"

func TestAboutGivesTheSameBytesTwice(t *testing.T) {
	in := aboutInputs(t, fewPosts)
	first, err := About(t.Context(), in, func(string, ...any) {})
	if err != nil {
		t.Fatal(err)
	}
	second, err := About(t.Context(), in, func(string, ...any) {})
	if err != nil || !bytes.Equal(first.File, second.File) {
		t.Errorf("two runs differ (%v)", err)
	}
	if _, err := about.Load(first.File); err != nil {
		t.Error(err)
	}
	var out strings.Builder
	if err := first.Report(&out); err != nil || !strings.Contains(out.String(), "tune ") {
		t.Errorf("report %q (%v), want the scores of each set", out.String(), err)
	}
}

// TestReadMentions: a text with two services has a label for each, the corpus
// counts where it takes a side, and a service that nobody knows is found as well.
func TestReadMentions(t *testing.T) {
	posts, err := readMentions(aboutInputs(t, fewPosts))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range posts {
		if p := &posts[i]; p.set != "tune" {
			got = append(got, p.set+" "+p.post.Near+map[bool]string{true: " yes", false: " no"}[p.about])
		}
	}
	want := "posts § down yes,posts  § fine no,posts § is gone yes,corpus § is down again yes"
	if s := strings.Join(got, ","); s != want {
		t.Errorf("read\n%s, want\n%s", s, want)
	}
	for name, file := range map[string]string{"about is \"yes\"": "about\tlang\tservice\ttext\nyes\ten\tnetflix\tNetflix down\n", "no such file": ""} {
		in := aboutInputs(t, file)
		if file == "" {
			in.About += ".none"
		}
		if _, err := readMentions(in); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestPlattByHand: half of the posts at logit 0 and nine of ten at 1 are about an
// outage; with both classes weighing the same those odds come out, times the odds
// of the classes.
func TestPlattByHand(t *testing.T) {
	var posts []mention
	var z []float64
	for i := range 20 {
		at, yes := float64(i/10), i%10 < 5
		if i >= 10 {
			yes = i%10 < 9
		}
		posts, z = append(posts, mention{set: "posts", about: yes}), append(z, at)
	}
	slope, shift := platt(posts, z) // 14 of 20
	if odds := math.Log(6. / 14); math.Abs(shift-odds) > 1e-6 || math.Abs(slope+shift-odds-math.Log(9)) > 1e-6 {
		t.Errorf("slope %.4f, shift %.4f, want %.4f and %.4f", slope, shift, math.Log(9), odds)
	}
}

func TestBalance(t *testing.T) {
	posts := []mention{{about: true, weight: 1}, {weight: 1}, {weight: 2}}
	balance(posts)
	if posts[0].weight != 2 || posts[1].weight+posts[2].weight != 2 || posts[2].weight != 2*posts[1].weight {
		t.Errorf("weights %v, %v, %v, want 2 for each class", posts[0].weight, posts[1].weight, posts[2].weight)
	}
}

// TestReadNames: names that are words count where a person said what they are,
// names that are none stand for those of services, every second doubtful one is
// held out.
func TestReadNames(t *testing.T) {
	names, err := readNames(aboutInputs(t, fewPosts))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range names {
		if n := &names[i]; n.set != "tune" {
			got = append(got, n.set+" "+n.post.Near+map[bool]string{true: " yes", false: " no"}[n.about])
		}
	}
	want := "names cut me some § no,names my § has emoji yes,posts § down, ¶ fine yes,posts ¶ down, § fine yes,posts § down, ¶ fine yes,posts ¶ down, § fine yes," +
		"doubtful § is down yes,doubtful mein § ist weg no,corpus § is down again yes,corpus § has a new logo yes"
	if s := strings.Join(got, ","); s != want {
		t.Errorf("read\n%s, want\n%s", s, want)
	}
}
