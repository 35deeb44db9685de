package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/store"
)

// said is n texts of a file of the corpus, each of which is about GitHub.
func said(t *testing.T, name string, n int) (texts []string) {
	t.Helper()
	f, err := os.Open("../../classify/corpus/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan() && len(texts) < n; {
		if fields := strings.Split(lines.Text(), "\t"); len(fields) == 5 && fields[0] != "label" {
			texts = append(texts, "GitHub outage: "+fields[4])
		}
	}
	if len(texts) < n {
		t.Fatalf("%s has %d texts", name, len(texts))
	}
	return texts
}

// petition is one of the many ways in which a network of accounts says the same.
func petition(dice *rand.Rand) string {
	pick := func(words ...string) string { return words[dice.IntN(len(words))] }
	return fmt.Sprintf("GitHub is down again and %s at this %s company cares about the people who pay for it, %s them today and demand every cent of your money back%s %s https://petition.example/%d",
		pick("nobody", "no one"), pick("terrible", "useless", "rotten"), pick("leave", "drop"), pick("", "!!!", " 😡"), pick("#githubdown", "#boycott", ""), dice.IntN(1000))
}

// crowdOf are posts of an account each, spread over an hour and a half; of a
// back-fill, so that the first reader reads them alone, which is quick.
func crowdOf(name string, texts []string) (posts []hugops.Post) {
	for i, text := range texts {
		posts = append(posts, hugops.Post{ID: fmt.Sprint(name, i), Network: hugops.Mastodon, Author: fmt.Sprint("p1-", name, i), Lang: "en", Source: "backfill:test",
			PostedAt: stormStart.Add(time.Duration(i*90/len(texts)) * time.Minute), Text: text})
	}
	return posts
}

var github = hugops.Outage{ID: "gh-1", Service: "github", ServiceName: "GitHub", Title: "Errors", StartedAt: stormStart, EndedAt: stormStart.Add(3 * time.Hour)}

// TestCoordinatedAccounts reads and stores real words: of people who each say their
// own, of 300 who send the same short hugs, and of a network of accounts that makes
// up a fifth of all and varies one text. The network is found and moves the index
// hardly; nobody else is taken for one.
func TestCoordinatedAccounts(t *testing.T) {
	data := t.TempDir()
	dice := rand.New(rand.NewPCG(8, 8))
	people := crowdOf("own", append(said(t, "support.tsv", 150), said(t, "venting.tsv", 150)...))
	hugs := []string{"#hugops <3 GitHub", "hugs to the GitHub team #hugops", "Hang in there, GitHub folks! #HugOps ❤️",
		"#hugops to everyone on call at GitHub tonight", "GitHub is down. Hugs to the people who fix it"}
	var short, network []string
	for i := range 300 {
		short = append(short, hugs[i%len(hugs)])
	}
	for range 150 {
		network = append(network, petition(dice))
	}
	withStore(t, data, func(s *store.Store, _ *brain) error {
		if err := s.PutOutages(t.Context(), []hugops.Outage{github}); err != nil {
			return err
		}
		b, err := newBrain([]hugops.Outage{github})
		if err != nil {
			return err
		}
		var last hugops.Index
		index := func(posts []hugops.Post, gists bool) hugops.Index {
			var readings []hugops.Reading
			linked := 0
			for _, p := range posts {
				r := b.Read(p)
				if linked += len(r.Links); !gists {
					r.Gist = 0
				}
				readings = append(readings, r)
			}
			if linked < len(posts)*8/10 {
				t.Errorf("only %d of %d posts are linked: the test proves little", linked, len(posts))
			}
			if err := s.Write(t.Context(), readings, nil); err != nil {
				t.Fatal(err)
			}
			return changed(t, s, &last)
		}
		honest := index(append(people, crowdOf("hug", short)...), true)
		if honest.Copies != 0 || !honest.Enough || honest.Support < 300 {
			t.Errorf("without the network: %+v", honest)
		}
		fooled := index(crowdOf("net", network), false)
		with := index(crowdOf("net", network), true)
		t.Logf("%.1f without the network; with it %.1f, %d accounts in %d bursts; if each had a vote %.1f", honest.Value, with.Value, with.Copies, with.Bursts, fooled.Value)
		if with.Copies < 140 || with.Copies > 150 || with.Authors-honest.Authors > 15 {
			t.Errorf("of 150 accounts of the network %d are found, and count as %d people", with.Copies, with.Authors-honest.Authors)
		}
		if moved, would := math.Abs(with.Value-honest.Value), math.Abs(fooled.Value-honest.Value); moved > 1 || would < 5 {
			t.Errorf("the network moved the index by %.2f points; if each had a vote, by %.2f", moved, would)
		}
		return nil
	})
	checkWorkings(t, data)
}

// changed waits until the index is another than the last one: answers come from
// memory, and are a second old.
func changed(t *testing.T, s *store.Store, last *hugops.Index) hugops.Index {
	t.Helper()
	for range 200 {
		d, err := s.Detail(t.Context(), github.ID, stormStart.Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if d.Index != *last {
			*last = d.Index
			return d.Index
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the index stays %+v", *last)
	return *last
}

// checkWorkings computes the index again from what "hugops index" prints.
func checkWorkings(t *testing.T, data string) {
	out, _ := runs(t, 0, "", "index", github.ID, "--data", data)
	var w hugops.Workings
	if err := json.Unmarshal([]byte(out), &w); err != nil {
		t.Fatal(err)
	}
	if w.Outage != github.ID || w.Estimate == nil || len(w.Models) != 1 || len(w.Rules) != 1 || w.ComputedAt.IsZero() || w.Index.Copies < 140 {
		t.Errorf("workings: %.600s", out)
	}
	if strings.Contains(out, "p1-") || strings.Contains(out, "petition") {
		t.Error("an author or a text is in it")
	}
	if _, errs := runs(t, 2, "", "index", "--data", data); !strings.Contains(errs, "outages list") {
		t.Errorf("without an outage: %s", errs)
	}
	if _, errs := runs(t, 1, "", "index", "nowhere-1", "--data", data); !strings.Contains(errs, `no outage "nowhere-1"`) || !strings.Contains(errs, "outages list") {
		t.Errorf("an unknown outage: %s", errs)
	}
}
