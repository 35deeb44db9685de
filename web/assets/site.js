// hugops on its own pages. Everything works without this file; it adds figures
// that move as posts arrive, values under the pointer, local times on hover and
// the link to a Mastodon server. It talks to this site only and keeps nothing.
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

  // ---- values under the pointer, read from the table behind the chart ----

  const visible = (plot) => [...plot.querySelectorAll('svg.chart')].find((s) => s.getClientRects().length);

  class Pointer {
    constructor(plot) {
      this.plot = plot;
      this.hair = this.make('div', 'hair');
      this.tip = this.make('div', 'tip');
      this.tip.setAttribute('aria-live', 'polite');
      plot.tabIndex = 0;
      plot.setAttribute('role', 'group');
      plot.setAttribute('aria-label', 'Chart; use the arrow keys to read its values, Escape to leave');
      plot.addEventListener('pointermove', (e) => this.point(e));
      plot.addEventListener('pointerleave', () => this.hide());
      plot.addEventListener('keydown', (e) => this.key(e));
      plot.addEventListener('blur', () => this.hide());
      this.hide();
    }
    make(name, cls) {
      const el = document.createElement(name);
      el.className = cls;
      el.setAttribute('data-mine', '');
      this.plot.append(el);
      return el;
    }
    rows() { return [...this.plot.parentElement.querySelectorAll('tr[data-x]')]; }
    hide() { this.hair.hidden = this.tip.hidden = true; this.at = -1; }
    point(e) {
      const svg = visible(this.plot);
      if (!svg) return;
      const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
      const x = ((e.clientX - box.left) / scale - svg.dataset.x0) / (svg.dataset.x1 - svg.dataset.x0);
      if (x < -0.02 || x > 1.02) return this.hide();
      const rows = this.rows();
      let best = 0;
      rows.forEach((r, i) => { if (Math.abs(r.dataset.x - x) < Math.abs(rows[best].dataset.x - x)) best = i; });
      this.show(rows, best);
    }
    key(e) {
      const rows = this.rows(), last = rows.length - 1;
      const to = { ArrowLeft: this.at < 0 ? last : this.at - 1, ArrowRight: this.at < 0 ? 0 : this.at + 1, Home: 0, End: last }[e.key];
      if (e.key === 'Escape') return this.hide();
      if (to === undefined) return;
      e.preventDefault();
      this.show(rows, Math.max(0, Math.min(last, to)));
    }
    show(rows, i) {
      const row = rows[i], svg = visible(this.plot);
      if (!row || !svg || (i === this.at && !this.tip.hidden)) return;
      this.at = i;
      const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      const x = (+svg.dataset.x0 + row.dataset.x * (svg.dataset.x1 - svg.dataset.x0)) * scale;
      const [time, index, range, support, venting] = [...row.cells].map((c) => c.textContent);
      const head = document.createElement('b'), two = document.createElement('p');
      head.textContent = index === '–' ? `${time}  ${range}` : `${time}  index ${index}, very likely ${range}`;
      two.textContent = `${support} support, ${venting} venting`;
      this.tip.replaceChildren(head, two);
      this.hair.hidden = this.tip.hidden = false;
      this.hair.style.left = `${x}px`;
      this.hair.style.top = `${30 * scale}px`;
      this.hair.style.height = `${(svg.dataset.bottom - 30) * scale}px`;
      const room = this.plot.clientWidth - this.tip.offsetWidth;
      this.tip.style.left = `${Math.max(0, Math.min(room, x + 12 > room ? x - this.tip.offsetWidth - 12 : x + 12))}px`;
      this.tip.style.top = `${30 * scale}px`;
    }
  }

  // ---- small things ----

  const dress = () => {
    for (const t of document.querySelectorAll('time[datetime]')) {
      t.title = new Date(t.dateTime).toLocaleString([], { dateStyle: 'long', timeStyle: 'short' }) + ', your time';
    }
    for (const plot of document.querySelectorAll('[data-chart] .plot')) {
      if (!plot.querySelector('.tip')) new Pointer(plot);
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
