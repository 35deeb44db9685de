// Package web is the face of hugops: the pages that people read, the JSON and
// CSV that programs read, the widget, the iframe and the badge that status pages
// embed. It asks a [Store] and encodes the answer: one query, many shapes.
//
// It owns the words and the drawings. It refuses to show what must not be shown:
// no post's text, no handle, no picture, no index below [hugops.MinAuthors]
// people, no breakdown of fewer than five, nothing that lies in the future. It
// guarantees that every page works as HTML and SVG alone (script only adds live
// figures, one link of the composer, and to the chart values and a closer look), that a strict Content-Security-Policy
// without 'unsafe-inline' holds everywhere, that only /embed/… may be framed,
// that no answer sets a cookie and that no page calls a third party.
//
// # Addresses
//
//	/                                    all outages, the ongoing ones first; ?q=words
//	                                     ?days=30 ?network=x ?after=place (older ones)
//	/outages/{id}                        one outage
//	/services/{slug}                     one service, and its outages
//	/sources                             what each source sees, and saw in the last 24 hours
//	/methodology /data /embed /privacy /opt-out   prose
//	/outages.atom                        the outages as a feed (RFC 4287); ?service=slug
//	/outages/{id}/updates.atom           what the provider says of one, as a feed
//	/embed/{id} /embed/service/{slug}    the widget as a page, for an iframe; ?show=hugs ?theme=dark ?lang=de
//	/widget.js                           the widget as a custom element
//	/widget/{id} /widget/service/{slug}  the figures that it shows
//	/badge/{id}.svg .png .json           the badge, for mail, and for shields.io; ?show=hugs ?lang=de
//	/badge/service/{slug}.svg …          the badge of what goes on for a service
//	/card/{id}.svg .png                  the hug card, 1200 × 630: support only
//	/oembed?url=…                        oEmbed 1.0 of the addresses of outages and services
//	/api/v1/…                            the API: openapi.json has every address, parameter
//	                                     and shape; docs/API.md says how to use it
//	/api/v1/live /api/v1/outages/{id}/live   server-sent events
//	/problems/{name}                     what a kind of error of the API means
//	/healthz /readyz /metrics            for operators
//
// All answer GET and HEAD, the API OPTIONS too. Pages and API carry an ETag and answer If-None-Match
// with 304. Errors of the API are problem details (RFC 9457,
// application/problem+json), those of pages a page.
//
// # Streams
//
// An event of a live stream is the whole small state of one outage:
//
//	event: outage
//	id: 1795357590000
//	data: {"id": "nimbus-2026-11-22", "service": {…}, "title": "…", "started_at": "…", "ended_at": null,
//	  "open": true, "demo": true, "suspected": false, "merged_into": null, "index": {…}, "posts": 4121,
//	  "latest": {"at": "…", "bucket_seconds": 300, "support": 9, "venting": 9, "neutral": 21, "authors": 37},
//	  "updated_at": "2026-11-22T14:26:30Z"}
//
// latest is the last bucket of the series with posts, or null; merged_into the id of
// the outage that a suspected one turned out to be, which then is told of no more. The
// id is updated_at in milliseconds. Who comes back with Last-Event-ID is told the state
// of every outage that has changed since, or within the minute before. Who brings none is
// told what changes from then on, or, by the stream of one outage, its state. A line of
// comment comes every 15 seconds. Readers that take nothing for ten seconds are dropped;
// where too many listen the answer is 503, from one address 429, with Retry-After.
//
// # The API
//
// openapi.json is the contract, and what it does not say is refused: parameters are
// checked against it, the tests hold every answer against its schemas. Times are RFC 3339
// in UTC. Below [hugops.MinAuthors] people who took a side, value, lower and upper are
// null. Lists come by page; what each client may ask for in a minute is bounded (limiter).
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
