package suspect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func at(clock string) time.Time {
	if clock == "" {
		return time.Time{}
	}
	t, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return noon.Truncate(24 * time.Hour).Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute)
}

func crowd(service string, now, lately, minutes int) hugops.Crowd {
	return hugops.Crowd{Service: service, Now: now, Lately: lately, Minutes: minutes, Began: at("11:48"), Last: at("11:59")}
}

func known(id, service, from, to string) hugops.Outage {
	return hugops.Outage{ID: id, Service: service, StartedAt: at(from), EndedAt: at(to)}
}

func suspected(id, service, from, to string) hugops.Outage {
	o := known(id, service, from, to)
	o.Suspected, o.Source = true, "suspected"
	return o
}

func maintenance(o hugops.Outage) hugops.Outage { o.Impact = "maintenance"; return o }

// TestDecide is what is decided at noon. Actions is part of GitHub.
func TestDecide(t *testing.T) {
	parent := func(slug string) string { return map[string]string{"actions": "github"}[slug] }
	name := strings.ToUpper
	for _, c := range []struct {
		name    string
		crowds  []hugops.Crowd
		usual   Usual
		outages []hugops.Outage
		want    string
	}{
		{"nobody", nil, nil, nil, ""},
		{"a crowd", []hugops.Crowd{crowd("github", 12, 12, 4)}, nil, nil, "opens github 11:48"},
		{"a few", []hugops.Crowd{crowd("github", 11, 30, 9)}, nil, nil, ""},
		{"a post that is passed around", []hugops.Crowd{crowd("github", 50, 50, 3)}, nil, nil, ""},
		{"as many as on other days", []hugops.Crowd{crowd("github", 39, 80, 9)}, Usual{"github": 10}, nil, ""},
		{"many more than on other days", []hugops.Crowd{crowd("github", 40, 80, 9)}, Usual{"github": 10}, nil, "opens github 11:48"},
		{"an outage is known", []hugops.Crowd{crowd("github", 40, 80, 9)}, nil, []hugops.Outage{known("k", "github", "11:00", "")}, ""},
		{"it has just ended", []hugops.Crowd{crowd("github", 40, 80, 9)}, nil, []hugops.Outage{known("k", "github", "10:00", "11:45")}, ""},
		{"it ended long ago", []hugops.Crowd{crowd("github", 40, 80, 9)}, nil, []hugops.Outage{known("k", "github", "08:00", "09:00")}, "opens github 11:48"},
		{"a maintenance explains nothing", []hugops.Crowd{crowd("github", 40, 80, 9)}, nil, []hugops.Outage{maintenance(known("k", "github", "11:00", ""))}, "opens github 11:48"},
		{"the outage of another service", []hugops.Crowd{crowd("github", 40, 80, 9)}, nil, []hugops.Outage{known("k", "slack", "11:00", "")}, "opens github 11:48"},
		{"a part of what is out", []hugops.Crowd{crowd("actions", 40, 80, 9)}, nil, []hugops.Outage{known("k", "github", "11:00", "")}, ""},
		{"the whole, where a part is out", []hugops.Crowd{crowd("github", 40, 80, 9)}, nil, []hugops.Outage{known("k", "actions", "11:00", "")}, "opens github 11:48"},
		{"the whole and a part", []hugops.Crowd{crowd("actions", 30, 30, 9), crowd("github", 40, 80, 9)}, nil, nil, "opens github 11:48"},
		{"suspected already", []hugops.Crowd{crowd("github", 40, 80, 9)}, nil, []hugops.Outage{suspected("s", "github", "11:30", "")}, ""},
		{"the provider confirms it", []hugops.Crowd{crowd("github", 40, 80, 9)}, nil,
			[]hugops.Outage{suspected("s", "github", "11:30", ""), known("k", "github", "11:50", "")}, "s is k"},
		{"the provider knew it all along", nil, nil,
			[]hugops.Outage{suspected("s", "github", "11:30", ""), known("k", "github", "07:00", "")}, "s is k"},
		{"confirmed when it was over", nil, nil,
			[]hugops.Outage{suspected("s", "github", "09:00", "09:40"), known("k", "github", "09:10", "09:30")}, "s is k"},
		{"confirmed by the whole", nil, nil,
			[]hugops.Outage{suspected("s", "actions", "11:30", ""), known("k", "github", "11:50", "")}, "s is k"},
		{"another outage, much later", nil, nil,
			[]hugops.Outage{suspected("s", "github", "07:00", "07:40"), known("k", "github", "11:50", "")}, ""},
		{"it goes on", []hugops.Crowd{crowd("github", 5, 6, 3)}, nil, []hugops.Outage{suspected("s", "github", "11:30", "")}, ""},
		{"it fades", []hugops.Crowd{crowd("github", 2, 5, 2)}, nil, []hugops.Outage{suspected("s", "github", "11:30", "")}, "s ended 11:59"},
		{"it is gone", nil, nil, []hugops.Outage{suspected("s", "github", "11:30", "")}, "s ended 12:00"},
		{"faded, and a second crowd", []hugops.Crowd{crowd("github", 40, 80, 9)}, nil, []hugops.Outage{suspected("s", "github", "08:00", "09:00")}, "opens github 11:48"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, o := range Decide(noon, c.crowds, c.usual, c.outages, parent, name) {
				if err := o.Validate(); err != nil {
					t.Error(err)
				}
				switch {
				case !o.Suspected:
					t.Errorf("%s is no suspected outage", o.ID)
				case o.MergedInto != "":
					got = append(got, o.ID+" is "+o.MergedInto)
				case !o.EndedAt.IsZero():
					got = append(got, o.ID+" ended "+o.EndedAt.Format("15:04"))
				default:
					got = append(got, fmt.Sprintf("opens %s %s", o.Service, o.StartedAt.Format("15:04")))
				}
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}
