// The chart of an outage, with script: uPlot draws it where the server's drawing
// stands, in the same places and colours, and adds values under the pointer, keys,
// and a closer look. It reads the tables behind the chart and, for a closer look,
// this site's own API. Without it the server's drawing stays.
(() => {
  'use strict';
  const { Drawing, MINUTE, DAY, STEPS, clock, day, moment, count, off, blind } = window.hugopsDrawing;
  const BUCKETS = STEPS.filter((s) => s <= DAY);

  // ---- what the page says ----

  const seconds = (el, name) => (el.dataset[name] === undefined ? null : +el.dataset[name]);

  const readRows = (fig) => [...fig.querySelectorAll('.buckets tr')].map((tr) => {
    const [time, index, range, ...counts] = [...tr.cells].map((c) => c.textContent);
    const [support, venting, neutral] = counts.map(Number);
    return { at: seconds(tr, 'at'), to: seconds(tr, 'to'), time, index, range, support, venting, neutral, curve: tr.dataset.curve };
  });

  // readCurve takes the points apart that the rows hold (points in chart.go); null
  // stands between two pieces, and a lone point becomes a short stroke.
  const readCurve = (rows, stroke) => {
    const pieces = rows.map((r) => r.curve).filter(Boolean).join(',').split('/').filter(Boolean).map((piece) => piece.split(',').filter(Boolean).map((p) => {
      const [at, value, lower, upper] = p.split(' ').map(Number);
      return { at, value, lower, upper };
    }));
    return pieces.flatMap((p) => [...p, ...(p.length === 1 ? [{ ...p[0], at: p[0].at + stroke }] : []), { at: p[p.length - 1].at + (p.length === 1 ? stroke : 0) + 1, value: null, lower: null, upper: null }]);
  };

  const readStrips = (fig) => [...fig.querySelectorAll('tbody[data-network]')].map((body) => ({
    name: body.dataset.network, words: body.dataset.words,
    spans: [...body.rows].map((tr) => ({ at: seconds(tr, 'at'), to: seconds(tr, 'to'), look: tr.dataset.look })),
  }));

  const readUpdates = () => [...document.querySelectorAll('.updates li')].map((li) => ({
    n: +li.querySelector('.no').textContent, at: Date.parse(li.querySelector('time').dateTime) / 1000,
    word: li.querySelector('b').textContent.replace(/\.$/, ''),
  }));

  // ---- the chart ----

  class Chart extends Drawing {
    constructor(fig) {
      super();
      this.fig = fig;
      this.plot = fig.querySelector('.plot');
      this.probe = this.make('i', 'probe');
      this.box = this.make('div', 'live-chart');
      this.tip = this.make('div', 'tip');
      this.tip.setAttribute('aria-live', 'polite');
      this.back = this.make('button', 'btn back');
      this.back.textContent = 'Whole outage';
      this.back.addEventListener('click', () => { this.whole(); this.plot.focus(); });
      this.back.hidden = this.tip.hidden = true;
      this.view = null; // a closer look: { from, to, bucket, rows }
      this.read();
      this.build();
      this.listen();
    }

    make(name, cls) {
      const el = document.createElement(name);
      el.className = cls;
      el.setAttribute('data-mine', '');
      this.plot.append(el);
      return el;
    }

    read() {
      const d = this.fig;
      this.from = seconds(d, 'at');
      this.to = seconds(d, 'to');
      this.first = seconds(d, 'first');
      this.ended = seconds(d, 'ended');
      this.bucket = seconds(d, 'bucket');
      this.open = d.hasAttribute('data-open');
      this.table = readRows(d);
      this.curve = readCurve(this.table, (this.to - this.from) / 600);
      this.known = this.curve.filter((p) => p.value !== null);
      this.strips = readStrips(d);
      this.updates = readUpdates();
      this.gaps = this.strips.filter((s) => !blind(s)).flatMap((s) => s.spans.filter((p) => p.look === 'off'));
    }

    get rows() { return this.view ? this.view.rows : this.table; }
    get range() { return this.view ? [this.view.from, this.view.to] : [this.from, this.to]; }

    build() {
      this.u?.destroy();
      this.measure();
      this.colours();
      const { lay: l, scale: k } = this;
      const ink = (name) => () => this.ink[name];
      const quiet = { points: { show: false } };
      this.u = new uPlot({
        ...this.size,
        padding: [(l.top - 6) * k, (l.w - l.x1) * k, 0, l.x0 * k],
        legend: { show: false },
        cursor: {
          y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 6 },
          move: (u, left, top) => this.snap(left, top),
          bind: { dblclick: () => () => { this.whole(); return null; } },
        },
        scales: {
          x: { time: false, range: () => this.range },
          index: { range: () => [-100 * (l.base - l.foot) / (l.foot - l.top), 100 + 600 / (l.foot - l.top)] },
          posts: { range: () => this.postsRange() },
        },
        series: [
          {},
          { ...quiet, scale: 'index', stroke: ink('edge'), width: 1 }, { ...quiet, scale: 'index', stroke: ink('edge'), width: 1 },
          { ...quiet, scale: 'index', stroke: ink('support'), width: 2.6 * k },
          { ...quiet, scale: 'posts', fill: ink('support') },
          { ...quiet, scale: 'posts', fill: () => this.hatch, stroke: ink('venting'), width: 1.4 * k },
        ],
        bands: [{ series: [1, 2], fill: ink('support-soft') }],
        axes: [{
          scale: 'x', size: (l.h - l.base) * k, gap: 5 * k, incrs: STEPS, space: (this.wide ? 100 : 70) * k, font: `${13 * k}px ${this.sans}`,
          stroke: ink('ink-2'), grid: { show: false }, ticks: { stroke: ink('line-strong'), width: 1, size: 5 * k },
          values: (u, at) => at.map((t) => (t % DAY ? clock(t) : day(t))),
        }],
        hooks: {
          drawClear: [() => this.paint(() => this.ground())],
          draw: [() => this.paint(() => this.over())],
          setCursor: [(u) => this.point(u)],
          setSelect: [(u) => this.select(u)],
        },
      }, this.data(), this.box);
      this.plot.setAttribute('data-drawn', '');
    }

    // data joins the curve with the posts, which stand at the middle of their
    // buckets; null breaks a line.
    data() {
      const width = this.view ? this.view.bucket : this.bucket;
      const dark = (t) => this.strips.length > 0 && this.strips.every((s) => off(s, t));
      const lit = this.rows.map((r) => !dark((r.at + r.to) / 2) && !(this.open && r.at + width > this.to));
      const posts = this.rows.flatMap((r, i) => [
        ...(lit[i] && !lit[i - 1] ? [this.view && i === 0 ? [r.at, r.support, -r.venting] : [r.at, 0, 0]] : []),
        lit[i] ? [(r.at + r.to) / 2, r.support, -r.venting] : [(r.at + r.to) / 2, null, null],
        ...(lit[i] && !lit[i + 1] ? [[r.to - 1, r.support, -r.venting]] : []),
      ]);
      const column = (rows, name) => rows.map((r) => r[name]);
      const gap = 2; // uPlot's NULL_EXPAND: a null breaks the line up to the next value, whatever times the other table has between
      return uPlot.join([['at', 'upper', 'lower', 'value'].map((name) => column(this.curve, name)), [0, 1, 2].map((j) => column(posts, j))], [[0, gap, gap, gap], [0, gap, gap]]);
    }

    // ---- pointer and keys ----

    rowAt(t) {
      const rows = this.rows, i = rows.findIndex((r) => t < r.to);
      return i < 0 ? rows.length - 1 : i;
    }

    snap(left, top) {
      if (left < 0) return [left, top];
      const r = this.rows[this.rowAt(this.u.posToVal(left, 'x'))];
      return [r ? this.u.valToPos((r.at + r.to) / 2, 'x') : left, top];
    }

    point(u) {
      const left = u.cursor.left;
      if (left === undefined || left < 0) return this.hide();
      this.show(this.rowAt(u.posToVal(left, 'x')));
    }

    show(i) {
      if (i === this.at && !this.tip.hidden) return;
      const r = this.rows[this.at = i];
      if (!r) return this.hide();
      const head = document.createElement('b'), two = document.createElement('p');
      const { index, range } = this.table.find((row) => r.to > row.at && r.to <= row.to) || this.table[this.table.length - 1];
      const time = r.time || moment(r.at, this.to);
      head.textContent = index === '–' ? `${time}  ${range}` : `${time}  index ${index}, very likely ${range}`;
      two.textContent = `${count(r.support)} support, ${count(r.venting)} venting, ${count(r.neutral)} neutral`;
      this.tip.replaceChildren(head, two);
      this.tip.hidden = false;
      const x = this.x((r.at + r.to) / 2) * this.scale, room = this.plot.clientWidth - this.tip.offsetWidth;
      this.tip.style.left = `${Math.max(0, Math.min(room, x + 12 > room ? x - this.tip.offsetWidth - 12 : x + 12))}px`;
      this.tip.style.top = `${30 * this.scale}px`;
    }

    hide() { this.tip.hidden = true; this.at = -1; }

    go(i) {
      const last = this.rows.length - 1, r = this.rows[Math.max(0, Math.min(last, i))];
      this.u.setCursor({ left: this.u.valToPos((r.at + r.to) / 2, 'x'), top: 1 });
    }

    key(e) {
      const at = this.at ?? -1, last = this.rows.length - 1;
      const to = { ArrowLeft: at < 0 ? last : at - 1, ArrowRight: at < 0 ? 0 : at + 1, Home: 0, End: last }[e.key];
      if (e.target !== this.plot || e.ctrlKey || e.metaKey || e.altKey) return;
      if (to !== undefined) this.go(to);
      else if (e.key === '+') this.closer(at < 0 ? last >> 1 : at);
      else if (e.key === '-') this.whole();
      else if (e.key === 'Escape' && at >= 0) this.u.setCursor({ left: -10, top: -10 });
      else if (e.key === 'Escape') return this.whole();
      else return;
      e.preventDefault();
    }

    // ---- a closer look ----

    select(u) {
      const { left, width } = u.select;
      if (width < 6) return;
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      const [a, b] = [left, left + width].map((x) => this.rows[this.rowAt(u.posToVal(x, 'x'))]);
      this.zoom(a.at, b.to);
    }

    // closer halves the time in view around a bucket.
    closer(i) {
      const [from, to] = this.range, quarter = (to - from) / 4, middle = (this.rows[i].at + this.rows[i].to) / 2;
      const start = Math.min(Math.max(from, middle - quarter), to - 2 * quarter);
      this.zoom(start, start + 2 * quarter);
    }

    // zoom shows [from, to] at once with what is there, then in finer buckets. A
    // closer look stays as it was fetched while the page moves on.
    async zoom(from, to) {
      if (to - from < 5 * MINUTE) return;
      const now = this.view ? this.view.bucket : this.bucket;
      const bucket = Math.min(now, BUCKETS.find((s) => (to - from) / s <= 90) || DAY);
      from = Math.floor(from / bucket) * bucket;
      to = Math.ceil(to / bucket) * bucket;
      const view = this.view = { from, to, bucket: now, rows: this.rows.filter((r) => r.to > from && r.at < to) };
      this.look();
      if (bucket >= now) return;
      const ask = new URLSearchParams({ bucket: `${bucket / MINUTE}m`, from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() });
      try {
        const answer = await fetch(`${this.fig.dataset.series}?${ask}`, { headers: { Accept: 'application/json' } });
        if (!answer.ok) throw new Error(answer.status);
        const { series } = await answer.json();
        if (this.view !== view) return;
        Object.assign(view, { bucket, rows: this.fine(series, from, to, bucket) });
        this.look();
      } catch { /* the coarse buckets are shown already */ }
    }

    fine(series, from, to, bucket) {
      const by = new Map(series.map((m) => [Date.parse(m.at) / 1000, m])), rows = [];
      for (let at = from; at < Math.min(to, this.to); at += bucket) {
        const { support = 0, venting = 0, neutral = 0 } = by.get(at) || {};
        rows.push({ at, to: at + bucket, support, venting, neutral });
      }
      return rows;
    }

    whole() {
      if (!this.view) return;
      this.view = null;
      this.look();
    }

    look() {
      this.hide();
      this.back.hidden = !this.view;
      this.back.style.top = `${(this.lay.foot + 5) * this.scale}px`;
      this.u.setCursor({ left: -10, top: -10 }, false);
      this.put();
      if (this.view) this.box.setAttribute('aria-label', `${this.svg().getAttribute('aria-label')} In view: ${moment(this.view.from, this.to)} to ${moment(this.view.to, this.to)}.`);
    }

    // ---- what changes around it ----

    listen() {
      const { plot } = this;
      plot.tabIndex = 0;
      plot.setAttribute('role', 'group');
      plot.setAttribute('aria-label', 'Chart; arrow keys read its values, plus looks closer, minus shows the whole outage, Escape leaves');
      plot.addEventListener('keydown', (e) => this.key(e));
      plot.addEventListener('blur', () => this.u.setCursor({ left: -10, top: -10 }));
      this.box.addEventListener('pointermove', (e) => { // uPlot knows the mouse; this is for fingers
        if (e.pointerType !== 'mouse') this.u.setCursor({ left: this.snap(e.clientX - this.u.over.getBoundingClientRect().left, 0)[0], top: 1 });
      });
      const redraw = () => { this.colours(); this.u.redraw(false); };
      for (const q of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) matchMedia(q).addEventListener('change', redraw);
      const changes = new MutationObserver(() => this.later());
      changes.observe(this.fig, { attributes: true });
      changes.observe(this.fig.querySelector('details'), { subtree: true, childList: true, characterData: true, attributes: true });
      new ResizeObserver(() => this.later()).observe(plot);
    }

    // later does what several changes at once ask for, once.
    later() {
      this.todo ||= requestAnimationFrame(() => { this.todo = 0; this.follow(); });
    }

    follow() {
      const { width, height } = this.svg().getBoundingClientRect();
      this.read();
      if (Math.round(width) !== this.size.width || Math.round(height) !== this.size.height) return this.build();
      this.put();
    }

    // put draws what is known now.
    put() { this.u.setData(this.data()); }
  }

  for (const fig of document.querySelectorAll('[data-chart]')) new Chart(fig);
})();
