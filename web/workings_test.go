package web

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hugops/hugops"
)

// answered is an outage with a trend, and with an update that many people answered
// and one that hardly anybody did.
func answered() *shelf {
	x := hugops.Index{Enough: true, Value: 72.14, Lower: 66.2, Upper: 77.81, Raw: 72.3, EMQ: 71.9, Authors: 340, Sided: 128, Support: 92, Venting: 36, Copies: 25, Bursts: 2, Influence: .41}
	few := hugops.Index{Authors: 4, Sided: 4, Support: 3, Venting: 1}
	d := hugops.Detail{Summary: hugops.Summary{Outage: hugops.Outage{ID: "pond-1", Service: "pond", StartedAt: at("11:00")}, Index: x, Posts: 400,
		Trend: hugops.Change{Known: true, Value: -8.26, Lower: -15.1, Upper: -1.44}}}
	d.Answers = []hugops.Answer{
		{At: at("12:00"), Status: "identified", From: at("11:00"), To: at("13:00"), Before: x, After: x, Change: hugops.Change{Known: true, Value: .04, Lower: .01, Upper: 9}},
		{At: at("14:20"), Status: "monitoring", From: at("13:20"), To: at("15:20"), Before: x, After: few},
	}
	estimate := &hugops.Estimate{Mean: [3]float64{.5, .2, .3}, Raw: .7, Weight: .97}
	for range 12 {
		estimate.Ballots = append(estimate.Ballots, hugops.Ballot{Voters: 1, Support: .8, Venting: .1})
	}
	return &shelf{details: []hugops.Detail{d}, estimate: estimate}
}

// TestAnswersInJSON: what programs get of trend, copies and answers to updates, and
// that it is as described. Nothing is said of fewer than five people.
func TestAnswersInJSON(t *testing.T) {
	h := newSite(t, answered())
	body := get(t, h, "/api/v1/outages/pond-1").Body.Bytes()
	for _, want := range []string{
		`"trend":{"direction":-1,"value":-8.3,"lower":-15.1,"upper":-1.4}`,
		`"copies":{"accounts":25,"bursts":2}`,
		`{"at":"2026-11-22T12:00:00Z","status":"identified","from":"2026-11-22T11:00:00Z","to":"2026-11-22T13:00:00Z","before":{"enough":true,"value":72.1,`,
		`"change":{"direction":1,"value":0,"lower":0,"upper":9}`, // by the interval before it was rounded
		`"after":null,"change":null}]`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("%s is missing in %s", want, body)
		}
	}
	_, schema := describe(t).answer(t, "/api/v1/outages/{id}", "200", "application/json")
	if err := schema.Validate(decoded(t, "json", body)); err != nil {
		t.Error(err)
	}
}

// TestWorkingsInPublic: the answer is as described, and shows no ballot of fewer than
// five people, though the store has such.
func TestWorkingsInPublic(t *testing.T) {
	h := newSite(t, answered())
	body := get(t, h, "/api/v1/outages/pond-1/index").Body.Bytes()
	_, schema := describe(t).answer(t, "/api/v1/outages/{id}/index", "200", "application/json")
	if err := schema.Validate(decoded(t, "json", body)); err != nil {
		t.Error(err)
	}
	var w hugops.Workings
	if err := json.Unmarshal(body, &w); err != nil {
		t.Fatal(err)
	}
	voters := 0
	for _, b := range w.Estimate.Ballots {
		if voters += b.Voters; b.Voters < 5 {
			t.Errorf("a ballot of %d", b.Voters)
		}
	}
	if voters != 12 || w.Index.Value != 72.14 {
		t.Errorf("%s", body)
	}
}
