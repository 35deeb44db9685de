// What stands around the lines of a chart: panels, numbers, words, strips. It draws
// on uPlot's canvas in the units of the server's drawing (draw.go and panels.go do
// the same for those without script) and takes places and sizes from it.
(() => {
  'use strict';
  const MINUTE = 60, HOUR = 3600, DAY = 86400;
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200].map((m) => m * MINUTE);

  // ---- words ----

  const two = (n) => String(n).padStart(2, '0');
  const clock = (s) => { const d = new Date(s * 1000); return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`; };
  const day = (s) => new Date(s * 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
  const moment = (s, ref) => (day(s) === day(ref) ? '' : `${day(s)}, `) + clock(s);
  const length = (s) => (s % HOUR ? `${s / MINUTE} minutes` : s === HOUR ? 'hour' : `${s / HOUR} hours`).replace(/^1 minutes$/, 'minute');
  const count = (n) => n.toLocaleString('en');
  const posts = (n) => (n === 1 ? '1 post' : `${count(n)} posts`);

  // niceStep is a round distance with which v is reached in two to five steps.
  const niceStep = (v) => {
    for (let s = 1; ; s *= 10) for (const m of [1, 2, 5]) if (v <= 3 * s * m) return s * m;
  };

  const off = (strip, t) => strip.spans.some((p) => p.look === 'off' && p.at <= t && t < p.to);
  const blind = (strip) => strip.spans.every((p) => p.look === 'off');

  // Drawing knows how a chart looks; Chart (chart.js) knows what it shows, in the
  // fields plot, probe, u, rows, range, view, curve, strips, updates, gaps and so on.
  class Drawing {
    // svg is the server's drawing that fits the screen: it keeps the place.
    svg() { return [...this.plot.querySelectorAll('svg.chart')].find((s) => getComputedStyle(s).display !== 'none'); }

    measure() {
      const svg = this.svg(), box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
      const [x0, x1, top, foot, title, postsTop, postsEnd, base, strip, stripStep] = svg.dataset.plot.split(' ').map(Number);
      this.wide = !svg.classList.contains('phone');
      this.scale = box.width / view.width;
      this.lay = { w: view.width, h: view.height, x0, x1, top, foot, title, postsTop, postsEnd, base, strip, stripStep };
      this.size = { width: Math.round(box.width), height: Math.round(box.height) };
      this.plot.setAttribute('data-label', '');
      this.box.setAttribute('role', 'img');
      this.box.setAttribute('aria-label', svg.getAttribute('aria-label'));
    }

    colours() {
      const names = ['ink', 'ink-2', 'bg', 'line', 'line-strong', 'support', 'support-soft', 'venting', 'venting-ink', 'venting-soft', 'gap', 'edge'];
      this.ink = Object.fromEntries(names.map((name) => {
        this.probe.style.color = `var(--${name})`;
        return [name, getComputedStyle(this.probe).color];
      }));
      const styles = getComputedStyle(this.plot);
      this.sans = styles.getPropertyValue('--measure');
      this.serif = styles.getPropertyValue('--speak');
      this.hatch = this.makeHatch();
    }

    // makeHatch is the ground of venting: ticked, so that it needs no colour.
    makeHatch() {
      const tile = document.createElement('canvas'), n = Math.max(6, Math.round(7 * this.scale * devicePixelRatio));
      tile.width = tile.height = n;
      const c = tile.getContext('2d');
      c.fillStyle = this.ink['venting-soft'];
      c.fillRect(0, 0, n, n);
      c.strokeStyle = this.ink.venting;
      c.lineWidth = n * 0.2;
      c.beginPath();
      for (const d of [-n, 0, n]) { c.moveTo(d - 1, n + 1); c.lineTo(d + n + 1, -1); }
      c.stroke();
      return c.createPattern(tile, 'repeat');
    }

    // most is the highest support and venting of a bucket in view.
    most() {
      const up = Math.max(0, ...this.rows.map((r) => r.support)), down = Math.max(0, ...this.rows.map((r) => r.venting));
      return { up, down, unit: (this.lay.postsEnd - this.lay.postsTop) / Math.max(up + down, 1) };
    }

    // zero is the height of the base line of posts.
    zero() {
      const { up, down, unit } = this.most(), l = this.lay;
      return up + down ? l.postsTop + unit * up : (l.postsTop + l.postsEnd) / 2;
    }

    postsRange() {
      const { unit } = this.most(), zero = this.zero(), l = this.lay;
      return [-(l.base - zero) / unit, (zero - l.top + 6) / unit];
    }

    // ---- drawing in the units of the server's drawing ----

    paint(what) {
      const c = this.c = this.u.ctx, k = this.scale * devicePixelRatio;
      c.save();
      c.scale(k, k);
      c.lineJoin = 'round';
      c.textBaseline = 'alphabetic';
      what();
      c.restore();
    }

    x(t) {
      const [from, to] = this.range, { x0, x1 } = this.lay;
      return x0 + (x1 - x0) * Math.min(1, Math.max(0, (t - from) / (to - from)));
    }
    y(v) { const { top, foot } = this.lay; return foot - (foot - top) * v / 100; }
    within(t) { const [from, to] = this.range; return t >= from && t <= to; }

    line(x0, y0, x1, y1, colour, width = 1, dash = []) {
      const c = this.c;
      c.strokeStyle = this.ink[colour];
      c.lineWidth = width;
      c.setLineDash(dash);
      c.beginPath();
      c.moveTo(x0, y0);
      c.lineTo(x1, y1);
      c.stroke();
      c.setLineDash([]);
    }

    text(s, x, y, { align = 'left', colour = 'ink-2', font = `13px ${this.sans}`, halo = true } = {}) {
      const c = this.c;
      c.font = font;
      c.textAlign = align;
      c.strokeStyle = this.ink.bg;
      c.lineWidth = 4;
      if (halo) c.strokeText(s, x, y);
      c.fillStyle = this.ink[colour];
      c.fillText(s, x, y);
      return c.measureText(s).width;
    }

    ground() {
      const { c, lay: l } = this;
      c.fillStyle = this.ink.gap;
      for (const g of this.gaps) {
        const x = this.x(g.at), w = this.x(g.to) - x;
        if (g.to > this.range[0] && g.at < this.range[1]) c.fillRect(x, l.top - 6, Math.max(w, 1), l.base - l.top + 24);
      }
      for (const v of [0, 50, 100]) {
        this.line(l.x0, this.y(v), l.x1, this.y(v), v === 50 ? 'line-strong' : 'line', 1, v === 50 ? [1, 4] : []);
        this.text(String(v), l.x0 - 10, this.y(v) + 4, { align: 'right' });
      }
      if (this.wide) for (const [v, word, dy] of [[100, 'all support', 19], [50, 'even', 19], [0, 'all venting', -12]]) this.text(word, Math.max(l.x0 - 10, this.widthOf(word)), this.y(v) + dy, { align: 'right' });
      for (const u of this.updates) if (this.within(u.at)) this.line(this.x(u.at), 26, this.x(u.at), l.base, 'ink', 1, [1, 3]);
    }

    over() {
      const { lay: l } = this, zero = this.zero();
      this.numbers();
      this.end();
      this.text(`Posts per ${length(this.view ? this.view.bucket : this.bucket)}`, 0, l.title, { colour: 'ink', font: `650 13px ${this.sans}` });
      this.line(l.x0, zero, l.x1, zero, 'line-strong');
      this.line(l.x0, l.base, l.x1, l.base, 'line-strong');
      this.postTicks(zero);
      this.sides(zero);
      this.marks(zero);
      this.strips.forEach((s, i) => this.strip(s, l.strip + i * l.stripStep));
    }

    // numbers are the provider's updates; those that would touch share one pill.
    numbers() {
      const { c, lay: l } = this, groups = [];
      for (const u of this.updates.filter((one) => this.within(one.at))) {
        const last = groups[groups.length - 1], x = this.x(u.at);
        if (last && x - last.x < last.half + 33) {
          last.label = `${last.from}–${u.n}`;
          last.half = Math.max(21, 8 + 4.2 * last.label.length);
        } else groups.push({ from: u.n, label: String(u.n), half: 11, x, word: u.word });
      }
      groups.forEach((g, i) => {
        const one = g.half === 11, half = g.half, next = groups[i + 1];
        const x = Math.max(Math.min(g.x, l.w - half - 3), one ? 0 : half);
        c.beginPath();
        c.roundRect(x - half, 4, 2 * half, 22, 11);
        c.fillStyle = this.ink.bg;
        c.strokeStyle = this.ink.ink;
        c.lineWidth = 1.5;
        c.fill();
        c.stroke();
        this.text(g.label, x, 19.5, { align: 'center', colour: 'ink', font: `700 13px ${this.sans}`, halo: false });
        const room = (next ? next.x - next.half : l.x1 + 140) - x;
        if (this.wide && one && room > half + 14 + 7.2 * g.word.length) this.text(g.word, x + half + 7, 19.5, { colour: 'ink' });
      });
    }

    // end says where the curve has come to, at the last point in view.
    end() {
      const { c, lay: l } = this, known = this.known.filter((p) => this.within(p.at)), last = known[known.length - 1];
      if (!last) {
        const words = this.view ? 'under 30 people in each hour here' : `under 30 people in every hour${this.open ? ' so far' : ''}`;
        return this.text(words, (l.x0 + l.x1) / 2, this.y(50) - 10, { align: 'center' });
      }
      const begins = this.x(known[0].at) - 8;
      if (this.wide && !this.view && begins > l.x0 + 100) this.text('under 30 people', begins, this.y(30), { align: 'right' });
      const value = String(Math.round(last.value)), range = `${Math.round(last.lower)}–${Math.round(last.upper)}`, x = this.x(last.at), y = this.y(last.value);
      c.beginPath();
      c.arc(x, y, 4.5, 0, 7);
      c.fillStyle = this.ink.support;
      c.strokeStyle = this.ink.bg;
      c.lineWidth = 2;
      c.fill();
      c.stroke();
      const when = this.open && this.to - last.at <= 2 * this.bucket ? 'this hour' : `at ${clock(last.at)}`;
      const serif = `700 26px ${this.serif}`;
      if (!this.wide) {
        const words = ` ${range}, ${when}`, below = this.clear(x - 170, known), start = l.x1 - this.widthOf(words) - 4;
        this.text(words, start, below);
        return this.text(value, start, below, { align: 'right', colour: 'ink', font: serif });
      }
      const at = Math.min(Math.max(y, l.top + 8), l.foot - 20), w = this.text(value, x + 14, at + 3, { colour: 'ink', font: serif });
      this.text(when, x + 21 + w, at + 3);
      this.text(`very likely ${range}`, x + 14, at + 22);
    }

    widthOf(s) { this.c.font = `13px ${this.sans}`; return this.c.measureText(s).width; }

    // clear is where, near the end of the curve, words stand free of it.
    clear(x, known) {
      const near = known.filter((p) => this.x(p.at) >= x), { top, foot } = this.lay;
      const low = Math.max(top, ...near.map((p) => this.y(p.lower))), high = Math.min(foot, ...near.map((p) => this.y(p.upper)));
      return low + 26 > foot - 4 ? Math.max(high - 8, top + 22) : low + 26;
    }

    postTicks(zero) {
      const { up, down, unit } = this.most(), { x0 } = this.lay;
      this.text('0', x0 - 10, zero + 4, { align: 'right' });
      if (up + down === 0) return;
      const step = niceStep(Math.max(up, down));
      for (let n = -Math.floor(down / step) * step; n <= up; n += step) {
        const y = zero - unit * n;
        if (Math.abs(y - zero) < 14) continue;
        if (this.wide) this.line(x0 - 5, y, x0, y, 'line-strong');
        this.text(count(Math.abs(n)), x0 - 10, y + 4, { align: 'right' });
      }
    }

    sides(zero) {
      const { x0, x1, postsTop, postsEnd } = this.lay, bold = `650 14px ${this.sans}`;
      if (!this.wide) {
        this.text('Support', x0 + 2, postsTop + 10, { colour: 'support', font: bold });
        return this.text('Venting', x1, postsEnd + 4, { align: 'right', colour: 'venting-ink', font: bold });
      }
      const sum = (name) => this.rows.reduce((n, r) => n + r[name], 0), x = x1 + 9.7;
      this.text('Support', x, zero - 24, { colour: 'support', font: bold });
      this.text(posts(sum('support')), x, zero - 7);
      this.text('Venting', x, zero + 20, { colour: 'venting-ink', font: bold });
      this.text(posts(sum('venting')), x, zero + 37);
    }

    // marks are the first post and the end of the outage, on the base line.
    marks(zero) {
      const { c, lay: l } = this;
      c.lineWidth = 1.8;
      if (this.first !== null && this.within(this.first)) {
        c.beginPath();
        c.arc(this.x(this.first), zero, 4, 0, 7);
        c.fillStyle = this.ink.bg;
        c.strokeStyle = this.ink['ink-2'];
        c.fill();
        c.stroke();
        const right = Math.max(this.x(this.first) + 30, l.x0 + 104);
        if (this.wide) this.text(`first post ${clock(this.first)}`, right, this.above(zero, right - 104, right), { align: 'right' });
      }
      if (this.ended !== null && this.within(this.ended)) {
        const x = this.x(this.ended);
        c.fillStyle = this.ink.ink;
        c.strokeStyle = this.ink.bg;
        c.lineWidth = 1.5;
        c.fillRect(x - 4, zero - 4, 8, 8);
        c.strokeRect(x - 4, zero - 4, 8, 8);
        if (this.wide) this.text(`ended ${clock(this.ended)}`, Math.min(x, l.x1 - 50), l.postsEnd + 8, { align: 'center' });
      }
    }

    // above is where words stand clear of the support between two places.
    above(zero, x0, x1) {
      const { unit } = this.most();
      const near = this.rows.filter((r) => { const x = this.x((r.at + r.to) / 2); return x >= x0 - 10 && x <= x1 + 10; });
      const y = Math.min(zero - 14, ...near.map((r) => zero - unit * r.support - 9));
      return y < this.lay.postsTop ? zero + 22 : y;
    }

    // beside writes what is said of a strip at its right: what is longer than 21
    // letters takes two lines.
    beside(words, x, y) {
      if (words.length <= 21) return this.text(words, x, y + 4);
      const cut = words.lastIndexOf(' ', 21);
      this.text(words.slice(0, cut), x, y - 3);
      this.text(words.slice(cut + 1), x, y + 12);
    }

    // strip is one network: solid where it was seen, ticked where a sample was,
    // nothing and a cross where it was not.
    strip(s, y) {
      const { lay: l } = this;
      if (this.wide) {
        this.text(s.name, l.x0 - 10, y + 4, { align: 'right' });
        this.beside(s.words, l.x1 + 9.7, y);
      } else {
        const w = this.text(s.name, 0, y - 9, { colour: 'ink', font: `650 13px ${this.sans}` });
        this.text(`, ${s.words}`, w, y - 9);
      }
      for (const p of s.spans) {
        const x0 = this.x(p.at), x1 = this.x(p.to);
        if (p.to <= this.range[0] || p.at >= this.range[1]) continue;
        if (p.look !== 'off') this.line(x0, y, x1, y, 'ink-2', 6, p.look === 'some' ? [2, 6] : []);
        else if (x1 - x0 >= 3) for (const d of [3, -3]) this.line(x0 + 3, y - d, x0 + 9, y + d, 'ink', 1.6);
      }
    }
  }

  window.hugopsDrawing = { Drawing, MINUTE, DAY, STEPS, clock, day, moment, count, off, blind };
})();
