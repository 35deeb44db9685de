package main

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// place gives every entry its moment and sorts by it. Moments are distinct
// milliseconds, so that ids made from them are, too.
func place(entries []*entry, r *random) []*post {
	var all []*post
	for _, e := range entries {
		all = append(all, &post{entry: e, at: e.moment(r)})
	}
	slices.SortStableFunc(all, func(a, b *post) int { return a.at.Compare(b.at) })
	for i, p := range all {
		p.seq = i
		if i > 0 && !p.at.After(all[i-1].at) {
			p.at = all[i-1].at.Add(time.Duration(1+r.below(40)) * time.Millisecond)
		}
	}
	return all
}

// cast chooses networks and authors, makes the ids, and finishes the texts.
func cast(all []*post, r *random) {
	people := newCrowd(r)
	for _, p := range all {
		p.network = network(p.entry, r)
		p.author = people.of(p.entry, p.network)
		switch p.network {
		case "m":
			p.number = mastodonID(p.at, r)
		case "x":
			p.number = xID(p.at, r)
		default:
			p.rkey, p.cid = tid(p.at, r), cid(r)
		}
		finish(p, r)
	}
}

// network keeps what the writer asked for, gives long texts to the networks
// that take them, and shares the rest out.
func network(e *entry, r *random) string {
	length := utf8.RuneCountInString(e.text)
	switch {
	case e.network != "":
		return e.network
	case length > 280 || strings.Contains(e.text, "@status.example"):
		return "m"
	}
	switch share := r.below(100); {
	case share < 44:
		return "m"
	case share < 81 || length > 250:
		return "b"
	}
	return "x"
}

// finish names the service where the text does not, as people do with a hashtag
// or by writing to the account, and gives some posts the tags and links that
// such posts have.
func finish(p *post, r *random) {
	th := themes[p.theme]
	if p.theme == "noise" || p.author.provider || p.author.bot {
		return
	}
	sep := " "
	if p.network == "m" && r.chance(0.5) {
		sep = "\n\n"
	}
	add := func(s string) {
		p.text += s
		if p.edited != "" {
			p.edited += s
		}
	}
	if !th.named.MatchString(p.text) {
		if p.network == "x" && r.chance(0.5) {
			p.text = "@" + th.mention + " " + p.text
		} else {
			add(sep + "#" + th.tag)
			sep = " "
		}
	}
	switch {
	case utf8.RuneCountInString(p.text) > 200 || strings.Contains(strings.ToLower(p.text), "#hug"):
	case p.stance == "support" && r.chance(0.14):
		add(sep + pick(r, []string{"#HugOps", "#HugOps", "#hugops", "#hugops 💙"}))
	case p.stance == "neutral" && p.network == "m" && r.chance(0.09):
		add(sep + pick(r, []string{"#outage", "#sysadmin", "#" + th.tag + "Down"}))
	case p.stance == "neutral" && p.phase > 0 && r.chance(0.06):
		p.linked = true
		if p.network != "b" { // on Bluesky the address becomes a card
			add(" " + th.page)
		}
	}
}

// converse makes some posts answers to an earlier one about the same outage, on
// the same network and in the same language.
func converse(all []*post, r *random) {
	for i, p := range all {
		if p.theme == "noise" || p.author.provider || p.author.bot || p.early || !r.chance(0.13) {
			continue
		}
		for j := i - 1; j >= 0 && p.at.Sub(all[j].at) < 25*time.Minute; j-- {
			q := all[j]
			public := !q.unlisted && !q.noBot && !q.noIndex && !q.deleted && !q.gone
			if q.theme == p.theme && q.network == p.network && q.lang == p.lang && q.author != p.author && public && r.chance(0.2) {
				p.reply = q
				break
			}
		}
	}
}
