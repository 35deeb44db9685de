package statusfeed

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops/pipeline/wire"
)

// Sniff tells the kind of a feed from one answer of it, "" when it is none that
// is known. An empty array may be one of several, and is none.
func Sniff(raw []byte) string {
	text, err := utf8Of(raw)
	if err != nil {
		return ""
	}
	switch text = bytes.TrimSpace(text); {
	case len(text) == 0:
		return ""
	case text[0] == '<':
		return sniffXML(text)
	case text[0] == '[':
		return sniffArray(text)
	}
	return sniffObject(text)
}

func sniffXML(text []byte) string {
	f, err := parseXML(text)
	switch {
	case err != nil || f.title == "":
		return ""
	case f.root == "feed":
		return "atom"
	case strings.Contains(f.link, "aws.amazon.com"):
		return "aws"
	case strings.Contains(f.link, "azure.status.microsoft") || strings.HasPrefix(f.title, "Azure Status"):
		return "azure"
	}
	return "rss"
}

func sniffArray(text []byte) string {
	var list []map[string]jsontext.Value
	if wire.UnmarshalFile(text, &list) != nil || len(list) == 0 {
		return ""
	}
	for kind, members := range map[string][]string{
		"aws":    {"arn", "event_log"},
		"google": {"begin", "external_desc"},
		"slack":  {"notes", "date_created"},
		"heroku": {"full_url", "state"},
	} {
		if has(list[0], members...) {
			return kind
		}
	}
	return ""
}

func sniffObject(text []byte) string {
	var o map[string]jsontext.Value
	if wire.UnmarshalFile(text, &o) != nil {
		return ""
	}
	switch {
	case has(o, "ongoing_incidents"):
		return "incidentio"
	case has(o, "page"):
		return sniffPage(o)
	case has(o, "result"):
		return validAs("statusio", text)
	case has(o, "active_incidents", "status"):
		return "slack"
	case has(o, "data"):
		if kind := validAs("betterstack", text); kind != "" {
			return kind
		}
		return sniffCachet(o["data"])
	case has(o, "incidents", "status") && o["status"].Kind() == '[':
		return "heroku"
	}
	return ""
}

// sniffPage tells Instatus, whose page has a status, from Statuspage, whose page
// has an id, and from incident.io, which imitates it but for lists that are null.
func sniffPage(o map[string]jsontext.Value) string {
	var page map[string]jsontext.Value
	if wire.UnmarshalFile(o["page"], &page) != nil {
		return ""
	}
	switch {
	case has(page, "status"):
		return "instatus"
	case has(o, "incidents") && o["incidents"].Kind() == 'n', has(o, "scheduled_maintenances") && o["scheduled_maintenances"].Kind() == 'n':
		return "incidentio"
	case has(page, "name"), has(page, "id"):
		return "statuspage"
	}
	return ""
}

func sniffCachet(data jsontext.Value) string {
	var list []struct {
		Type string `json:"type"`
	}
	if wire.UnmarshalFile(data, &list) == nil && len(list) > 0 && (list[0].Type == "incidents" || list[0].Type == "schedules") {
		return "cachet"
	}
	return ""
}

// validAs returns the kind when its parser takes the text.
func validAs(name string, text []byte) string {
	if k, err := kindOf(name); err == nil {
		if _, err := k.parse(text); err == nil {
			return name
		}
	}
	return ""
}

func has(o map[string]jsontext.Value, members ...string) bool {
	for _, m := range members {
		if _, ok := o[m]; !ok {
			return false
		}
	}
	return true
}
