// What others put on their pages, in a real browser: `make browser`. The pages around
// it are as they are out there: a strict security policy, odd style sheets, two copies
// of the script, a server that goes away.
// With SHOTS=dir it leaves pictures there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const program = process.env.HUGOPS || 'bin/hugops';
const shots = process.env.SHOTS;
const data = mkdtempSync(join(tmpdir(), 'hugops-embeds-'));
let hugops, base, browser;

async function start(listen) {
  hugops = spawn(program, ['up', '--demo', '--data', data, '--listen', listen, '--log-level', 'warn'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    hugops.stdout.on('data', (d) => { const m = String(d).match(/http:\S+[^/\s]/); if (m) resolve(m[0]); });
    hugops.on('exit', (code) => reject(new Error(`hugops ended with ${code}`)));
  });
}
async function stop() {
  const ended = new Promise((r) => hugops.once('exit', r));
  hugops.kill('SIGINT');
  await ended;
}

before(async () => {
  if (shots) mkdirSync(shots, { recursive: true });
  base = await start('127.0.0.1:0');
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  for (let i = 0; ; i++) { // until the demo's history is in
    const list = await (await fetch(base + '/api/v1/outages')).json();
    if (list.outages.length === 3 && list.outages.filter((o) => o.index.enough).length >= 2) break;
    assert.ok(i < 150, 'the demo did not arrive');
    await new Promise((r) => setTimeout(r, 200));
  }
});

after(async () => {
  await browser?.close();
  if (hugops?.exitCode === null) await stop();
  rmSync(data, { recursive: true, force: true });
});

// host serves one page as others would, and opens it. What goes wrong on it is in
// faults: thrown errors, violations of its policy, warnings.
async function host(html, { csp, ready, ...options } = {}) {
  const server = createServer((req, res) => {
    if (req.url !== '/') return res.writeHead(204).end();
    if (csp) res.setHeader('Content-Security-Policy', csp);
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    res.end(html);
  });
  await new Promise((r) => server.listen(0, '127.0.0.1', r));
  const context = await browser.newContext({ viewport: { width: 900, height: 700 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('console', (m) => { if (['error', 'warning'].includes(m.type())) faults.push(m.text()); });
  page.on('pageerror', (e) => faults.push(String(e)));
  page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('http://127.0.0.1:' + server.address().port) && !/^(data|blob):/.test(r.url())) faults.push('asked ' + r.url()); });
  if (ready) await ready(page);
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  return { page, faults, close: async () => { await context.close(); server.close(); } };
}

