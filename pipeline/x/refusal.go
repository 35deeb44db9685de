package x

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/hugops/hugops/pipeline/live"
)

// problem is how X says what is wrong: as the body of an answer, as a line of
// the stream, or in errors of either.
type problem struct {
	Title           string    `json:"title"`
	Detail          string    `json:"detail"`
	Type            string    `json:"type"`
	Reason          string    `json:"reason"`
	ConnectionIssue string    `json:"connection_issue"`
	DisconnectType  string    `json:"disconnect_type"`
	Value           string    `json:"value"` // the rule that it is about
	Errors          []problem `json:"errors"`
}

// is reports whether the problem is of a type, which X writes as an address.
func (p *problem) is(kind string) bool { return strings.HasSuffix(p.Type, "/"+kind) }

func (p *problem) String() string {
	return printable(strings.TrimSpace(p.Title + ": " + p.Detail))
}

// printable is what a server says, fit for a log.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return strings.Trim(s, ": ")
}

// refusal is an answer that is no success.
type refusal struct {
	Status int
	problem
	Reset time.Duration // until the rate limit begins anew; 0 if X does not say
}

func (e *refusal) Error() string {
	text := fmt.Sprintf("X answered %d", e.Status)
	if said := e.problem.String(); said != "" {
		text += " (" + said + ")"
	}
	if advice := e.advice(); advice != "" {
		text += ": " + advice
	}
	return text
}

const (
	console     = "in the developer console (console.x.com), open your app"
	bearerToken = console + " and its keys and tokens, and generate the Bearer Token (app-only); " +
		"not the API Key & Secret (consumer keys), and not an Access Token, which is a user's"
)

// advice is what to do, in the words of X's developer console.
func (e *refusal) advice() string {
	switch {
	case e.is("unsupported-authentication"):
		return "this is a user's token, and the stream needs the app's: " + bearerToken
	case e.Status == http.StatusUnauthorized:
		return "the token is not accepted; it may have been regenerated or revoked: " + bearerToken
	case e.Reason == "client-not-enrolled" || e.is("client-forbidden"):
		return "the app may not use this part of the API: " + console + " and move it into a project with Pay-per-use access (environment Production)"
	case e.Status == http.StatusForbidden:
		return "the app has no right to this: " + console + " and look at its access"
	case e.capped():
		return "X stops here: the credits are used up, or a limit set at X is reached; in the developer console (console.x.com) look at the credit balance and the spending limit"
	case e.tooManyConnections():
		return "the one connection that the app has is taken: another process reads with this token, or X has not noticed yet that our last connection ended, which may take 20 minutes"
	case e.Status == http.StatusTooManyRequests:
		return "too many requests; hugops waits until X allows more"
	case e.Status/100 == 3:
		return "redirects are not followed, so that the token stays with X; is the address right?"
	case e.Status/100 == 5:
		return "X has trouble itself; hugops tries again"
	}
	return ""
}

// capped reports whether X refuses since what may be spent is spent.
func (e *refusal) capped() bool {
	return e.Status == http.StatusPaymentRequired || e.is("usage-capped") || e.is("credits") || strings.Contains(e.Title, "UsageCapExceeded")
}

func (e *refusal) tooManyConnections() bool {
	return e.ConnectionIssue == "TooManyConnections" || e.is("streaming-connection") && e.Status == http.StatusTooManyRequests
}

// bad reports whether the credentials or rights are what is wrong.
func (e *refusal) bad() bool {
	return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
}

// lasting reports whether the same request would be refused again.
func (e *refusal) lasting() bool {
	return e.Status/100 == 4 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusRequestTimeout && !e.capped() || e.Status/100 == 3
}

// pauses are the waits that X asks for between connections, by the class of what
// went wrong ("Handling disconnections" of its documentation). They are jittered
// by half, so each begins with twice what is asked for; and where X lets them grow
// linearly (network), they double.
type pauses struct {
	network, http, rate, taken live.Pauses
	capped                     time.Duration // after X said that the money is spent
}

var documented = pauses{
	network: live.Pauses{Min: 500 * time.Millisecond, Max: 16 * time.Second},
	http:    live.Pauses{Min: 10 * time.Second, Max: 320 * time.Second},
	rate:    live.Pauses{Min: 2 * time.Minute, Max: 16 * time.Minute},
	taken:   live.Pauses{Min: 2 * time.Minute, Max: 20 * time.Minute},
	capped:  15 * time.Minute,
}

// of gives an error the pauses of its class.
func (p pauses) of(err error) error {
	var e *refusal
	switch {
	case !errors.As(err, &e):
		return err
	case e.tooManyConnections():
		return live.Paused(err, p.taken)
	case e.Status == http.StatusTooManyRequests:
		return live.Paused(err, p.rate)
	}
	return live.Paused(err, p.http)
}

// checkToken finds what is plainly no bearer token of an app. The error never
// shows it.
func checkToken(token string) error {
	letters := strings.IndexFunc(token, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) < 0
	owner, rest, dashed := strings.Cut(token, "-")
	decoded, _ := base64.RawURLEncoding.DecodeString(strings.TrimRight(token, "="))
	what := ""
	switch {
	case token == "":
		return errors.New("no token is given: " + bearerToken)
	case strings.IndexFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0:
		return errors.New("the token has a space, a line's end or a strange sign in it: the file must hold the Bearer Token and nothing else, not even the word Bearer")
	case dashed && len(rest) >= 30 && strings.Trim(owner, "0123456789") == "":
		what = "a user's Access Token (OAuth 1.0a)"
	case strings.Contains(string(decoded), ":at:"):
		what = "a user's Access Token (OAuth 2.0)"
	case letters && len(token) == 25:
		what = "an API Key (consumer key)"
	case letters && (len(token) == 50 || len(token) == 45):
		what = "a secret: of the API Key, or of an Access Token"
	default:
		return nil
	}
	return fmt.Errorf("the token looks like %s: %s", what, bearerToken)
}
