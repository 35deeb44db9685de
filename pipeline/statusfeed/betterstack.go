package statusfeed

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// betterStack is index.json of a Better Stack page (JSON:API): the page, and what
// it includes, in one list of many types.
type betterStack struct {
	Data *struct {
		Type       string `json:"type"`
		Attributes struct {
			Name    string `json:"company_name"`
			Updated stamp  `json:"updated_at"`
		} `json:"attributes"`
	} `json:"data"`
	Included []jsontext.Value `json:"included"`
}

// betterStackThing has the members of all types that matter.
type betterStackThing struct {
	ID         wire.ID `json:"id"`
	Type       string  `json:"type"`
	Attributes struct {
		// status_page_resource
		PublicName string `json:"public_name"`
		// status_report
		Title    string `json:"title"`
		Type     string `json:"report_type"` // manual, automatic, maintenance
		Starts   stamp  `json:"starts_at"`
		Ends     stamp  `json:"ends_at"` // null on reports that are resolved, too
		State    string `json:"aggregate_state"`
		Affected wire.Soft[[]struct {
			Resource wire.ID `json:"status_page_resource_id"`
			Status   string  `json:"status"`
		}] `json:"affected_resources"`
		// status_update
		Message   string  `json:"message"`
		Published stamp   `json:"published_at"`
		Report    wire.ID `json:"status_report_id"`
	} `json:"attributes"`
	Relationships struct {
		Updates struct {
			Data []struct {
				ID wire.ID `json:"id"`
			} `json:"data"`
		} `json:"status_updates"`
	} `json:"relationships"`
}

func parseBetterStack(raw []byte) (Answer, error) {
	var p betterStack
	if err := unmarshal(raw, &p); err != nil {
		return Answer{}, err
	}
	if p.Data == nil || p.Data.Type != "status_page" {
		return Answer{}, errors.New("no \"data\" of type status_page: this is no Better Stack page")
	}
	a := Answer{Name: p.Data.Attributes.Name}
	updates, resources := map[wire.ID]betterStackThing{}, map[wire.ID]string{}
	var reports []jsontext.Value
	for i, raw := range p.Included {
		var t betterStackThing
		err := wire.UnmarshalFile(raw, &t)
		switch {
		case t.Type == "status_report":
			reports = append(reports, raw) // a malformed one is told with the others
		case t.Type == "status_update" && err == nil:
			updates[t.ID] = t
		case t.Type == "status_update":
			a.Bad = append(a.Bad, Malformed{raw, errors.New("update: " + err.Error())})
		case t.Type == "status_page_resource":
			resources[t.ID] = t.Attributes.PublicName
		case t.Type == "" && err != nil:
			a.Bad = append(a.Bad, Malformed{raw, wire.Invalidf("included[%d]: %w", i, err)})
		}
	}
	each(&a, reports, func(t *betterStackThing) (hugops.Outage, error) { return t.outage(updates, resources) })
	return a, nil
}

func (t *betterStackThing) outage(updates map[wire.ID]betterStackThing, resources map[wire.ID]string) (hugops.Outage, error) {
	at := &t.Attributes
	if t.ID == "" {
		return hugops.Outage{}, errors.New("id is missing")
	}
	o := hugops.Outage{FeedID: string(t.ID), Title: at.Title, StartedAt: at.Starts.Time, Severity: at.State, Impact: betterStackImpact(at.State)}
	last := o.StartedAt
	for _, ref := range t.Relationships.Updates.Data {
		u, ok := updates[ref.ID]
		if !ok {
			continue
		}
		o.Updates = append(o.Updates, hugops.Update{At: u.Attributes.Published.Time, Text: plain(u.Attributes.Message)})
		last = later(last, u.Attributes.Published.Time)
		for _, r := range u.Attributes.Affected.V {
			o.Components = append(o.Components, resources[r.Resource])
			o.Impact = worse(o.Impact, betterStackImpact(r.Status))
		}
	}
	for _, r := range at.Affected.V {
		o.Components = append(o.Components, resources[r.Resource])
	}
	switch {
	case at.Type == "maintenance":
		o.Impact, o.EndedAt = "maintenance", at.Ends.Time
	case at.State == "resolved":
		o.EndedAt = last
		if !at.Ends.IsZero() {
			o.EndedAt = at.Ends.Time
		}
	}
	return o, nil
}

func betterStackImpact(state string) string {
	switch state {
	case "downtime":
		return "critical"
	case "degraded":
		return "minor"
	case "maintenance":
		return "maintenance"
	}
	return ""
}
