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

// Targets are the probabilities of whom a post blames, given that it vents: the
// people who run the service, the company and its leadership, or the situation;
// they sum to 1.
type Targets struct {
	People    float64 `json:"people"`
	Company   float64 `json:"company"`
	Situation float64 `json:"situation"`
}

// Target names whom a venting post blames.
type Target string

// The three targets.
const (
	People    Target = "people"
	Company   Target = "company"
	Situation Target = "situation"
)

// Target is the most probable one; a tie goes to the situation, the mildest.
func (t Targets) Target() Target {
	switch {
	case t.People > t.Company && t.People > t.Situation:
		return People
	case t.Company > t.People && t.Company > t.Situation:
		return Company
	}
	return Situation
}

// Verdict is what a stance model says of a text.
type Verdict struct {
	Probabilities Probabilities `json:"probabilities"`
	// Stance is the most probable class, neutral if the model abstained.
	Stance Stance `json:"stance"`
	// Abstained says that the model would be right in less than 60 % of such
	// cases, or does not know the language.
	Abstained bool `json:"abstained"`
	// Sarcasm is the probability that the words mean their opposite.
	Sarcasm float64 `json:"sarcasm"`
	Targets Targets `json:"targets"`
	// Lang is the language that the text was read in, a BCP 47 base tag; "und" if
	// nobody knows.
	Lang string `json:"lang"`
	// Model is the version of the model.
	Model string `json:"model"`
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
	Post Post `json:"post"`
	Verdict
	// Rules is the version of the linker.
	Rules string `json:"rules"`
	// Known is a digest of the outages that the links were chosen from. It is not
	// stored.
	Known    uint64   `json:"-"`
	Services []string `json:"services,omitempty"`
	// Troubled are those of Services that the post says are in trouble now.
	Troubled []string `json:"troubled,omitempty"`
	Links    []Link   `json:"links,omitempty"`
	// Gist is a fingerprint of the words of a linked post, by which copies are known
	// when its text is gone: eight bytes, of which two texts share as many as their
	// pairs of words overlap. 0 for what is too short to be told from chance.
	Gist uint64 `json:"-"`
}

// Deletion takes a post (by ID or alias) or everything of an author away.
type Deletion struct {
	Network Network
	ID      string
	Alias   string
	Author  string
}
