// hugops on its own pages. Everything works without this file; it adds figures
// that move as posts arrive, local times on hover and the link to a Mastodon server. It talks to this site only and keeps nothing.
(() => {
  'use strict';

  // ---- figures that move: fetch this page again, change only what changed ----

  // morph makes a look like b and keeps what the visitor did: focus, scrolling,
  // open tables, typed words.
  const morph = (a, b) => {
    if (a.nodeType !== b.nodeType || a.nodeName !== b.nodeName) return a.replaceWith(document.importNode(b, true));
    if (a.nodeType !== 1) {
      if (a.data !== b.data) a.data = b.data;
      return;
    }
    if (a.hasAttribute('data-keep') || a.isEqualNode(b)) return;
    for (const { name } of [...a.attributes]) if (!b.hasAttribute(name) && !mine(a, name)) a.removeAttribute(name);
    for (const { name, value } of [...b.attributes]) if (a.getAttribute(name) !== value) a.setAttribute(name, value);
    morphChildren(a, b);
  };
  const mine = (el, name) => (el.nodeName === 'DETAILS' && name === 'open') || name === 'title' || (el.className === 'plot' && name !== 'class');
  const keyOf = (n) => n.nodeType === 1 && (n.getAttribute('data-key') || n.id);

  const morphChildren = (a, b) => {
    const keyed = new Map();
    for (const n of a.children) if (keyOf(n)) keyed.set(keyOf(n), n);
    let at = a.firstChild;
    for (const want of [...b.childNodes]) {
      while (at && at.nodeType === 1 && at.hasAttribute('data-mine')) at = at.nextSibling;
      const known = keyOf(want) && keyed.get(keyOf(want));
      if (known) {
        if (known !== at) a.insertBefore(known, at);
        at = known.nextSibling;
        morph(known, want);
      } else if (at && !keyOf(at) && !keyOf(want)) {
        const next = at.nextSibling;
        morph(at, want);
        at = next;
      } else {
        a.insertBefore(document.importNode(want, true), at);
      }
    }
    while (at) {
      const next = at.nextSibling;
      if (!(at.nodeType === 1 && at.hasAttribute('data-mine'))) at.remove();
      at = next;
    }
  };

  const main = document.querySelector('main[data-live]');
  let tag = null, failures = 0, timer = 0, asking = null;

  const refresh = async () => {
    asking = new AbortController();
    const late = setTimeout(() => asking.abort(), 15000);
    try {
      // no-cache asks the server with If-None-Match; the browser turns a 304 into what it has
      const answer = await fetch(location.href.split('#')[0], { cache: 'no-cache', headers: { Accept: 'text/html' }, signal: asking.signal });
      if (!answer.ok) throw new Error(answer.status);
      const now = answer.headers.get('ETag');
      failures = 0;
      if (now && now === tag) return;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.querySelector('main');
      if (fresh) {
        document.title = page.title;
        morphChildren(main, fresh);
        dress();
      }
      tag = now;
    } catch {
      failures++;
    } finally {
      clearTimeout(late);
    }
  };

  // ---- when to look: a stream says so, and where there is none, a clock ----

  // Every four seconds while there is no stream, slower while the server does not
  // answer; every minute with one, for what only time changes. Never while hidden.
  const plan = () => {
    clearTimeout(timer);
    if (document.hidden) return;
    const rest = stream?.readyState === EventSource.OPEN ? 60000 : 4000;
    const wait = Math.min(rest * 2 ** failures, 120000) * (0.9 + 0.2 * Math.random());
    timer = setTimeout(async () => { await refresh(); plan(); }, wait);
  };

  const [, kind, name] = location.pathname.match(/^\/(outages|services)\/([^/]+)$/) || [];
  const one = kind === 'outages';
  let stream = null, again = 0, soon = 0, looked = 0;

  // look looks soon, and every two seconds at most. Not all who hear of a change
  // may come at once.
  const look = () => {
    soon ||= setTimeout(async () => {
      await refresh();
      soon = 0;
      looked = Date.now();
      plan();
    }, Math.max(0, looked + 2000 - Date.now()) + 1000 * Math.random());
  };

  const listen = () => { // what /sources says changes with the clock
    if (stream || document.hidden || location.pathname === '/sources') return;
    let known = one; // the first thing said of one outage is what this page shows
    const source = stream = new EventSource(one ? `/api/v1/outages/${name}/live` : '/api/v1/live');
    source.addEventListener('outage', (e) => {
      const state = JSON.parse(e.data);
      if (one) tell(state.index);
      if (!known && (kind !== 'services' || state.service.slug === name)) look();
      known = false;
    });
    source.onopen = plan;
    source.onerror = () => { // it comes back by itself, unless it was refused
      if (source.readyState === EventSource.CLOSED && source === stream) {
        stream = null;
        again = setTimeout(listen, 60000 * (1 + Math.random()));
      }
      plan();
    };
  };

  const hush = () => {
    for (const t of [timer, soon, again, later]) clearTimeout(t);
    stream?.close();
    stream = null;
    soon = later = 0;
  };

  // tell says a new index to those who do not see it, once a minute at most.
  let heard, range, said, spoke = -Infinity, later = 0;
  const tell = (index) => {
    heard = index.enough ? Math.round(index.value) : undefined;
    range = `${Math.round(index.lower)} to ${Math.round(index.upper)}`;
    said ??= heard;
    if (heard === undefined || heard === said || later) return;
    later = setTimeout(() => {
      later = 0;
      if (heard === undefined || heard === said) return;
      said = heard;
      spoke = Date.now();
      voice.textContent = `Empathy index now ${heard} of 100, very likely ${range}.`;
    }, Math.max(0, spoke + 60000 - Date.now()));
  };
  const voice = document.createElement('p');

  if (main) {
    voice.className = 'vh';
    voice.setAttribute('aria-live', 'polite');
    document.body.append(voice);
    const wake = () => refresh().then(() => { plan(); listen(); });
    document.addEventListener('visibilitychange', () => (document.hidden ? hush() : wake()));
    addEventListener('pagehide', hush);
    addEventListener('pageshow', (e) => { if (e.persisted) wake(); });
    plan();
    listen();
  }

  // ---- small things ----

  const dress = () => {
    for (const t of document.querySelectorAll('time[datetime]')) {
      t.title = new Date(t.dateTime).toLocaleString([], { dateStyle: 'long', timeStyle: 'short' }) + ', your time';
    }
    for (const form of document.querySelectorAll('form.fedi')) form.hidden = false;
  };
  dress();

  // Opens the visitor's own server with the words filled in; nothing passes here.
  document.addEventListener('submit', (e) => {
    const form = e.target;
    if (!form.matches('form.fedi')) return;
    e.preventDefault();
    const server = form.elements.server.value.trim().replace(/^https?:\/\//, '').replace(/[/@].*$/, '');
    if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(server)) return form.elements.server.focus();
    window.open(`https://${server}/share?text=${encodeURIComponent(form.dataset.text)}`, '_blank', 'noopener,noreferrer');
  });
})();
