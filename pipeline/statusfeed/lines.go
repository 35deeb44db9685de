package statusfeed

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// line is one incident of an archive in JSON lines, by any of the names that
// archives use.
type line struct {
	ID         wire.ID             `json:"id"`
	NativeID   wire.ID             `json:"native_id"`
	Service    string              `json:"service"`
	Vendor     string              `json:"vendor"`
	Title      string              `json:"title"`
	Name       string              `json:"name"`
	URL        string              `json:"url"`
	StartedAt  stamp               `json:"started_at"`
	CreatedAt  stamp               `json:"created_at"`
	ResolvedAt stamp               `json:"resolved_at"`
	EndedAt    stamp               `json:"ended_at"`
	Impact     string              `json:"impact"`
	Components wire.Soft[[]string] `json:"components"`
	Updates    []struct {
		At        stamp  `json:"at"`
		CreatedAt stamp  `json:"created_at"`
		Status    string `json:"status"`
		Text      string `json:"text"`
		Message   string `json:"message"`
		Body      string `json:"body"`
	} `json:"updates"`
}

// isLines reports whether there are several JSON values, one a line, or one
// incident alone.
func isLines(raw []byte) bool {
	first, rest, _ := bytes.Cut(bytes.TrimSpace(raw), []byte("\n"))
	var l line
	return wire.UnmarshalFile(first, &l) == nil && cmp.Or(l.Title, l.Name) != "" && (len(rest) == 0 || bytes.HasPrefix(bytes.TrimSpace(rest), []byte("{")))
}

// parseLines reads an archive of incidents, one a line:
//
//	{"id","service","title","url","started_at","resolved_at","impact",
//	 "components","updates":[{"at","status","text"}]}
//
// Names that public archives use for the same are taken, too: native_id, vendor,
// name, created_at, ended_at; message and body. The id is the one in an address
// that ends in /incidents/ID, so that it is that of the status feed.
func parseLines(raw []byte, opt FileOptions) ([]hugops.Outage, error) {
	var outages []hugops.Outage
	var errs []error
	answers := map[string]*Answer{}
	var order []string
	n := 0
	for text := range bytes.Lines(raw) {
		if n++; len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		var l line
		err := wire.UnmarshalFile(text, &l)
		service := cmp.Or(opt.Service, l.Service, l.Vendor)
		if service == "" && err == nil {
			err = errors.New("the line does not tell whose outage it is: say it with --service")
		}
		if err != nil {
			errs = append(errs, wire.Invalidf("line %d: %w", n, err))
			continue
		}
		if answers[service] == nil {
			answers[service] = &Answer{}
			order = append(order, service)
		}
		each(answers[service], []jsontext.Value{bytes.TrimSpace(text)}, (*line).outage)
	}
	for _, service := range order {
		a := answers[service]
		a.assign(opt.Find(service))
		for _, bad := range a.Bad {
			errs = append(errs, wire.Invalidf("%s: %w in %.80s", service, bad.Err, bad.Raw))
		}
		outages = append(outages, a.Outages...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for i := range outages {
		outages[i].Source = "file"
	}
	return outages, nil
}

func (l *line) outage() (hugops.Outage, error) {
	o := hugops.Outage{FeedID: cmp.Or(string(l.NativeID), string(l.ID)), Title: cmp.Or(l.Title, l.Name), URL: l.URL, Impact: strings.ToLower(l.Impact),
		StartedAt: first(l.StartedAt, l.CreatedAt), EndedAt: first(l.ResolvedAt, l.EndedAt), Components: l.Components.V}
	if m := incidentPath.FindStringSubmatch(l.URL); m != nil {
		o.FeedID = m[1]
	}
	switch {
	case o.FeedID == "":
		return o, errors.New("id is missing")
	case o.Impact == "unknown":
		o.Impact = ""
	case !known(o.Impact):
		return o, fmt.Errorf("impact %q is none of none, minor, major, critical, maintenance", o.Impact)
	}
	for _, u := range l.Updates {
		o.Updates = append(o.Updates, hugops.Update{At: first(u.At, u.CreatedAt), Status: strings.ToLower(u.Status), Text: plain(cmp.Or(u.Text, u.Message, u.Body))})
	}
	return o, nil
}
