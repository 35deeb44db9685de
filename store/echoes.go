package store

import (
	"slices"
	"time"

	"github.com/hugops/hugops"
)

// The time before and after an update in which people's answer is looked for.
const (
	answerLong  = 60 * 60
	answerShort = 15 * 60
)

// echo gathers who wrote before and after an update.
type echo struct {
	answer        hugops.Answer
	from, at, to  int64 // Unix seconds of whole minutes
	before, after group
}

// echoesOf prepares for the updates of an outage.
func echoesOf(updates []hugops.Update) []echo {
	updates = slices.Clone(updates)
	slices.SortStableFunc(updates, func(a, b hugops.Update) int { return a.At.Compare(b.At) })
	var list []echo
	for _, u := range updates {
		at := minuteOf(u.At)
		e := echo{answer: hugops.Answer{At: u.At.UTC(), Status: u.Status}, from: at - answerLong, at: at, to: at + answerLong}
		if n := len(list); n > 0 && list[n-1].at == at {
			list[n-1] = e
		} else {
			list = append(list, e)
		}
	}
	for i := range list {
		e := &list[i]
		if i > 0 {
			e.from = min(max(e.from, list[i-1].at), e.at-answerShort)
		}
		if i+1 < len(list) {
			e.to = max(min(e.to, list[i+1].at), e.at+answerShort)
		}
		e.answer.From, e.answer.To = time.Unix(e.from, 0).UTC(), time.Unix(e.to, 0).UTC()
	}
	return list
}

// castAnswers adds the author's ballots to the times around the updates.
func (t *tally) castAnswers() {
	first, last := t.votes[0].minute, t.votes[0].minute
	for i := range t.votes {
		first, last = min(first, t.votes[i].minute), max(last, t.votes[i].minute)
	}
	for i := range t.answers {
		e := &t.answers[i]
		if last < e.from || e.to <= first {
			continue
		}
		t.cast(&e.before, func(v *vote) bool { return e.from <= v.minute && v.minute < e.at })
		t.cast(&e.after, func(v *vote) bool { return e.at <= v.minute && v.minute < e.to })
	}
}

// answered computes the indices around the updates. The tally must have ended.
func (t *tally) answered(e *estimator) []hugops.Answer {
	list := make([]hugops.Answer, len(t.answers))
	for i := range t.answers {
		a := &t.answers[i]
		before, after := e.estimate(&a.before), e.estimate(&a.after)
		list[i] = a.answer
		list[i].Before, list[i].After, list[i].Change = before.index, after.index, e.change(&before, &after)
	}
	return list
}
