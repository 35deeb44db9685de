package main

import (
	"maps"
	"strings"
	"testing"
)

// TestParseTokens lists what a token file may hold. No error shows a token.
func TestParseTokens(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want map[string]string
		err  string
	}{
		"nothing":              {"", map[string]string{}, ""},
		"one token":            {"s3cret\n", map[string]string{"": "s3cret"}, ""},
		"one token, padded":    {"s3cret==", map[string]string{"": "s3cret=="}, ""},
		"hosts":                {"# mine\r\na.example s3cret\r\n\r\nB.Example\tother\r\n", map[string]string{"a.example": "s3cret", "b.example": "other"}, ""},
		"pairs":                {"a.example=s3cret\nlocalhost:3000=o=", map[string]string{"a.example": "s3cret", "localhost:3000": "o="}, ""},
		"an address":           {"https://a.example/ s3cret", map[string]string{"a.example": "s3cret"}, ""},
		"three words":          {"a.example is s3cret", nil, "line 1 is neither"},
		"two tokens":           {"s3cret\nother", nil, "line 2 is a second token"},
		"one host twice":       {"a.example s3cret\nA.example other", nil, "line 2 is a second token"},
		"not by https":         {"http://a.example s3cret", nil, "line 1 is neither"},
		"a password in a host": {"https://u:s3cret@a.example s3cret", nil, "line 1 is neither"},
	} {
		got, err := parseTokens(c.text, "FILE")
		switch {
		case c.err == "" && (err != nil || !maps.Equal(got, c.want)):
			t.Errorf("%s: %v, %v", name, got, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), "FILE: "+c.err)):
			t.Errorf("%s: error %v", name, err)
		case err != nil && strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%s: %v shows the token", name, err)
		}
	}
}
