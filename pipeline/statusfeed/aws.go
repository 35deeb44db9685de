package statusfeed

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// awsEvent is one member of the AWS Health Dashboard's currentevents: an array,
// in UTF-16, of what goes on and of what was resolved some hours ago. Status is a
// string here and a number in the log; sources differ on what 1 to 3 mean, but
// "0" alone is over.
type awsEvent struct {
	ARN         string  `json:"arn"`
	Date        stamp   `json:"date"` // epoch
	Region      string  `json:"region_name"`
	Service     string  `json:"service"` // "s3-us-east-1"
	ServiceName string  `json:"service_name"`
	Status      wire.ID `json:"status"`
	Summary     string  `json:"summary"`
	End         stamp   `json:"end_time"`
	Log         []struct {
		Summary string  `json:"summary"`
		Message string  `json:"message"`
		Status  wire.ID `json:"status"`
		At      stamp   `json:"timestamp"`
	} `json:"event_log"`
	Impacted wire.Soft[map[string]struct {
		Name string `json:"service_name"`
	}] `json:"impacted_services"`
}

// parseAWS reads currentevents or, when the answer is XML, rss/all.rss.
func parseAWS(raw []byte) (Answer, error) {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("<")) {
		return parseAWSRSS(raw)
	}
	var list []jsontext.Value
	if err := unmarshal(raw, &list); err != nil {
		return Answer{}, err
	}
	if list == nil {
		return Answer{}, errors.New("no array of events")
	}
	a := Answer{Name: "AWS", Ongoing: true}
	each(&a, list, (*awsEvent).outage)
	return a, nil
}

func (e *awsEvent) outage() (hugops.Outage, error) {
	if e.ARN == "" {
		return hugops.Outage{}, errors.New("arn is missing")
	}
	o := hugops.Outage{FeedID: lastSegment("arn://" + e.ARN), Title: awsTitle(e.Summary, e.ServiceName, e.Region), StartedAt: e.Date.Time,
		URL: "https://health.aws.amazon.com/health/status", Impact: awsImpact(string(e.Status)), Severity: string(e.Status)}
	if e.ServiceName != "" && !strings.EqualFold(e.ServiceName, "multiple services") {
		o.Components = []string{e.ServiceName}
	}
	for _, key := range slices.Sorted(maps.Keys(e.Impacted.V)) {
		o.Components = append(o.Components, e.Impacted.V[key].Name)
	}
	if region := awsRegion(e.ARN, e.Service); region != "" {
		o.Regions = []string{region}
	}
	for _, l := range e.Log {
		status := awsStatus(l.Summary)
		if l.Status == "0" {
			status = "resolved"
		}
		o.Updates = append(o.Updates, hugops.Update{At: l.At.Time, Status: status, Text: l.Message})
		if o.StartedAt.IsZero() {
			o.StartedAt = l.At.Time
		}
	}
	if e.Status == "0" {
		for _, u := range o.Updates {
			o.EndedAt = later(o.EndedAt, u.At)
		}
		o.EndedAt = later(cmp.Or(e.End.Time, o.EndedAt), o.StartedAt)
		o.Impact, o.Severity = awsImpact(e.worst()), e.worst()
	}
	return o, nil
}

// worst is the worst status of the log, for an event that is over.
func (e *awsEvent) worst() string {
	worst := wire.ID("0")
	for _, l := range e.Log {
		if len(l.Status) == 1 {
			worst = max(worst, l.Status)
		}
	}
	return string(worst)
}

func awsImpact(status string) string {
	switch status {
	case "1":
		return "minor"
	case "2":
		return "major"
	case "3":
		return "critical"
	}
	return ""
}

// awsStatus is "resolved" for a title that says so.
func awsStatus(title string) string {
	if strings.Contains(title, "[RESOLVED]") || strings.HasPrefix(title, "Service is operating normally") {
		return "resolved"
	}
	return ""
}

// awsTitle is what happened, to what, and where.
func awsTitle(summary, service, region string) string {
	summary = strings.TrimSpace(strings.ReplaceAll(summary, "[RESOLVED]", ""))
	where := strings.Trim(service+" ("+region+")", " ()")
	if service != "" && region != "" {
		where = service + " (" + region + ")"
	}
	if where == "" {
		return summary
	}
	return where + ": " + summary
}

// awsRegion is the code of the region: the fourth part of the arn, or what stands
// behind the service's name ("s3-us-east-1").
func awsRegion(arn, service string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 3 && parts[3] != "" {
		return parts[3]
	}
	return regionCode.FindString(service)
}
