// <hugops-index outage="id"> or <hugops-index service="slug">, with show="hugs|index",
// size="line", theme="light|dark", lang="de". Aggregates only: no cookie, no storage,
// no third party. Safe under a strict policy: it needs this host in script-src and
// connect-src, and no 'unsafe-inline' (nodes are built, styles are constructed).
// It throws nothing at the page around it; a browser that cannot show it leaves what
// stands between its tags.
(() => {
  'use strict';
  const script = document.currentScript || document.querySelector('script[src*="/widget.js"]');
  if (!script || !window.customElements || !document.adoptedStyleSheets || customElements.get('hugops-index')) return;
  const base = new URL('.', script.src).href;
  const EVERY = 60000, STALE = 15 * EVERY, NEED = 30, FEW = 5;
  // The words of all languages, which the server puts in here (embedwords.json).
  const [keys, words] = [[], {}];

  const css = new CSSStyleSheet();
  css.replaceSync(`
:host{display:block!important}:host([size=line]){display:inline-block!important}:host([hidden]){display:none!important}
.x{container-type:inline-size;font-size:14px;font-weight:400;font-style:normal;line-height:1.45;text-align:left;text-transform:none;text-indent:0;letter-spacing:normal;word-spacing:normal;white-space:normal;direction:ltr;visibility:visible;cursor:auto;font-variant-numeric:tabular-nums lining-nums;
--sup:#8A2A6B;--soft:#E6C9DC;--ven:#8A7F3F;--paper:#fff;--f:#1B5FC1;--quiet:color-mix(in srgb,currentColor 74%,transparent);--hair:color-mix(in srgb,currentColor 20%,transparent)}
.x.dark{--sup:#E8A1D0;--soft:#5E3152;--ven:#A89C5A;--paper:#17131B;--f:#8AB4F8}
:host([theme=light]) .x{color:#221C28}:host([theme=dark]) .x{color:#F1EDF4}
:host([size=line]) .x{container-type:normal;min-height:22px}
*{box-sizing:border-box}p{margin:0}svg{display:block;overflow:visible}a{color:inherit;text-underline-offset:.18em}
:focus-visible{outline:3px solid var(--f);outline-offset:2px}
.b{display:grid;grid-template-columns:auto minmax(0,1fr) auto;column-gap:20px;align-items:center;align-content:center;min-height:118px;padding:12px 16px;border:1px solid var(--hair);border-radius:4px}
.t{grid-column:1/3;font-weight:600}.y,.l{display:inline-flex;gap:6px;align-items:center;text-decoration:none}.y{grid-column:3;font-size:13px;color:var(--quiet);padding:3px 0}.y:hover,.l:hover{text-decoration:underline}
.n{font:700 48px/1 Charter,"Bitstream Charter","Sitka Text",Cambria,"Noto Serif",serif;letter-spacing:-.035em;min-width:56px}.n.o{color:var(--quiet)}.n.d{font-weight:400;color:var(--quiet);align-self:start;line-height:32px}
.m{grid-column:2/4}.m.a{grid-column:1/4}.s{color:var(--quiet);margin-top:4px}.s.g{font-size:16px;color:inherit;margin:0}.h .n{color:var(--sup)}
.r,.c,.e{display:none}.r{font:400 16px/1.3 Charter,"Bitstream Charter","Sitka Text",Cambria,"Noto Serif",serif}
.tag{font-weight:600;font-size:12px;line-height:1.3;padding:0 6px;white-space:nowrap;border:1px solid var(--hair);border-radius:3px}
.l{border-bottom:1px solid var(--hair);line-height:20px}.v{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.k{fill:var(--sup)}.gs{stroke:var(--sup)}.gm{stroke:var(--soft)}.gv{stroke:var(--ven)}.ga{stroke:currentColor;fill:none;stroke-linecap:round}.gd{fill:currentColor;stroke:var(--paper)}.gh{stroke:var(--quiet)}.gn{stroke:color-mix(in srgb,currentColor 50%,transparent)}
.off.off .n{color:var(--quiet)}.off .gs,.off .gv{stroke:var(--quiet)}.off .gm{stroke:var(--hair)}.off .ga{stroke:var(--quiet);stroke-dasharray:3 4}
@container (max-width:679px){.b{padding:6px 16px}.t{line-height:1.3}.s{margin-top:2px}span.w{display:none}.e{display:inline}.s.g{font-size:15px;line-height:1.35}}
@container (max-width:539px){.n.d{display:none}.n.d+.m{grid-column:1/4}}
@container (max-width:419px){.b{column-gap:14px;min-height:180px;padding:6px 14px;align-content:space-evenly}.y{align-self:start;padding:0}.n{line-height:42px}.r{display:block;grid-column:2/4}.m,.h .m{grid-column:1/4;align-self:start}.s{margin:0}.e,.w{display:none}.c{display:inline}}
@container (max-width:339px){.b{column-gap:12px;padding:4px 12px;font-size:13px;line-height:1.35}.y{font-size:0;gap:0}.r{font-size:14px}}
@media (forced-colors:active){.gs,.ga{stroke:CanvasText}.gv{stroke:GrayText}.gd{fill:CanvasText}}
@media print{.x.x{color:#000;--sup:#8A2A6B;--soft:#E6C9DC;--ven:#8A7F3F;--paper:#fff}}`);

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
  const bars = (cls, x1, x2, y, w, n, dash) => n > 0 ? g('line', { class: cls, x1: x1 + '%', x2: x2 + '%', y1: y, y2: y, 'stroke-width': w, pathLength: n, 'stroke-dasharray': dash }) : '';
  const both = (cls, x1, x2, y, w, dash) => [bars(cls + ' w', x1, x2, y, w, x2 - x1, dash), bars(cls + ' c', x1, x2, y, w, (x2 - x1) / 2, dash)];
  const arm = (x, d) => g('svg', { x: x + '%', width: 1, height: 1, overflow: 'visible' }, g('path', { class: 'ga', 'stroke-width': 2.4, d }));
  const sure = (w) => w <= 8 ? 's1' : w <= 16 ? 's2' : w <= 30 ? 's3' : 's4';
  const verdict = (l, u) => l > 50 ? 'sup' : u < 50 ? 'ven' : 'mid';

  class HugopsIndex extends HTMLElement {
    static observedAttributes = ['outage', 'service', 'show', 'size', 'lang', 'theme'];

    connectedCallback() {
      if (!this.box) {
        const root = this.attachShadow({ mode: 'open' });
        root.adoptedStyleSheets = [css];
        this.box = h('div', { class: 'x' });
        this.live = h('p', { class: 'v', 'aria-live': 'polite' });
        root.append(this.box, this.live);
      }
      this.tick = () => {
        this.tone();
        if (!document.hidden && Date.now() - this.asked >= EVERY) this.ask();
      };
      document.addEventListener('visibilitychange', this.tick);
      this.timer = setInterval(this.tick, 5000);
      if (this.data) this.tick(); else this.restart();
    }
    disconnectedCallback() {
      clearInterval(this.timer);
      document.removeEventListener('visibilitychange', this.tick);
    }
    attributeChangedCallback(name, was, is) {
      if (!this.box || was === is) return;
      if (name !== 'outage' && name !== 'service') return this.draw();
      this.data = this.said = undefined;
      if (this.isConnected) this.restart();
    }

    restart() {
      this.draw('wait');
      this.ask();
    }
    async ask() {
      const id = this.getAttribute('outage'), slug = this.getAttribute('service');
      const turn = this.turn = {};
      this.asked = Date.now();
      if (!id && !slug) return;
      try {
        const r = await fetch(base + 'widget/' + (id ? '' : 'service/') + encodeURIComponent(id || slug),
          { cache: 'no-cache', credentials: 'omit', referrerPolicy: 'no-referrer', signal: AbortSignal.timeout(15000) });
        if (!r.ok) throw r.status;
        const got = await r.json();
        if (turn !== this.turn) return;
        const was = this.data && this.data.outage;
        this.data = got;
        this.seen = Date.now();
        this.draw('ok');
        this.moved(was, got.outage);
      } catch (why) {
        if (turn !== this.turn) return;
        if (why === 404) {
          this.data = undefined;
          console.warn('hugops: no ' + (id ? 'outage ' + id : 'service ' + slug));
        }
        this.draw(why === 404 ? 'lost' : 'down');
      }
    }
    // moved tells screen readers, once a minute at most, and lets the dot and the
    // arms glide; only when the rounded figure of the same outage changed.
    moved(was, now) {
      if (!was || !now || was.id !== now.id || !was.index.enough || !now.index.enough || this.hugs()) return;
      const a = was.index, b = now.index, [v, l, u] = ['value', 'lower', 'upper'].map((k) => a[k] - b[k]);
      if (v) this.live.textContent = this.put('label', b);
      if (!(v || l || u) || matchMedia('(prefers-reduced-motion:reduce)').matches) return;
      const svg = this.box.querySelector('[role=img]');
      [...svg ? svg.querySelectorAll('.ga,.gd') : []].forEach((e, i) =>
        e.animate([{ transform: `translateX(${[l, u, v][i] * svg.clientWidth / 100}px)` }, { transform: 'none' }], { duration: 400, easing: 'ease-out' }));
    }
    hugs() { return this.getAttribute('show') === 'hugs'; }

    // tongue is the language: of the element, or of what is around it, if we speak it.
    tongue() {
      for (let e = this; e; e = e.getRootNode().host) {
        const said = e.closest('[lang]');
        if (said) return [said.lang.toLowerCase().split(/[-_]/)[0]].find((l) => Object.hasOwn(words, l)) || 'en';
      }
      return 'en';
    }
    say(key, values) { return words[this.speaks][keys.indexOf(key)].replace(/{(.)}/g, (_, k) => values[k]); }
    number(n) { return n.toLocaleString(this.speaks); }
    clock() {
      const day = Date.now() - this.seen > 12 * 3600000 ? { day: 'numeric', month: 'short' } : {};
      return new Date(this.seen).toLocaleString(this.speaks, { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'UTC' }) + ' UTC';
    }
    // put fills a sentence with the figures of an index.
    put(key, i) { return this.say(key, { v: i.value, l: i.lower, u: i.upper }); }

    // tone takes the light or the dark pair of colours, by the text around it.
    tone() {
      const theme = this.getAttribute('theme'), c = getComputedStyle(this).color.match(/^rgba?\((\d+)\D+(\d+)\D+(\d+)/);
      const dark = c ? c[1] * .3 + c[2] * .6 + c[3] * .1 > 128 : matchMedia('(prefers-color-scheme:dark)').matches;
      this.box.classList.toggle('dark', theme === 'dark' || theme !== 'light' && dark);
    }

    draw(state = this.state) {
      this.state = state;
      this.box.lang = this.speaks = this.tongue();
      this.tone();
      const d = this.data && this.data.outage, off = state === 'down' || state === 'lost', page = d ? d.url : base;
      if (!d && (state === 'ok' || !this.getAttribute('outage'))) return this.box.replaceChildren();
      if (this.getAttribute('size') === 'line') return this.box.replaceChildren(this.line(d, page, off));
      const title = this.say(this.hugs() ? 'team' : d && !d.open ? 'then' : 'now');
      const box = h('div', { class: 'b' + (this.hugs() ? ' h' : '') + (off ? ' off' : ''), role: 'group', 'aria-label': title, 'aria-busy': state === 'wait' },
        h('p', { class: 't' }, title), link(page, 'y', mark(), 'hugops'));
      box.append(...(!d ? this.blank(state) : this.hugs() ? this.support(d, page, off) : d.index.enough ? this.index(d.index, off) : this.few(d)));
      for (const tag of ['demo', 'suspected']) if (d && d[tag]) box.firstChild.append(' ', h('span', { class: 'tag' }, this.say(tag)));
      if (d && this.data.more) box.querySelector('.s').append(' ', link(this.data.all, '', this.say('more', { n: this.data.more })));
      this.box.replaceChildren(box);
    }
    blank(state) {
      return [h('div', { class: 'm a' }, state === 'wait' ?
        gauge('…', g('line', { class: 'gn', x1: 0, x2: '100%', y1: 21, y2: 21, 'stroke-width': 2, 'stroke-dasharray': '2 6' })) : h('p', { class: 's' }, this.say(state)))];
    }
    support(d, page, off) {
      const n = d.index.support, many = n >= FEW;
      return [many ? h('p', { class: 'n' }, this.number(n)) : '', h('div', { class: many ? 'm' : 'm a' }, h('p', { class: 's g' },
        this.say(many ? d.open ? 'hugs' : 'hugged' : d.open ? 'some' : 'did'), off ? ' ' + this.say('at', { t: this.clock() }) : '', ' ', link(page + '#hug', '', this.say(many ? 'one' : 'send'))))];
    }
    few(d) {
      const n = d.index.sided, have = Math.min(n, NEED), at = 100 * have / NEED, words = this.say(d.open ? 'few' : 'fewer', { n });
      return [h('p', { class: 'n d', 'aria-hidden': 'true' }, '–'), h('div', { class: 'm' },
        gauge(words, bars('gh', 0, at, 21, 20, have, '.22 .78'), bars('gn', at, 100, 26.5, 9, NEED - have, '.22 .78')), h('p', { class: 's' }, words))];
    }
    index(i, off) {
      const v = i.value, l = i.lower, u = i.upper;
      const old = (off || Date.now() - this.seen > STALE) && this.say('old', { t: this.clock() }), says = this.say(verdict(l, u));
      return [h('p', { class: old ? 'n o' : 'n' }, v), h('p', { class: 'r' }, this.say('likely'), h('br'), this.put('span', i)), h('div', { class: 'm' },
        gauge(this.put('label', i), ...both('gs', 0, l, 21, 20, '.6 .4'), ...both('gm', l, u, 21, 20, '.6 .4'), ...both('gv', u, 100, 26.5, 9, '.38 .62'),
          arm(l, 'M7,2Q-7,21 7,40'), arm(u, 'M-7,2Q7,21 -7,40'),
          g('circle', { class: 'gd', cx: v + '%', cy: 21, r: u - l < 7 ? 4.5 : 6, 'stroke-width': 2.5 })),
        h('p', { class: 's' }, h('span', { class: 'w' }, old ? `${this.put('span', i)}. ${old}` : `${says}. ${this.put('range', i)}`),
          h('span', { class: 'e' }, old || `${says}, ${this.put('span', i)}.`), h('span', { class: 'c' }, old || `${says}, ${this.say(sure(u - l))}.`)))];
    }
    line(d, page, off) {
      const i = d && d.index, n = i && (this.hugs() ? i.support : i.sided);
      const says = !d ? off ? this.say(this.state) : '…' :
        this.hugs() ? n >= FEW ? this.say('sent', { n: this.number(n) }) : this.say('send') :
        i.enough ? this.put('line', i) : this.say(d.open ? 'few' : 'fewer', { n });
      const tags = d ? [off && this.clock(), d.suspected && this.say('suspected'), d.demo && this.say('demo')].filter(Boolean) : [];
      return link(this.hugs() ? page + '#hug' : page, 'l', mark(), ' ' + says + tags.map((t) => ` (${t})`).join(''));
    }
  }
  customElements.define('hugops-index', HugopsIndex);
})();
