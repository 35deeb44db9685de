package hugops

// Stance is the author's stance to the people who run a service.
type Stance string

// The three stances, as docs/METHOD.md defines them.
const (
	Support Stance = "support"
	Venting Stance = "venting"
	Neutral Stance = "neutral"
)

// Probabilities are calibrated class probabilities; they sum to 1.
type Probabilities struct {
	Support float64 `json:"support"`
	Venting float64 `json:"venting"`
	Neutral float64 `json:"neutral"`
}

// Stance is the most probable class; a tie goes to neutral.
func (p Probabilities) Stance() Stance {
	switch {
	case p.Support > p.Venting && p.Support > p.Neutral:
		return Support
	case p.Venting > p.Support && p.Venting > p.Neutral:
		return Venting
	}
	return Neutral
}

// Link says that a post is about an outage.
type Link struct {
	Outage      string  `json:"id"`
	Probability float64 `json:"probability"`
	// Evidence is what spoke for it, e.g. "alias:github", "url:githubstatus.com",
	// "time:during".
	Evidence []string `json:"evidence"`
}

// Reading is a post with what hugops made of it.
type Reading struct {
	Post          Post          `json:"post"`
	Probabilities Probabilities `json:"probabilities"`
	Stance        Stance        `json:"stance"`
	// Model is the version of the stance model, Rules that of the linker.
	Model    string   `json:"model"`
	Rules    string   `json:"rules"`
	Services []string `json:"services,omitempty"`
	Links    []Link   `json:"links,omitempty"`
}

// Deletion takes a post (by ID or alias) or everything of an author away.
type Deletion struct {
	Network Network
	ID      string
	Alias   string
	Author  string
}
