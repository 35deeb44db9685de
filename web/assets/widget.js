// <hugops-index outage="id"> or <hugops-index service="slug">, with show="hugs",
// size="line", theme="light|dark". Aggregates only: no cookie, no storage, no third
// party. Safe under a strict policy: it needs this host in script-src and
// connect-src, and no 'unsafe-inline' (nodes are built, styles are constructed).
(() => {
  'use strict';
  if (customElements.get('hugops-index')) return;
  const script = document.currentScript || document.querySelector('script[src$="/widget.js"]');
  const base = new URL('.', script.src).href;
  const EVERY = 60000, STALE = 15 * 60000, NEED = 30, FEW = 5;

  const css = new CSSStyleSheet();
  css.replaceSync(`
:host{display:block;container-type:inline-size;font-size:14px;line-height:1.45;text-align:left;font-variant-numeric:tabular-nums lining-nums;
--sup:#8A2A6B;--soft:#E6C9DC;--ven:#8A7F3F;--paper:#fff;--sup:light-dark(#8A2A6B,#E8A1D0);--soft:light-dark(#E6C9DC,#5E3152);--ven:light-dark(#8A7F3F,#A89C5A);--paper:light-dark(#fff,#17131B);
--quiet:color-mix(in srgb,currentColor 74%,transparent);--hair:color-mix(in srgb,currentColor 20%,transparent)}
:host([theme=light]){color-scheme:light;color:#221C28}:host([theme=dark]){color-scheme:dark;color:#F1EDF4}
:host([size=line]){display:inline-block;container-type:normal;min-height:22px}:host([hidden]){display:none}
*{box-sizing:border-box}p{margin:0}svg{display:block;overflow:visible}a{color:inherit;text-underline-offset:.18em}
:focus-visible{outline:3px solid #1B5FC1;outline-offset:2px}
.b{display:grid;grid-template-columns:auto minmax(0,1fr) auto;column-gap:20px;align-items:center;align-content:center;min-height:118px;padding:12px 16px;border:1px solid var(--hair);border-radius:4px}
.t{grid-column:1/3;font-weight:600}.y,.l{display:inline-flex;gap:6px;align-items:center;text-decoration:none}.y{grid-column:3;font-size:13px;color:var(--quiet);padding:3px 0}.y:hover,.l:hover{text-decoration:underline}
.n{font:700 48px/1 Charter,"Bitstream Charter","Sitka Text",Cambria,"Noto Serif",serif;letter-spacing:-.035em;min-width:56px}.n.o{color:var(--quiet)}.n.d{font-weight:400;color:var(--quiet);align-self:start;line-height:32px}
.m{grid-column:2/4}.m.a{grid-column:1/4}.s{color:var(--quiet);margin-top:4px}.s.g{font-size:16px;color:inherit;margin:0}.h .n{color:var(--sup)}
.r,.c{display:none}.r{font:400 16px/1.3 Charter,"Bitstream Charter","Sitka Text",Cambria,"Noto Serif",serif}
.tag{font-weight:600;font-size:12px;line-height:1.3;padding:0 6px;white-space:nowrap;border:1px solid var(--hair);border-radius:3px}
.l{border-bottom:1px solid var(--hair);line-height:20px}.v{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.k{fill:var(--sup)}.gs{stroke:var(--sup)}.gm{stroke:var(--soft)}.gv{stroke:var(--ven)}.ga{stroke:currentColor;fill:none;stroke-linecap:round}.gd{fill:currentColor;stroke:var(--paper)}.gh{stroke:var(--quiet)}.gn{stroke:color-mix(in srgb,currentColor 50%,transparent)}
.off .gs,.off .gv{stroke:var(--quiet)}.off .gm{stroke:var(--hair)}.off .ga{stroke:var(--quiet);stroke-dasharray:3 4}
@container (max-width:419px){.b{column-gap:14px;row-gap:2px;min-height:180px;padding:9px 14px}.t{line-height:1.3}.y{align-self:start;padding:0}.r{display:block;grid-column:2/4}.m,.h .m{grid-column:1/4;align-self:start}.w{display:none}.c{display:inline}}
@media (forced-colors:active){.gs,.ga{stroke:CanvasText}.gv{stroke:GrayText}.gd{fill:CanvasText}}`);

  const node = (ns) => (name, attrs, ...kids) => {
    const e = ns ? document.createElementNS(ns, name) : document.createElement(name);
    for (const k in attrs) e.setAttribute(k, attrs[k]);
    e.append(...kids);
    return e;
  };
  const h = node(), g = node('http://www.w3.org/2000/svg');
  const link = (href, cls, ...kids) => h('a', { href, class: cls, target: '_top' }, ...kids);
  const mark = () => g('svg', { width: 18, height: 14.4, viewBox: '0 0 30 24', 'aria-hidden': 'true' },
    g('path', { d: 'M8.5 2Q-1.5 12 8.5 22M21.5 2Q31.5 12 21.5 22', fill: 'none', stroke: 'currentColor', 'stroke-width': 2.6, 'stroke-linecap': 'round' }),
    g('circle', { cx: 15, cy: 12, r: 4.2, class: 'k' }));
  const gauge = (label, ...kids) => g('svg', { width: '100%', height: 42, role: 'img', 'aria-label': label }, ...kids);
  const bars = (cls, x1, x2, y, w, n, dash) => n > 0 ? [['w', n], ['c', n / 2]].map(([size, marks]) =>
    g('line', { class: cls + ' ' + size, x1: x1 + '%', x2: x2 + '%', y1: y, y2: y, 'stroke-width': w, pathLength: marks, 'stroke-dasharray': dash })) : [];
  const arm = (x, d) => g('svg', { x: x + '%', width: 1, height: 1, overflow: 'visible' }, g('path', { class: 'ga', 'stroke-width': 2.4, d }));

  const count = (n) => n.toLocaleString('en');
  const clock = (t) => new Date(t).toISOString().slice(11, 16) + ' UTC';
  const sure = (w) => w <= 8 ? 'quite sure' : w <= 16 ? 'fairly sure' : w <= 30 ? 'a rough figure' : 'a very rough figure';
  const verdict = (l, u) => l > 50 ? 'Mostly support' : u < 50 ? 'Mostly venting' : 'Too close to call';

  class HugopsIndex extends HTMLElement {
    static observedAttributes = ['outage', 'service', 'show', 'size'];

    connectedCallback() {
      if (!this.shadowRoot) {
        this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [css];
        this.box = h('div');
        this.live = h('p', { class: 'v', 'aria-live': 'polite' });
        this.shadowRoot.append(this.box, this.live);
      }
      this.wake = () => { if (!document.hidden && Date.now() - (this.asked || 0) >= EVERY) this.ask(); };
      document.addEventListener('visibilitychange', this.wake);
      this.timer = setInterval(this.wake, 5000);
      this.restart();
    }
    disconnectedCallback() {
      clearInterval(this.timer);
      document.removeEventListener('visibilitychange', this.wake);
    }
    attributeChangedCallback(name, was, is) { if (this.box && was !== is) this.restart(); }

    restart() {
      this.data = this.said = undefined;
      this.turn = (this.turn || 0) + 1;
      this.draw('loading');
      this.ask();
    }
    async ask() {
      const turn = this.turn, id = this.getAttribute('outage'), slug = this.getAttribute('service');
      if (!id && !slug) return;
      this.asked = Date.now();
      try {
        const q = encodeURIComponent, stop = new AbortController();
        const late = setTimeout(() => stop.abort(), 15000);
        const r = await fetch(base + 'api/v1/outages' + (id ? '/' + q(id) : '?open=true&limit=1&service=' + q(slug)),
          { credentials: 'omit', referrerPolicy: 'no-referrer', signal: stop.signal });
        if (!r.ok) throw r.status;
        const body = await r.json();
        clearTimeout(late);
        if (turn !== this.turn) return;
        this.data = id ? body : body.outages[0];
        this.seen = Date.now();
        this.draw(this.data ? 'ok' : 'none');
        this.say();
      } catch (why) {
        if (turn !== this.turn) return;
        if (why === 404) this.data = undefined;
        this.draw(why === 404 ? 'unknown' : 'offline');
      }
    }
    // say tells screen readers, once a minute at most, and only what changed.
    say() {
      const i = this.data && this.data.index;
      const now = !i ? '' : this.hugs() ? '' : i.enough ? `Empathy index now ${Math.round(i.value)}, very likely ${Math.round(i.lower)} to ${Math.round(i.upper)}.` : '';
      const key = i && i.enough ? Math.round(i.value) : null;
      if (this.said !== undefined && key !== this.said) this.live.textContent = now;
      this.said = key;
    }
    hugs() { return this.getAttribute('show') === 'hugs'; }

    draw(state) {
      const d = this.data, service = !this.getAttribute('outage');
      this.hidden = !d && (state === 'none' || service);
      const off = state === 'offline' || state === 'unknown', i = d && d.index, page = d ? d.links.html : base;
      if (this.getAttribute('size') === 'line') return this.box.replaceChildren(this.line(d, i, page, off));
      const title = this.hugs() ? 'Support for the team' : d && !d.open ? 'How people met this outage' : 'How people are meeting this outage';
      const box = h('div', { class: 'b' + (this.hugs() ? ' h' : '') + (off ? ' off' : ''), role: 'group', 'aria-label': title, 'aria-busy': state === 'loading' },
        h('p', { class: 't' }, title), link(page, 'y', mark(), 'hugops'));
      box.append(...(!d ? this.blank(off, state) : this.hugs() ? this.support(d, i, page, off) : i.enough ? this.index(i, off) : this.few(d, i)));
      for (const word of ['Demo', 'Suspected']) if (d && d[word.toLowerCase()]) box.querySelector('.s').append(' ', h('span', { class: 'tag' }, word));
      this.box.replaceChildren(box);
    }
    blank(off, state) {
      return [h('div', { class: 'm a' }, off ? h('p', { class: 's' }, state === 'unknown' ? 'hugops knows no outage of this name.' : 'hugops cannot be reached right now.') :
        gauge('Loading', g('line', { class: 'gn', x1: 0, x2: '100%', y1: 21, y2: 21, 'stroke-width': 2, 'stroke-dasharray': '2 6' })))];
    }
    support(d, i, page, off) {
      const many = i.support >= FEW, send = link(page + '#hug', '', many ? 'Send one' : 'Send them a hug');
      const words = many ? `people sent a hug to the people fixing this${off ? ', counted at ' + clock(this.seen) : ''}. ` :
        d.open ? 'Some people are fixing this right now. ' : 'Some people fixed this. ';
      return [...(many ? [h('p', { class: 'n' }, count(i.support))] : []), h('div', { class: many ? 'm' : 'm a' }, h('p', { class: 's g' }, words, send))];
    }
    few(d, i) {
      const have = Math.min(i.sided, NEED), at = 100 * have / NEED, left = NEED - have;
      const words = `Not enough posts${d.open ? ' yet' : ''}: ${i.sided} of ${NEED} people.`;
      const row = (cls, x1, x2, y, w, n) => n > 0 ? [g('line', { class: cls, x1: x1 + '%', x2: x2 + '%', y1: y, y2: y, 'stroke-width': w, pathLength: n, 'stroke-dasharray': '.22 .78' })] : [];
      return [h('p', { class: 'n d', 'aria-hidden': 'true' }, '–'), h('div', { class: 'm' },
        gauge(`${i.sided} of the ${NEED} people needed.`, ...row('gh', 0, at, 21, 20, have), ...row('gn', at, 100, 26.5, 9, left)), h('p', { class: 's' }, words))];
    }
    index(i, off) {
      const v = Math.round(i.value), l = Math.round(i.lower), u = Math.round(i.upper);
      const old = off || Date.now() - this.seen > STALE;
      const wide = old ? `${l} to ${u} at ${clock(this.seen)}. No contact since.` : `${verdict(l, u)}. Very likely ${l} to ${u} of every 100 people.`;
      const compact = old ? `At ${clock(this.seen)}. No contact since.` : `${verdict(l, u)}, ${sure(u - l)}.`;
      return [h('p', { class: old ? 'n o' : 'n' }, v), h('p', { class: 'r' }, 'very likely', h('br'), `${l} to ${u}`), h('div', { class: 'm' },
        gauge(`Empathy index ${v} of 100, very likely between ${l} and ${u}.`,
          ...bars('gs', 0, l, 21, 20, l, '.6 .4'), ...bars('gm', l, u, 21, 20, u - l, '.6 .4'), ...bars('gv', u, 100, 26.5, 9, 100 - u, '.38 .62'),
          arm(l, 'M7,2Q-7,21 7,40'), arm(u, 'M-7,2Q7,21 -7,40'),
          g('circle', { class: 'gd', cx: v + '%', cy: 21, r: u - l < 7 ? 4.5 : 6, 'stroke-width': 2.5 })),
        h('p', { class: 's' }, h('span', { class: 'w' }, wide), h('span', { class: 'c' }, compact)))];
    }
    line(d, i, page, off) {
      const words = !d ? (off ? 'hugops cannot be reached right now' : '…') :
        this.hugs() ? (i.support >= FEW ? `${count(i.support)} people sent a hug` : 'Send the team a hug') :
        i.enough ? `${Math.round(i.value)} of 100 people sent support (${Math.round(i.lower)}–${Math.round(i.upper)})` : `Not enough posts: ${i.sided} of ${NEED} people`;
      return link(this.hugs() ? page + '#hug' : page, 'l', mark(), ' ' + words + (d && off ? ' at ' + clock(this.seen) : '') + (d && d.suspected ? ' (suspected)' : '') + (d && d.demo ? ' (demo)' : ''));
    }
  }
  customElements.define('hugops-index', HugopsIndex);
})();