const script = () => `<script async src="${base}/widget.js"></script>`;
const strict = () => `default-src 'none'; script-src ${base}; connect-src ${base}; style-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
const box = (page, n = 0) => page.locator('hugops-index').nth(n).locator('.b');
const figure = (page, n = 0) => box(page, n).locator('.n').filter({ hasText: /\d/ }).waitFor();
const shoot = async (page, name) => { if (shots) await page.screenshot({ path: join(shots, `${name}.png`) }); };
const height = (page, n = 0) => page.locator('hugops-index').nth(n).evaluate((e) => e.getBoundingClientRect().height);

test('a page with a strict policy: no violation, no third party, two widgets', async () => {
  const { page, faults, close } = await host(`<!doctype html><title>Status</title>${script()}
    <hugops-index outage="nc-2211"></hugops-index><hugops-index outage="nc-2211" show="hugs"></hugops-index><hugops-index service="github"></hugops-index>`, { csp: strict() });
  await figure(page);
  await figure(page, 1);
  assert.match(await box(page).innerText(), /of every 100 people/);
  assert.match(await box(page, 1).innerText(), /people sent a hug to the people fixing this/);
  assert.doesNotMatch(await box(page, 1).innerText(), /vent|index|likely/i, 'hugs only');
  assert.equal(await height(page), 118);
  assert.equal(await height(page, 1), 118);
  assert.equal(await height(page, 2), 0, 'all is well: nothing');
  assert.deepEqual(faults, []);
  await close();
});

test('a page with odd style sheets, right to left, with two copies of the script', async () => {
  const { page, faults, close } = await host(`<!doctype html><html dir="rtl" style="font-size:50px"><title>Status</title>
    <style>* { all: unset !important } hugops-index, .b, .x, svg, a { display: none !important; opacity: 0; position: fixed }
      div, p, svg { display: none !important } html { letter-spacing: 9px; text-transform: uppercase; white-space: pre; line-height: 4; text-indent: 50px; word-spacing: 3em; visibility: visible }</style>
    ${script()}${script()}<script type="module" src="${base}/widget.js"></script>
    <section style="display:block"><hugops-index outage="nc-2211"></hugops-index></section>`);
  await figure(page);
  assert.equal(await height(page), 118);
  const seen = await box(page).evaluate((b) => {
    const s = getComputedStyle(b), t = getComputedStyle(b.querySelector('.t'));
    return [s.direction, s.letterSpacing, t.textTransform, t.whiteSpace, s.fontSize, s.display, t.textIndent, t.lineHeight];
  });
  assert.deepEqual(seen, ['ltr', 'normal', 'none', 'normal', '14px', 'grid', '0px', '20.3px']);
  assert.deepEqual(faults, []);
  await shoot(page, 'widget-odd');
  await close();
});

test('nothing moves: its space is kept from the first paint on', async () => {
  const { page, faults, close } = await host(`<!doctype html><title>Status</title>
    <style>hugops-index[outage]:not(:defined) { display: block; min-height: 118px }</style>
    <h1>Storage errors</h1><hugops-index outage="nc-2211"></hugops-index><p>below</p>${script()}`, {
    ready: async (page) => {
      await page.addInitScript(() => {
        window.shift = 0;
        new PerformanceObserver((l) => { for (const e of l.getEntries()) window.shift += e.value; }).observe({ type: 'layout-shift', buffered: true });
      });
      await page.route('**/widget.js', async (r) => { await new Promise((d) => setTimeout(d, 300)); await r.continue(); });
      await page.route('**/widget/nc-2211', async (r) => { await new Promise((d) => setTimeout(d, 300)); await r.continue(); });
    },
  });
  await figure(page);
  await page.evaluate(() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r))));
  assert.equal(await page.evaluate(() => window.shift), 0);
  assert.deepEqual(faults, []);
  await close();
});

test('how soon the figure stands there', async (t) => {
  const { page, close } = await host(`<!doctype html><title>Status</title><hugops-index outage="nc-2211"></hugops-index>${script()}`, {
    ready: (page) => page.addInitScript(() => {
      const look = () => {
        if (/\d/.test(document.querySelector('hugops-index')?.shadowRoot?.querySelector('.n')?.textContent || '')) window.stood = performance.now();
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }),
  });
  await page.waitForFunction(() => window.stood);
  const [came, stood] = await page.evaluate(() => [performance.getEntriesByType('resource').find((e) => e.name.endsWith('/widget.js')).responseEnd, window.stood]);
  t.diagnostic(`the figure stood ${(stood - came).toFixed(0)} ms after its script had come`);
  assert.ok(stood - came < 3000);
  await close();
});

test('every language: the widget and the iframe say the same', async () => {
  for (const lang of ['en', 'de', 'fr', 'es', 'pt', 'nl', 'ja']) {
    for (const show of ['index', 'hugs']) {
      const { page, faults, close } = await host(`<!doctype html><html lang="${lang}-XX"><title>Status</title>${script()}
        <hugops-index outage="pp-5093" show="${show}"></hugops-index><iframe src="${base}/embed/pp-5093?show=${show}&lang=${lang}" width="900" height="122"></iframe>`);
      const frame = page.frameLocator('iframe').locator('.hw');
      const words = async (what) => (await what.innerText()).replace(/\d\d:\d\d UTC/, '').replace(/\s+/g, ' ').trim();
      let said, framed;
      for (let i = 0; i < 3 && (!i || said !== framed); i++) { // posts still come: the figure may move between the two
        if (i) await page.reload();
        await figure(page);
        [said, framed] = [await words(box(page)), await words(frame)];
      }
      assert.equal(said, framed, `${lang}, ${show}`);
      assert.equal(await box(page).locator('xpath=..').getAttribute('lang'), lang);
      if (show === 'index') assert.equal(await box(page).locator('[role=img]').getAttribute('aria-label'), await frame.locator('[role=img]').getAttribute('aria-label'));
      assert.deepEqual(faults, []);
      if (lang === 'ja' || lang === 'de') await shoot(page, `widget-${lang}-${show}`);
      await close();
    }
  }
});

test('the nearest language around it, and English for one that it does not speak', async () => {
  const { page, close } = await host(`<!doctype html><html lang="sv"><title>Status</title>${script()}
    <hugops-index outage="nc-2211"></hugops-index><div lang="de-AT"><hugops-index outage="nc-2211"></hugops-index><hugops-index outage="nc-2211" lang="fr"></hugops-index></div>
    <div lang=""><hugops-index outage="nc-2211"></hugops-index></div>`);
  for (const [i, want] of [/people/i, /Menschen/, /panne/, /people/i].entries()) {
    await figure(page, i);
    assert.match(await box(page, i).innerText(), want);
  }
  await close();
});

test('it may be made, moved, changed and taken away at any time', async () => {
  const { page, faults, close } = await host(`<!doctype html><html lang="en"><title>Status</title><main></main>`);
  await page.evaluate(() => { // before the script
    const e = document.createElement('hugops-index');
    e.setAttribute('outage', 'nc-2211');
    document.querySelector('main').append(e);
  });
  await page.addScriptTag({ url: base + '/widget.js' });
  await figure(page);
  await page.evaluate(() => {
    const e = document.querySelector('hugops-index'), other = document.createElement('section');
    document.body.append(other);
    other.append(e); // moved
    document.querySelector('main').append(document.createElement('hugops-index')); // without any attribute
  });
  const widget = page.locator('section hugops-index');
  const text = () => widget.evaluate((e) => e.shadowRoot.querySelector('.x').innerText);
  assert.match(await text(), /of every 100 people/, 'a move keeps the figure');
  await widget.evaluate((e) => e.setAttribute('show', 'hugs'));
  assert.match(await text(), /sent a hug/);
  await widget.evaluate((e) => e.setAttribute('lang', 'nl'));
  assert.match(await text(), /knuffel/);
  await widget.evaluate((e) => e.setAttribute('size', 'line'));
  assert.match(await text(), /^\s*\S+ mensen stuurden een knuffel/);
  await widget.evaluate((e) => { e.removeAttribute('size'); e.removeAttribute('lang'); e.setAttribute('show', 'index'); e.setAttribute('outage', 'pp-5093'); });
  await page.waitForFunction(() => /How people met/.test(document.querySelector('section hugops-index').shadowRoot.textContent));
  await widget.evaluate((e) => { e.removeAttribute('outage'); });
  assert.equal((await text()).trim(), '');
  await widget.evaluate((e) => { e.setAttribute('service', 'nimbus-cloud'); });
  await page.waitForFunction(() => /How people are meeting/.test(document.querySelector('section hugops-index').shadowRoot.textContent));
  await widget.evaluate((e) => { const kept = e; e.remove(); kept.setAttribute('outage', 'nc-2211'); document.body.append(kept); });
  await widget.count();
  await page.waitForFunction(() => /of every 100/.test(document.querySelector('body > hugops-index').shadowRoot.textContent));
  assert.deepEqual(faults, []);
  await close();
});

test('names that nobody knows: said on the page for an outage, in the console for both', async () => {
  const { page, faults, close } = await host(`<!doctype html><html lang="en"><title>Status</title>${script()}
    <hugops-index outage="no-such"></hugops-index><hugops-index service="no-such"></hugops-index>`);
  await box(page).getByText('hugops knows no outage of this name.').waitFor();
  assert.equal(await height(page), 118);
  assert.equal(await height(page, 1), 0);
  assert.deepEqual(faults.filter((f) => f.startsWith('hugops:')).sort(), ['hugops: no outage no-such', 'hugops: no service no-such']);
  await close();
});

test('a page from a file, and a sandbox without an origin', async () => {
  const file = join(data, 'page.html');
  writeFileSync(file, `<!doctype html><html lang="en"><title>Status</title>${script()}<hugops-index outage="nc-2211"></hugops-index>`);
  const context = await browser.newContext();
  const page = await context.newPage();
  const faults = [];
  page.on('console', (m) => { if (m.type() === 'error') faults.push(m.text()); });
  page.on('pageerror', (e) => faults.push(String(e)));
  await page.goto('file://' + file);
  await figure(page);
  assert.deepEqual(faults, []);
  await context.close();

  const boxed = await host(`<!doctype html><iframe sandbox="allow-scripts" width="800" height="200" srcdoc='<!doctype html><html lang="en">${script()}<hugops-index outage="nc-2211"></hugops-index>'></iframe>
    <iframe sandbox="allow-scripts" width="800" height="122" src="${base}/embed/nc-2211"></iframe><iframe sandbox width="800" height="122" src="${base}/embed/nc-2211?show=hugs"></iframe>`);
  await boxed.page.frameLocator('iframe >> nth=0').locator('.n').filter({ hasText: /\d/ }).waitFor();
  await boxed.page.frameLocator('iframe >> nth=1').locator('html.js .hw-n').waitFor();
  await boxed.page.frameLocator('iframe >> nth=2').locator('html:not(.js) .hw-n').waitFor();
  assert.deepEqual(boxed.faults.filter((f) => !/sandboxed and the 'allow-scripts'/.test(f)), []);
  await shoot(boxed.page, 'sandbox');
  await boxed.close();
});

test('light and dark by the text around it, forced colours, paper, no motion', async () => {
  const html = `<!doctype html><html lang="en"><title>Status</title><style>.d { background: #111; color: #eee; padding: 20px }</style>${script()}
    <hugops-index outage="nc-2211"></hugops-index><div class="d"><hugops-index outage="nc-2211"></hugops-index></div>
    <div class="d"><hugops-index outage="nc-2211" theme="light" style="background: #fff"></hugops-index></div>`;
  const { page, faults, close } = await host(html);
  const plum = (n) => page.locator('hugops-index').nth(n).locator('.gs').first().evaluate((e) => getComputedStyle(e).stroke);
  for (const [n, want] of ['rgb(138, 42, 107)', 'rgb(232, 161, 208)', 'rgb(138, 42, 107)'].entries()) {
    await figure(page, n);
    assert.equal(await plum(n), want, `widget ${n}`);
  }
  await shoot(page, 'widget-tones');
  await page.emulateMedia({ forcedColors: 'active' });
  await shoot(page, 'widget-forced');
  await page.emulateMedia({ forcedColors: 'none', media: 'print' });
  assert.equal(await plum(1), 'rgb(138, 42, 107)', 'on paper');
  assert.deepEqual(faults, []);
  await close();
});

test('it updates itself, glides, and tells screen readers; not for those who want no motion', async () => {
  for (const reducedMotion of ['no-preference', 'reduce']) {
    const answer = { outage: { id: 'x', open: true, demo: false, suspected: false, url: base + '/outages/x', index: { enough: true, value: 60, lower: 52, upper: 70, sided: 90, support: 55 } }, more: 1, all: base + '/services/s' };
    const { page, faults, close } = await host(`<!doctype html><html lang="en"><title>Status</title>${script()}<hugops-index service="s"></hugops-index>`, {
      reducedMotion,
      ready: async (page) => {
        await page.clock.install();
        await page.route('**/widget/service/s', (r) => r.fulfill({ json: answer, headers: { 'Access-Control-Allow-Origin': '*' } }));
      },
    });
    await figure(page);
    assert.match(await box(page).innerText(), /and 1 more/);
    answer.outage.index = { ...answer.outage.index, value: 70, lower: 63, upper: 77 };
    await page.evaluate(() => { window.glides = 0; const was = Element.prototype.animate; Element.prototype.animate = function (...a) { window.glides++; return was.apply(this, a); }; });
    await page.clock.fastForward(30_000);
    assert.match(await box(page).innerText(), /60/, 'not before a minute is over');
    await page.clock.fastForward(40_000);
    await box(page).locator('.n').filter({ hasText: '70' }).waitFor();
    assert.equal(await page.locator('hugops-index').locator('[aria-live]').textContent(), 'Empathy index 70 of 100, very likely between 63 and 77.');
    assert.equal(await page.evaluate(() => window.glides), reducedMotion === 'reduce' ? 0 : 3);
    answer.outage = null;
    await page.clock.fastForward(65_000);
    await page.waitForFunction(() => document.querySelector('hugops-index').getBoundingClientRect().height === 0);
    assert.deepEqual(faults, []);
    await close();
  }
});

// few is the answer for an outage that has not enough people yet: the demo has none.
const few = { outage: { id: 'few', open: true, demo: true, suspected: false, url: 'http://127.0.0.1/outages/few', index: { enough: false, sided: 18, support: 11 } }, more: 0 };

test('at every width and in every language it is 118 high, or 180 below 420', async () => {
  const all = ['en', 'de', 'fr', 'es', 'pt', 'nl', 'ja'].flatMap((lang) => ['nc-2211', 'pp-5093', 'nc-2211" show="hugs', 'pp-5093" show="hugs', 'no-such', 'few'].map((o) => `<hugops-index lang="${lang}" outage="${o}"></hugops-index>`));
  const { page, close } = await host(`<!doctype html><html lang="en"><title>Status</title><meta name="viewport" content="width=device-width">${script()}<div id="box">${all.join('')}</div>`, { ready: (page) => page.route('**/widget/few', (r) => r.fulfill({ headers: { 'access-control-allow-origin': '*' }, json: few })) });
  await page.waitForFunction(() => [...document.querySelectorAll('hugops-index')].every((e) => e.shadowRoot?.querySelector('.b[aria-busy=false]')));
  for (const width of [240, 280, 300, 339, 340, 358, 419, 420, 480, 539, 540, 679, 680, 900]) {
    const odd = await page.evaluate((w) => {
      document.getElementById('box').setAttribute('style', `width: ${w}px`);
      return [...document.querySelectorAll('hugops-index')].flatMap((e) => {
        const high = e.getBoundingClientRect().height, wide = e.shadowRoot.querySelector('.b').scrollWidth;
        // below 280 some languages take two lines more with the widest of fonts
        const marks = [...e.shadowRoot.querySelectorAll('line.w, line.c')], seen = marks.filter((l) => getComputedStyle(l).display !== 'none').length;
        return (w < 280 ? high <= 224 : high === (w < 420 ? 180 : 118)) && wide <= w && seen === marks.length / 2 ? [] : [`${e.outerHTML}: ${high} high, ${wide} wide, ${seen} of ${marks.length} rows of marks`];
      });
    }, width);
    assert.deepEqual(odd, [], `${width} pixels wide`);
  }
  await close();
});

test('on a phone', async () => {
  const { page, faults, close } = await host(`<!doctype html><html lang="en"><title>Status</title><meta name="viewport" content="width=device-width">${script()}<style>body { margin: 16px }</style>
    <hugops-index outage="nc-2211"></hugops-index><br><hugops-index outage="nc-2211" show="hugs"></hugops-index><br><hugops-index outage="nc-2211" lang="de"></hugops-index><br><hugops-index outage="nc-2211" lang="es"></hugops-index><br>
    <div style="width: 240px"><hugops-index outage="nc-2211"></hugops-index></div><br><hugops-index outage="nc-2211" size="line"></hugops-index>`,
  { viewport: { width: 390, height: 1300 }, deviceScaleFactor: 2, isMobile: true });
  for (let i = 0; i < 5; i++) await figure(page, i);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `scrolls sideways by ${over}`);
  assert.deepEqual(faults, []);
  await shoot(page, 'widget-phone');
  await close();
});

test('at home on a status page', async () => {
  const html = readFileSync(new URL('host.html', import.meta.url), 'utf8').replaceAll('BASE', base);
  for (const [name, options, dark] of [['light', {}], ['dark', {}, true], ['phone', { viewport: { width: 390, height: 1100 }, isMobile: true, deviceScaleFactor: 2 }]]) {
    const { page, faults, close } = await host(dark ? html.replace('<html lang="en">', '<html lang="en" class="dark">') : html, { viewport: { width: 960, height: 980 }, ...options });
    await figure(page);
    assert.deepEqual(faults, []);
    await shoot(page, `host-${name}`);
    await close();
  }
});

test('the page that makes codes: without script, with it, and by keyboard', async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const page = await plain.newPage();
  await page.goto(base + '/embed');
  await page.locator('select[name=outage]').selectOption('pp-5093');
  await page.locator('select[name=show]').selectOption('hugs');
  await page.locator('select[name=lang]').selectOption('de');
  await page.getByRole('button', { name: 'Make the code' }).click();
  assert.match(await page.locator('pre').first().innerText(), /<hugops-index outage="pp-5093" show="hugs" lang="de"><\/hugops-index>/);
  await plain.close();

  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'], viewport: { width: 1280, height: 1000 } });
  const live = await context.newPage();
  const faults = [];
  live.on('console', (m) => { if (m.type() === 'error') faults.push(m.text()); });
  live.on('pageerror', (e) => faults.push(String(e)));
  await live.goto(base + '/embed?outage=nc-2211');
  await figure(live);
  await live.locator('select[name=theme]').selectOption('dark');
  await live.waitForFunction(() => /theme="dark"/.test(document.querySelector('pre').textContent));
  assert.match(live.url(), /theme=dark/);
  await live.locator('input[name=service]').fill('Nimbus Cloud');
  await live.locator('input[name=service]').press('Tab');
  await live.waitForFunction(() => /service="nimbus-cloud"/.test(document.querySelector('pre').textContent));
  await live.locator('.copy').first().press('Enter');
  await live.getByText('Copied').waitFor();
  assert.match(await live.evaluate(() => navigator.clipboard.readText()), /^<script async src="http.*\n<hugops-index service="nimbus-cloud" theme="dark"><\/hugops-index>$/);
  assert.deepEqual(faults, []);
  if (shots) {
    await figure(live);
    await live.evaluate(() => scrollTo(0, 0));
    await live.screenshot({ path: join(shots, 'embed.png'), fullPage: true });
  }
  await context.close();
});

test('every picture is one', async () => {
  const { page, close } = await host(`<!doctype html>${['badge/nc-2211.svg', 'badge/nc-2211.png', 'badge/nc-2211.svg?show=hugs', 'badge/nc-2211.png?show=hugs&lang=fr', 'badge/service/nimbus-cloud.svg?lang=ja', 'badge/service/github.svg', 'badge/service/github.png', 'badge/no-such.png', 'card/nc-2211.svg', 'card/nc-2211.png']
    .map((p) => `<p><img src="${base}/${p}" alt="" height="${p.startsWith('card') ? 315 : 20}">`).join('')}`, { viewport: { width: 700, height: 1000 } });
  await page.waitForLoadState('load');
  const broken = await page.locator('img').evaluateAll((all) => all.filter((i) => !i.complete || !i.naturalWidth).map((i) => i.src));
  assert.deepEqual(broken, []);
  await shoot(page, 'pictures');
  await close();
});

test('a server that goes away and comes back', { timeout: 120_000 }, async () => {
  const port = new URL(base).port;
  const { page, faults, close } = await host(`<!doctype html><html lang="en"><title>Status</title>${script()}
    <hugops-index outage="nc-2211"></hugops-index><hugops-index outage="nc-2211" show="hugs"></hugops-index><iframe src="${base}/embed/nc-2211" width="800" height="122"></iframe>`,
  { ready: (page) => page.clock.install() });
  await figure(page);
  await figure(page, 1);
  await stop();
  await page.clock.fastForward(66_000);
  await box(page).getByText(/As of \d\d:\d\d UTC\. No contact since\./).first().waitFor();
  assert.match(await box(page).locator('.n').innerText(), /^\d+$/, 'the last figure stays');
  await box(page, 1).getByText(/Counted at \d\d:\d\d UTC/).waitFor();
  await page.frameLocator('iframe').locator('.hw.off .as').waitFor();
  assert.equal(await height(page), 118);
  await shoot(page, 'widget-offline');
  assert.deepEqual(faults.filter((f) => !/ERR_CONNECTION_REFUSED|Failed to load resource/.test(f)), []);

  const late = await host(`<!doctype html><html lang="en"><title>Status</title>${script()}<hugops-index outage="nc-2211"><a href="${base}">How people are meeting this outage</a></hugops-index>`);
  assert.match(await late.page.locator('body').innerText(), /How people are meeting this outage/, 'what stands between the tags, if the script does not come');
  await late.close();

  await start(`127.0.0.1:${port}`);
  await page.clock.fastForward(66_000);
  await box(page).getByText('of every 100 people').waitFor();
  await page.frameLocator('iframe').locator('.hw:not(.off)').waitFor();
  await close();
});
