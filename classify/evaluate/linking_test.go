package evaluate

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/hugops/hugops"
)

const (
	outagesHeader = "id\tservice\tname\ttitle\tstarted_at\tended_at\timpact\tcomponents\tparent\turl\n"
	postsHeader   = "split\tnetwork\tat\tlang\tservices\toutages\textra\ttext\n"
	twoOutages    = "# a comment\n" + outagesHeader +
		"a\tnimbus\tNimbus\tTrouble\t2026-03-10T12:00:00Z\t2026-03-10T13:00:00Z\tmajor\tAPI,Web\t-\t-\n" +
		"b\tquill\tQuill\tTrouble\t2026-03-10T12:10:00Z\t-\t-\t-\ta\thttps://status.quill.example/1\n"
)

func readTwo(t *testing.T) []hugops.Outage {
	t.Helper()
	outages, err := ReadLinkOutages("o", strings.NewReader(twoOutages))
	if err != nil || len(outages) != 2 {
		t.Fatal(outages, err)
	}
	return outages
}

func TestReadLinking(t *testing.T) {
	outages := readTwo(t)
	if o := outages[1]; o.Parent != "a" || !o.EndedAt.IsZero() || len(o.Components) != 0 || len(outages[0].Components) != 2 {
		t.Errorf("%+v", outages)
	}
	cases, err := ReadLinkCases("p", strings.NewReader(postsHeader+
		"tune\tx\ta-5\ten\tnimbus,quill\ta,b\treply https://a.example\t-- one\\ntwo\n"+
		"test\tbluesky\tb+0\t-\t-\t-\t-\thello\n"), outages)
	if err != nil || len(cases) != 2 {
		t.Fatal(cases, err)
	}
	c := cases[0]
	if c.Split != Tune || c.Post.Text != "-- one\ntwo" || c.Post.ReplyTo == "" || !slices.Equal(c.Post.URLs, []string{"https://a.example"}) ||
		c.Post.PostedAt.Format("15:04") != "11:55" || !slices.Equal(c.Services, []string{"nimbus", "quill"}) || !slices.Equal(c.Outages, []string{"a", "b"}) {
		t.Errorf("%+v", c)
	}
	if c := cases[1]; c.Services != nil || c.Outages != nil || c.Post.ReplyTo != "" || c.Post.Lang != "" {
		t.Errorf("%+v", c)
	}
}

func TestReadLinkingSaysWhatIsWrong(t *testing.T) {
	outages := readTwo(t)
	for name, c := range map[string]struct{ file, want string }{
		"no header":      {"", "there is no header line"},
		"a column":       {"split\ttext\n", "no column \"network\""},
		"a field":        {postsHeader + "tune\tx\n", "p:2: 2 fields"},
		"a split":        {postsHeader + "all\tx\ta+1\ten\t-\t-\t-\thi\n", "p:2: split \"all\""},
		"a network":      {postsHeader + "tune\ticq\ta+1\ten\t-\t-\t-\thi\n", "network \"icq\""},
		"a time":         {postsHeader + "tune\tx\tnoon\ten\t-\t-\t-\thi\n", "at \"noon\""},
		"no such outage": {postsHeader + "tune\tx\ta+1\ten\t-\tz\t-\thi\n", "\"z\" is none of the outages"},
		"not UTF-8":      {postsHeader + "tune\tx\ta+1\ten\t-\t-\t-\t\xff\n", "UTF-8"},
	} {
		if _, err := ReadLinkCases("p", strings.NewReader(c.file), outages); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	for name, c := range map[string]struct{ file, want string }{
		"a time":   {outagesHeader + "a\ts\tS\tT\tnoon\t-\t-\t-\t-\t-\n", "o:2: started_at"},
		"an end":   {outagesHeader + "a\ts\tS\tT\t2026-03-10T12:00:00Z\tlate\t-\t-\t-\t-\n", "o:2: ended_at"},
		"no id":    {outagesHeader + "-\ts\tS\tT\t2026-03-10T12:00:00Z\t-\t-\t-\t-\t-\n", "id is missing"},
		"twice":    {twoOutages + "a\ts\tS\tT\t2026-03-10T12:00:00Z\t-\t-\t-\t-\t-\n", "twice"},
		"own self": {outagesHeader + "a\ts\tS\tT\t2026-03-10T12:00:00Z\t-\t-\t-\ta\t-\n", "its own parent"},
	} {
		if _, err := ReadLinkOutages("o", strings.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

// TestLinkReport counts by hand: b fell with a.
func TestLinkReport(t *testing.T) {
	link := func(ids ...string) (links []hugops.Link) {
		for _, id := range ids {
			links = append(links, hugops.Link{Outage: id})
		}
		return links
	}
	cases := []LinkCase{
		{Split: Tune, Services: []string{"nimbus"}, Outages: []string{"a"}},
		{Split: Tune, Services: []string{"quill"}, Outages: []string{"b"}},
		{Split: Tune, Services: []string{"nimbus"}},
		{Split: Tune},
		{Split: Test, Services: []string{"quill"}, Outages: []string{"b"}},
	}
	answers := []LinkAnswer{
		{Services: []string{"nimbus"}, Links: link("a", "b")},          // one link too many
		{Services: []string{"quill"}, Links: link("b", "a")},           // a comes with b: neither right nor wrong
		{Services: nil, Links: nil, Word: true},                        // a service missed, no link: as it should be
		{Services: []string{"nimbus"}, Links: link("a")},               // a service and a link too many
		{Services: []string{"quill", "nimbus"}, Links: link("a", "b")}, // the parent came first
	}
	outages := readTwo(t)
	report := NewLinkReport("rules", cases, answers, outages)
	want := map[string][]float64{ // services: precision, recall; right; silent; links: precision, recall
		Tune:                            {2. / 3, 2. / 3, 1, 0.5, 0.5, 1},
		Tune + ", names that are words": {0, 0, 0, 1, 0, 0},
		Test:                            {0.5, 1, 0, 0, 1, 1},
	}
	if len(report.Sets) != len(want) {
		t.Errorf("%d sets, want %d", len(report.Sets), len(want))
	}
	for _, set := range report.Sets {
		for m, w := range want[set.Name] {
			if s := set.Scores[m]; s.Value != w || s.Low > s.Value || s.High < s.Value {
				t.Errorf("%s: %s is %+v, want %.3f", set.Name, report.Measures[m], s, w)
			}
		}
	}
	if wrong := Wrong(cases, answers, outages); !slices.Equal(wrong, []int{0, 2, 3, 4}) {
		t.Errorf("wrong are %v", wrong)
	}
	var out bytes.Buffer
	if err := report.Print(&out); err != nil || !strings.Contains(out.String(), "right outage") {
		t.Errorf("%v\n%s", err, &out)
	}
}

// FuzzReadLinkCases: whatever the file, cases or an error that names it.
func FuzzReadLinkCases(f *testing.F) {
	f.Add(postsHeader + "tune\tx\ta+1\ten\tnimbus\ta\treply\thi\n")
	f.Add("# \n" + postsHeader)
	f.Fuzz(func(t *testing.T, file string) {
		outages, err := ReadLinkOutages("o", strings.NewReader(twoOutages))
		if err != nil {
			t.Fatal(err)
		}
		cases, err := ReadLinkCases("name", strings.NewReader(file), outages)
		if err != nil && !strings.Contains(err.Error(), "name") {
			t.Errorf("the error does not name the file: %v", err)
		}
		for _, c := range cases {
			if c.Post.PostedAt.IsZero() || !c.Post.Network.Valid() {
				t.Errorf("%+v", c)
			}
		}
	})
}
