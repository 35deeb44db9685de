package classify

import (
	"os"
	"strings"
	"testing"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify/internal/about"
)

func TestAboutModelLoads(t *testing.T) {
	if _, err := about.Load(aboutFile); err != nil {
		t.Error(err)
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
		for _, m := range l.Mentions(&hugops.Post{Text: text, Lang: "en"}) {
			got = append(got, m.Service+": "+m.Post.Text+" | "+m.Post.Near)
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q:\n%q, want\n%q", text, got, want)
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

// TestAboutPostsAreSound reads the posts that the model learns from.
func TestAboutPostsAreSound(t *testing.T) {
	file, err := os.ReadFile("about/posts.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
	seen, classes, langs := map[string]bool{}, map[string]int{}, map[string]int{}
	for n, line := range lines[1:] {
		f := strings.Split(line, "\t")
		if len(f) != 4 || strings.TrimSpace(f[3]) != f[3] || f[3] == "" {
			t.Fatalf("line %d: want about, lang, service and text, parted by tabs", n+2)
		}
		if key := f[2] + " " + strings.ToLower(f[3]); seen[key] {
			t.Errorf("line %d stands there twice: %q", n+2, f[3])
		} else {
			seen[key] = true
		}
		classes[f[0]]++
		langs[f[1]]++
	}
	if len(seen) < 2000 || classes["1"] < 900 || classes["0"] < 900 || len(classes) != 2 {
		t.Errorf("%d posts of classes %v, want 2,000 and more of 0 and 1", len(seen), classes)
	}
	for _, lang := range []string{"en", "de", "fr", "es", "pt", "nl", "ja"} {
		if langs[lang] < 90 {
			t.Errorf("%d posts in %s, want at least 90", langs[lang], lang)
		}
	}
}
