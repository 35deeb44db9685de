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

  // Every four seconds, slower while the server does not answer, never while hidden.
  const plan = () => {
    clearTimeout(timer);
    if (document.hidden) return;
    const wait = Math.min(4000 * 2 ** failures, 120000) * (0.9 + 0.2 * Math.random());
    timer = setTimeout(async () => { await refresh(); plan(); }, wait);
  };
  if (main) {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return clearTimeout(timer);
      refresh().then(plan);
    });
    plan();
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
