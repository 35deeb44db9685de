// Package web is the face of hugops: the pages that people read, the JSON and
// CSV that programs read, the widget, the iframe and the badge that status pages
// embed. It asks a [Store] and encodes the answer: one query, many shapes.
//
// It owns the words and the drawings. It refuses to show what must not be shown:
// no post's text, no handle, no picture, no index below [hugops.MinAuthors]
// people, no breakdown of fewer than five, nothing that lies in the future. It
// guarantees that every page works as HTML and SVG alone (script only adds hover,
// live figures and one link of the composer), that a strict Content-Security-Policy
// without 'unsafe-inline' holds everywhere, that only /embed/… may be framed,
// that no answer sets a cookie and that no page calls a third party.
//
// # Addresses
//
//	/                                    all outages, the ongoing ones first
//	/outages/{id}                        one outage
//	/sources                             what each source sees, and saw in the last 24 hours
//	/methodology /data /embed /privacy   prose
//	/outages.atom                        the outages as a feed (RFC 4287)
//	/outages/{id}/updates.atom           what the provider says of one, as a feed
//	/embed/{id} /embed/service/{slug}    the widget as a page, for an iframe; ?show=hugs ?theme=dark ?lang=de
//	/widget.js                           the widget as a custom element
//	/widget/{id} /widget/service/{slug}  the figures that it shows
//	/badge/{id}.svg .png .json           the badge, for mail, and for shields.io; ?show=hugs ?lang=de
//	/badge/service/{slug}.svg …          the badge of what goes on for a service
//	/card/{id}.svg .png                  the hug card, 1200 × 630: support only
//	/oembed?url=…                        oEmbed 1.0 of the addresses of outages and services
//	/api/v1/outages                      list; ?service=slug ?open=true ?limit=1…500
//	/api/v1/outages/{id}                 one outage with everything its page shows
//	/api/v1/outages/{id}/series          posts over time; ?bucket=5m (whole minutes, to 24h)
//	/api/v1/outages/{id}/series.csv      the same columns as CSV
//	/api/v1/outages/{id}/coverage.csv    what was seen and what was not, by network
//	/api/v1/sources                      what each source saw in the last 24 hours
//	/healthz /readyz /metrics            for operators
//
// All answer GET and HEAD. Pages and API carry an ETag and answer If-None-Match
// with 304. Errors of the API are problem details (RFC 9457,
// application/problem+json), those of pages a page.
//
// # Shapes
//
// Times are RFC 3339 in UTC. Below 30 people who took a side, value, lower and
// upper are null. The list:
//
//	{"outages": [{
//	  "id": "nimbus-2026-11-22",
//	  "service": {"slug": "nimbus-cloud", "name": "Nimbus Cloud"},
//	  "title": "Storage errors in eu-north",
//	  "started_at": "2026-11-22T11:14:00Z", "ended_at": null,
//	  "open": true, "demo": true, "suspected": false,
//	  "url": "https://status.nimbus-cloud.example/incidents/1",
//	  "index": {"enough": true, "value": 72.1, "lower": 66.2, "upper": 77.8,
//	    "authors": 3401, "sided": 1284, "support": 921, "venting": 363},
//	  "posts": 4120,
//	  "links": {"self": "…/api/v1/outages/nimbus-2026-11-22",
//	    "html": "…/outages/nimbus-2026-11-22",
//	    "series": "…/api/v1/outages/nimbus-2026-11-22/series",
//	    "widget": "…/embed/nimbus-2026-11-22"}}]}
//
// One outage is such an entry with more members: parent (the id of the outage that it
// fell with, or null), impact, components, updates
// [{at, status, text}], first_post, last_post (null when there is none),
// influence (the most that one person moves the index, in points), curve
// [{at, value, lower, upper}] (the index over the hour that ends at "at"; only
// hours with enough people), by_network and by_language [{key, index}],
// coverage [{network, from, to, state}], abstained (posts of which the model did not
// say a stance; they count as neutral), blame, evidence [{kind, posts}] (what links
// the posts to the outage, cells of fewer than five left out) and model. blame is {posts, people,
// company, situation, sarcasm}: over the venting posts, the mean probability, 0 to 1,
// of blaming the people on duty, the company or the situation, and of sarcasm; null
// where fewer than five people vented. The series:
//
//	{"outage": "nimbus-2026-11-22", "bucket_seconds": 300,
//	  "series": [{"at": "2026-11-22T11:15:00Z",
//	    "support": 9, "venting": 9, "neutral": 21, "authors": 37}]}
//
// support, venting and neutral count posts, authors distinct people within the
// bucket; a bucket without posts may be missing. The sources:
//
//	{"from": "2026-11-21T14:26:00Z", "to": "2026-11-22T14:26:00Z",
//	  "sources": [{"source": "mastodon:mastodon.example/public", "network": "mastodon",
//	    "state": "live", "since": "2026-11-22T03:00:00Z",
//	    "last": "2026-11-22T14:25:00Z", "share": 1,
//	    "seen": 6174, "kept": 2058, "withheld": 1372,
//	    "coverage": [{"from": "…", "to": "…", "state": "live"}]}]}
//
// seen counts the posts that reached the filter, kept those that went on, withheld
// those left out because their authors opted out; share is how much of the time
// since its first minute the source saw, wholly or in part. For a source that reads
// files, state, since and share are null, and last is the minute of its last post.
//
// The figures of a widget follow widget.js and may change with it. They are rounded as
// it says them; outage is null when all is well, more counts the other outages of the
// service that go on:
//
//	{"outage": {"id": "nimbus-2026-11-22", "open": true, "demo": true, "suspected": false,
//	    "url": "…/outages/nimbus-2026-11-22",
//	    "index": {"enough": true, "value": 72, "lower": 66, "upper": 78, "sided": 1284, "support": 921}},
//	  "more": 0, "all": "…/services/nimbus-cloud"}
package web
