package train

import (
	"math/rand/v2"
	"strings"
)

// vary returns a text as another hand might have typed it: the corpus is tidier
// than real posts. It changes nothing that tells the stance.
func vary(text string, rng *rand.Rand) string {
	switch rng.IntN(6) {
	case 0:
		text = strings.ToLower(text)
	case 1:
		text = strings.TrimRight(text, ".")
	}
	if rng.IntN(5) == 0 {
		text = strings.NewReplacer("'", "", "’", "").Replace(text)
	}
	if rng.IntN(6) == 0 {
		text = typo(text, rng)
	}
	switch rng.IntN(12) {
	case 0:
		text = "@" + names[rng.IntN(len(names))] + " " + text
	case 1:
		text += " #" + names[rng.IntN(len(names))] + []string{"", "down", "outage"}[rng.IntN(3)]
	case 2:
		text += " https://example.com/x"
	case 3:
		text += " @" + names[rng.IntN(len(names))]
	}
	return text
}

// names are handles and tags of any service: they say nothing of the stance.
var names = strings.Fields("github slack aws cloudflare azure discord zoom npm heroku fastly spotify netflix okta verizon comcast gitlab openai telekom vodafone psn")

// typo swaps or drops one letter inside a word.
func typo(text string, rng *rand.Rand) string {
	b := []byte(text)
	if len(b) < 8 {
		return text
	}
	i := 1 + rng.IntN(len(b)-3)
	letter := func(c byte) bool { return 'a' <= c && c <= 'z' }
	if !letter(b[i-1]) || !letter(b[i]) || !letter(b[i+1]) {
		return text
	}
	if rng.IntN(2) == 0 {
		b[i], b[i+1] = b[i+1], b[i]
		return string(b)
	}
	return string(b[:i]) + string(b[i+1:])
}
