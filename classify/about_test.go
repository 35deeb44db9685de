package classify

import (
	"os"
	"strings"
	"testing"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify/internal/about"
)

func TestLinkerModelsLoad(t *testing.T) {
	for name, file := range map[string][]byte{"about.model": aboutFile, "sense.model": senseFile} {
		if _, err := about.Load(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMentions: what the model reads of each service, its own names masked by
// another sign than those of others.
func TestMentions(t *testing.T) {
	l := NewLinker(Services(), nil)
	for text, want := range map[string][]string{
		"GitHub is down":                                 {"github: § is down | § is down"},
		"GitHub down, Discord fine":                      {"github: § down, ¶ fine | § down", "discord: ¶ down, § fine |  § fine"},
		"@github #GitHub again? Other things":            {"github: @§ #§ again? other things | @§ #§ again"},
		"Spotify: nothing (unlike Netflix) plays":        {"spotify: §: nothing (unlike ¶) plays | §", "netflix: ¶: nothing (unlike §) plays | unlike §"},
		"my Netflix works. GitHub? Netflix still works.": {"netflix: my § works. ¶? § still works. | my § works\n § still works", "github: my ¶ works. §? ¶ still works. |  §"},
		"well - GitHub - is quiet":                       {"github: well - § - is quiet |  § "},
		"no name at all":                                 nil,
	} {
		var got []string
		for _, m := range l.Mentions(&hugops.Post{Text: text, Lang: "en"}, "discord") {
			got = append(got, m.Service+": "+m.Post.Text+" | "+m.Post.Near)
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q:\n%q, want\n%q", text, got, want)
		}
	}
}

// TestNames: what the model of names reads: the post and the words around a name,
// whatever the name means, without other names that may be words.
func TestNames(t *testing.T) {
	l := NewLinker(Services(), nil)
	for text, want := range map[string]string{
		"cut them some slack, GitHub is back":  "slack: cut them some §, ¶ is back | cut them some §, ¶ is back; github: cut them some slack, § is back | cut them some slack, § is back",
		"Slack. We all wait for slack":         "slack: §. we all wait for § | §.; slack: §. we all wait for § |  we all wait for §",
		"in line at the box office":            "line: in § at the box office | in § at the box office; box: in line at the § office | in line at the § office",
		"nothing here":                         "",
		"the tent is gone\nSent from my Slack": "",
	} {
		var got []string
		for _, n := range l.Names(&hugops.Post{Text: text, Lang: "en"}) {
			got = append(got, n.Text+": "+n.Post.Text+" | "+n.Post.Near)
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%q:\n%q, want\n%q", text, s, want)
		}
	}
}

// TestOneOfTwoServices: of two services in a sentence only one is out.
func TestOneOfTwoServices(t *testing.T) {
	l := NewLinker(Services(), nil)
	for text, want := range map[string]string{
		"no signal on EE, Vodafone is fine":                     "ee",
		"Slack is down so we moved to Discord":                  "slack",
		"Netflix is down, Spotify works":                        "netflix",
		"WhatsApp geht nicht, Signal läuft":                     "whatsapp",
		"GitHub and Discord are both down":                      "github discord",
		"Spotify is down. At least Netflix works":               "spotify",
		"Cloudflare is down and took Discord with it, all down": "cloudflare discord",
	} {
		if got := strings.Join(l.Troubled(&hugops.Post{Text: text, PostedAt: noon}), " "); got != want {
			t.Errorf("%q: in trouble %q, want %q", text, got, want)
		}
	}
}

// TestAboutPostsAreSound reads the posts that the models learn from.
func TestAboutPostsAreSound(t *testing.T) {
	seen := map[string]string{}
	for _, file := range []struct {
		name        string
		posts, each int // at least; of each class
		perLanguage int
	}{{"posts", 2200, 900, 90}, {"plain", 1800, 700, 35}, {"read", 1600, 600, 0}, {"names", 330, 70, 5}} {
		classes, langs := map[string]int{}, map[string]int{}
		for n, row := range rowsOf(t, "about/"+file.name+".tsv") {
			if len(row) != 4 || strings.TrimSpace(row[3]) != row[3] || row[3] == "" {
				t.Fatalf("%s, row %d: want about, lang, service and text, parted by tabs", file.name, n+1)
			}
			key := row[2] + " " + strings.ToLower(row[3])
			if where := seen[key]; where != "" {
				t.Errorf("%s: %q stands in %s as well", file.name, row[3], where)
			}
			seen[key] = file.name
			classes[row[0]]++
			langs[row[1]]++
		}
		if classes["0"]+classes["1"] < file.posts || classes["1"] < file.each || classes["0"] < file.each || len(classes) != 2 {
			t.Errorf("%s: classes %v, want %d posts, %d and more of 0 and 1", file.name, classes, file.posts, file.each)
		}
		for _, lang := range []string{"en", "de", "fr", "es", "pt", "nl", "ja"} {
			if langs[lang] < file.perLanguage {
				t.Errorf("%s: %d posts in %s, want at least %d", file.name, langs[lang], lang, file.perLanguage)
			}
		}
	}
}

// rowsOf reads a file of fields parted by tabs, without its header line.
func rowsOf(t *testing.T, file string) (rows [][]string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")[1:] {
		rows = append(rows, strings.Split(line, "\t"))
	}
	return rows
}
