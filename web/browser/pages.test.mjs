// The site in a real browser: `make browser`. Starts the demo on a fresh data
// directory and looks at every page as a visitor would: light, dark, on a phone,
// narrow, with large letters, by keyboard, without JavaScript; axe-core looks for
// barriers. No error, no violation of the security policy, nothing that moves by
// itself or scrolls sideways, no request to anybody else.
// With SHOTS=dir it leaves a picture of each view there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const program = process.env.HUGOPS || 'bin/hugops';
const shots = process.env.SHOTS;
const data = mkdtempSync(join(tmpdir(), 'hugops-browser-'));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let hugops, base, browser;

before(async () => {
  if (shots) mkdirSync(shots, { recursive: true });
  hugops = spawn(program, ['up', '--demo', '--data', data, '--listen', '127.0.0.1:0', '--contact', 'hello@hugops.example', '--log-level', 'warn'], { stdio: ['ignore', 'pipe', 'inherit'] });
  base = await new Promise((resolve, reject) => {
    hugops.stdout.on('data', (d) => { const m = String(d).match(/http:\S+/); if (m) resolve(m[0]); });
    hugops.on('exit', (code) => reject(new Error(`hugops ended with ${code}`)));
  });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  for (let i = 0; ; i++) { // until the demo's history is in
    const list = await (await fetch(base + 'api/v1/outages')).json();
    if (list.outages.length === 3 && list.outages.filter((o) => o.index.enough).length >= 2) break;
    assert.ok(i < 100, 'the demo did not arrive');
    await new Promise((r) => setTimeout(r, 200));
  }
});

after(async () => {
  await browser?.close();
  if (hugops && hugops.exitCode === null) {
    const ended = new Promise((r) => hugops.once('exit', r));
    hugops.kill('SIGINT');
    assert.equal(await ended, 0, 'Ctrl-C must end hugops cleanly');
  }
  rmSync(data, { recursive: true, force: true });
});

const desktop = { viewport: { width: 1280, height: 900 }, colorScheme: 'light' };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: 'light' };
const views = {
  desktop: { ...desktop, axe: true },
  dark: { ...desktop, colorScheme: 'dark', axe: true },
  phone: { ...phone, axe: true },
  'phone-dark': { ...phone, colorScheme: 'dark', axe: true },
  narrow: { viewport: { width: 320, height: 640 }, colorScheme: 'light' },
  forced: { ...desktop, forcedColors: 'active' },
  'large-letters': { ...desktop, letters: '200%' },
  'large-letters-half': { viewport: { width: 640, height: 900 }, letters: '200%' },
  'no-script': { ...desktop, javaScriptEnabled: false },
};
const pages = {
  home: '', search: '?q=pay&days=30&network=mastodon', nothing: '?q=no-such-service', outage: 'outages/nc-2211', cascade: 'outages/cb-0871', resolved: 'outages/pp-5093',
  service: 'services/pennywhistle-pay', 'service-quiet': 'services/github', methodology: 'methodology', sources: 'sources', data: 'data', embed: 'embed',
  privacy: 'privacy', 'opt-out': 'opt-out',
};

// open returns a page, the list of everything that went wrong on it, and how far
// things moved by themselves while it loaded.
async function open(context, url, code = 200) {
  const page = await context.newPage();
  const faults = [];
  page.on('console', (m) => { if (['error', 'warning'].includes(m.type()) && !(code >= 400 && /Failed to load resource/.test(m.text()))) faults.push(m.text()); });
  page.on('pageerror', (e) => faults.push(String(e)));
  page.on('request', (r) => { if (!r.url().startsWith(base) && !/^(data|blob):/.test(r.url())) faults.push('asked ' + r.url()); });
  const resp = await page.goto(url, { waitUntil: 'load' });
  assert.equal(resp.status(), code, url);
  return { page, faults };
}

// shifts are the layout shifts until now: how much, and what moved from where. None, if
// they come to 0.000 together, as Lighthouse rounds: a busy machine may paint the mark of
// the house before its word has come.
const shifts = (page) => page.evaluate(() => new Promise((done) => {
  let sum = 0;
  const all = [], place = (r) => `${r.x},${r.y} ${r.width}×${r.height}`;
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) sum += e.value, all.push(`${e.value}: ${e.sources.map((s) => `${s.node?.nodeName}.${s.node?.className} ${place(s.previousRect)} → ${place(s.currentRect)}`).join('; ')}`);
  }).observe({ type: 'layout-shift', buffered: true });
  requestAnimationFrame(() => setTimeout(() => done(sum < 0.0005 ? [] : all), 150));
}));

// barriers are what axe-core finds, one line each.
const barriers = async (page) => {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary.split('\n')[1]?.trim()}`));
  });
};

const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

for (const [view, { axe: looked, letters, ...options }] of Object.entries(views)) {
  test(view, async (t) => {
    const context = await browser.newContext(options);
    for (const [name, path] of Object.entries(pages)) {
      await t.test(name, async () => {
        const { page, faults } = await open(context, base + path);
        if (letters) await page.evaluate((size) => { document.documentElement.style.fontSize = size; }, letters);
        if (options.javaScriptEnabled !== false) {
          if (!letters) assert.deepEqual(await shifts(page), [], 'things move while it loads');
          const over = await sideways(page);
          assert.ok(over <= 0, `scrolls sideways by ${over} px`);
          assert.equal(await page.locator('h1').count(), 1, 'one h1');
        }
        if (looked) assert.deepEqual(await barriers(page), []);
        assert.deepEqual(faults, []);
        if (shots) await page.screenshot({ path: join(shots, `${name}-${view}.png`), fullPage: true });
        await page.close();
      });
    }
    await context.close();
  });
}

for (const view of ['desktop', 'dark', 'phone']) {
  test(`frames for other pages have no barriers: ${view}`, async () => {
    const { axe: _, ...options } = views[view];
    const context = await browser.newContext(options);
    for (const path of ['embed/nc-2211', 'embed/nc-2211?show=hugs', 'embed/pp-5093?lang=de', 'embed/service/nimbus-cloud', 'embed/service/github']) {
      const { page, faults } = await open(context, base + path);
      assert.deepEqual(await barriers(page), [], path);
      assert.deepEqual(faults, [], path);
      await page.close();
    }
    await context.close();
  });
}

test('what is not there says so, and has no barriers either', async () => {
  const context = await browser.newContext(desktop);
  for (const path of ['nothing', 'services/no-such-service', 'outages/no-such-outage']) {
    const { page, faults } = await open(context, base + path, 404);
    assert.deepEqual(await barriers(page), [], path);
    assert.deepEqual(faults, [], path);
    await page.close();
  }
  await context.close();
});

test('without script the chart is a drawing with a table', async () => {
  const context = await browser.newContext(views['no-script']);
  const { page } = await open(context, base + 'outages/nc-2211');
  assert.ok(await page.locator('svg.chart.wide').isVisible());
  assert.equal(await page.locator('canvas').count(), 0);
  await page.locator('summary').click();
  assert.ok(await page.locator('.buckets tr').first().isVisible());
  assert.ok(await page.locator('form.fedi').isHidden(), 'the link to a Mastodon server needs script');
  assert.match(await page.locator('noscript').innerText(), /Mastodon/);
  await context.close();
});

// picture is the chart as pixels: to tell whether it was drawn anew.
const picture = (page) => page.locator('.live-chart canvas').evaluate((c) => c.toDataURL());

for (const [name, options] of Object.entries({ desktop, middle: { viewport: { width: 900, height: 800 } }, phone })) {
  test(`the chart stands where the drawing stood: ${name}`, async () => {
    const context = await browser.newContext(options);
    const { page, faults } = await open(context, base + 'outages/pp-5093');
    const [chart, drawing] = await page.evaluate(() => {
      const box = (el) => { const r = el.getBoundingClientRect(); return [r.left, r.top, r.width, r.height].map(Math.round); };
      return [box(document.querySelector('.live-chart .uplot')), box([...document.querySelectorAll('svg.chart')].find((s) => s.getClientRects().length))];
    });
    assert.deepEqual(chart, drawing);
    assert.equal(await page.locator('.live-chart').getAttribute('role'), 'img');
    assert.match(await page.locator('.live-chart').getAttribute('aria-label'), /^Chart from .* posts of support/);
    const before = await picture(page);
    for (const media of [{ colorScheme: 'dark' }, { forcedColors: 'active' }]) {
      await page.emulateMedia(media);
      await page.waitForFunction((was) => document.querySelector('.live-chart canvas').toDataURL() !== was, before);
    }
    await page.setViewportSize({ width: options.viewport.width - 60, height: 800 });
    await page.waitForFunction(() => Math.abs(document.querySelector('.live-chart .uplot').getBoundingClientRect().width - document.querySelector('.plot').clientWidth) <= 1);
    assert.equal(await sideways(page), 0);
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test('the chart tells its values to pointer and keys, and looks closer', async () => {
  const context = await browser.newContext(desktop);
  const { page, faults } = await open(context, base + 'outages/pp-5093');
  const tip = page.locator('.plot .tip'), back = page.getByRole('button', { name: 'Whole outage' });
  const rows = await page.locator('.buckets tr').evaluateAll((all) => all.map((tr) => [...tr.cells].map((c) => c.textContent)));
  const said = ([time, index, range, support, venting, neutral]) =>
    (index === '–' ? `${time}  ${range}` : `${time}  index ${index}, very likely ${range}`) + `${support} support, ${venting} venting, ${neutral} neutral`;

  const area = page.locator('.live-chart .u-over');
  await area.scrollIntoViewIfNeeded();
  const box = await area.boundingBox();
  await page.mouse.move(box.x + box.width - 2, box.y + 40);
  assert.equal(await tip.textContent(), said(rows.at(-1)));
  await page.mouse.move(box.x + 2, box.y + 300); // far below, in another panel
  assert.equal(await tip.textContent(), said(rows[0]));
  await page.mouse.move(5, 5);
  assert.ok(await tip.isHidden());

  await page.locator('.plot').focus();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await tip.textContent(), said(rows.at(-2)));
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  assert.equal(await tip.textContent(), said(rows[1]));
  await page.keyboard.press('Escape');
  assert.ok(await tip.isHidden());

  const whole = await picture(page), asked = page.waitForRequest((r) => /\/series\?/.test(r.url()));
  const again = await area.boundingBox();
  await page.mouse.move(again.x + again.width * 0.4, again.y + 60);
  await page.mouse.down();
  await page.mouse.move(again.x + again.width * 0.6, again.y + 90, { steps: 4 });
  await page.mouse.up();
  const q = new URL((await asked).url()).searchParams;
  assert.match(q.get('bucket'), /^\d+m$/);
  assert.ok(new Date(q.get('from')) < new Date(q.get('to')));
  assert.ok(await back.isVisible());
  await page.waitForFunction((was) => document.querySelector('.live-chart canvas').toDataURL() !== was, whole);
  assert.match(await page.locator('.live-chart').getAttribute('aria-label'), /In view: /);
  await back.click();
  assert.ok(await back.isHidden());
  assert.equal(await picture(page), whole, 'the whole outage is as it was');

  await page.locator('.plot').focus();
  await page.keyboard.press('+');
  assert.ok(await back.isVisible());
  await page.keyboard.press('-');
  assert.equal(await picture(page), whole);
  await area.dblclick({ position: { x: 300, y: 50 } });
  assert.ok(await back.isHidden());
  assert.deepEqual(faults, []);
  await context.close();
});

test('no line bridges what is missing from the curve', async () => {
  const context = await browser.newContext(desktop);
  await context.route('**', (r) => (['fetch', 'eventsource'].includes(r.request().resourceType()) ? r.abort() : r.continue())); // or the page would put it right again
  const { page } = await open(context, base + 'outages/pp-5093');
  // soft is how many pixels of the band stand above one bucket; blank takes its
  // points, and those of its neighbours, out of the table.
  const soft = (i) => page.evaluate((row) => {
    const canvas = document.querySelector('.live-chart canvas'), { left, width } = document.querySelector('.u-over').getBoundingClientRect(), box = canvas.getBoundingClientRect();
    const rows = document.querySelectorAll('.buckets tr'), k = canvas.width / box.width;
    const x = Math.round((left - box.left + width * (row + 0.5) / rows.length) * k), { data } = canvas.getContext('2d').getImageData(x, 0, 1, canvas.height);
    const probe = document.createElement('i');
    document.body.append(probe);
    probe.style.color = 'var(--support-soft)';
    const [r, g, b] = getComputedStyle(probe).color.match(/\d+/g).map(Number);
    probe.remove();
    let n = 0;
    for (let y = 0; y < canvas.height; y++) if (data[4 * y] === r && data[4 * y + 1] === g && data[4 * y + 2] === b) n++;
    return n;
  }, i);
  const known = await page.locator('.buckets tr').evaluateAll((all) => all.flatMap((tr, i) => (tr.dataset.curve ? [i] : [])));
  const middle = known[known.length >> 1], drawn = await picture(page);
  assert.ok(await soft(middle) > 10, 'the band stands there at first');
  await page.locator('.buckets tr').evaluateAll((all, i) => {
    for (const tr of all.slice(i - 2, i + 3)) tr.removeAttribute('data-curve');
    all[i + 3].dataset.curve = '/' + all[i + 3].dataset.curve;
  }, middle);
  await page.waitForFunction((was) => document.querySelector('.live-chart canvas').toDataURL() !== was, drawn);
  assert.equal(await soft(middle), 0);
  assert.ok(await soft(known[2]) > 10);
  await context.close();
});

test('a closer look shows the posts of each minute', async () => {
  const context = await browser.newContext(desktop);
  const { page } = await open(context, base + 'outages/pp-5093');
  const answered = page.waitForResponse((r) => /\/series\?/.test(r.url()));
  await page.locator('.plot').focus();
  await page.keyboard.press('+');
  const url = new URL((await answered).url()), q = url.searchParams;
  const { bucket_seconds: bucket, series } = await (await fetch(url)).json();
  await page.waitForFunction(() => new Promise((r) => requestAnimationFrame(() => r(true))));
  const most = series.filter((m) => m.at >= q.get('from') && m.at < q.get('to')).reduce((a, b) => (b.neutral > a.neutral ? b : a));
  const steps = Math.round((new Date(most.at) - new Date(q.get('from'))) / 1000 / bucket);
  await page.keyboard.press('Home');
  for (let i = 0; i < steps; i++) await page.keyboard.press('ArrowRight');
  const want = `${most.at.slice(11, 16)}`;
  assert.ok((await page.locator('.tip').textContent()).includes(want), `${await page.locator('.tip').textContent()} is not of ${want}`);
  assert.ok((await page.locator('.tip p').textContent()) === `${most.support} support, ${most.venting} venting, ${most.neutral} neutral`);
  await context.close();
});

test('by keyboard alone: to the content, through the menu, to a hug', async () => {
  const context = await browser.newContext(desktop);
  const { page, faults } = await open(context, base + 'outages/nc-2211');
  const here = () => page.evaluate(() => (document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim());
  await page.keyboard.press('Tab');
  assert.equal(await here(), 'Skip to content');
  const menu = [];
  for (let i = 0; i < 5; i++) { await page.keyboard.press('Tab'); menu.push(await here()); }
  assert.deepEqual(menu, ['hugops', 'Outages', 'Method', 'Data', 'For status pages']);
  await page.keyboard.press('Shift+Tab');
  const outlined = await page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
  assert.equal(outlined, '3px', 'what has the focus is seen');
  await page.locator('.skip').focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');

  await context.route('https://fedi.example/**', (r) => r.fulfill({ body: 'composer' }));
  await page.locator('form.fedi input').focus();
  await page.keyboard.type('https://fedi.example/@me');
  const composer = context.waitForEvent('page');
  await page.keyboard.press('Enter');
  const url = new URL(await (await composer).evaluate(() => location.href));
  assert.equal(url.origin + url.pathname, 'https://fedi.example/share');
  assert.match(url.searchParams.get('text'), /^Thank you to everyone at Nimbus Cloud.* #HugOps$/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('search and filters work, and say what they left out', async () => {
  const context = await browser.newContext({ ...desktop, javaScriptEnabled: false });
  const { page } = await open(context, base);
  await page.getByLabel('Find a service').fill('penny');
  await page.getByLabel('Network').selectOption('mastodon');
  await page.getByRole('button', { name: 'Show' }).click();
  assert.deepEqual(await page.locator('.outage h4 b').allTextContents(), ['Pennywhistle Pay']);
  assert.equal(await page.getByLabel('Find a service').inputValue(), 'penny');
  await page.locator('.outage h4 a').click();
  await page.locator('.crumb a').nth(1).click();
  assert.match(page.url(), /services\/pennywhistle-pay$/);
  assert.equal(await page.locator('h1').innerText(), 'Pennywhistle Pay');
  await context.close();
});

test('the operator can be reached where people ask to be left out', async () => {
  const context = await browser.newContext({ ...desktop, javaScriptEnabled: false });
  const { page } = await open(context, base);
  await page.getByRole('link', { name: 'Leave me out' }).click();
  assert.equal(await page.getByRole('link', { name: 'hello@hugops.example' }).getAttribute('href'), 'mailto:hello@hugops.example');
  await context.close();
});

test('the outage page moves as posts arrive, without a reload, and so does its chart', async () => {
  const context = await browser.newContext(desktop);
  const { page, faults } = await open(context, base + 'outages/nc-2211');
  await page.evaluate(() => { window.stayed = true; });
  const text = () => page.locator('main').innerText();
  const first = await text(), drawn = await picture(page);
  await page.waitForFunction((t) => document.querySelector('main').innerText !== t, first, { timeout: 60_000 });
  await page.waitForFunction((was) => document.querySelector('.live-chart canvas').toDataURL() !== was, drawn, { timeout: 60_000 });
  assert.equal(await page.evaluate(() => window.stayed), true, 'the page was loaded anew');
  assert.equal(await page.locator('.live-chart').count(), 1);
  assert.deepEqual(faults, []);
  await context.close();
});

test('a widget on a strict foreign page shows the index and keeps its space', async () => {
  const host = createServer((req, res) => {
    res.setHeader('Content-Type', 'text/html');
    res.setHeader('Content-Security-Policy', `default-src 'none'; script-src ${base}; connect-src ${base}`);
    res.end(`<!doctype html><title>Status</title><script async src="${base}widget.js"></script>
      <hugops-index outage="nc-2211"></hugops-index><p id="below">below</p><hugops-index service="github"></hugops-index>`);
  });
  await new Promise((r) => host.listen(0, '127.0.0.1', r));
  const context = await browser.newContext(views.desktop);
  const page = await context.newPage();
  const faults = [];
  page.on('console', (m) => { if (m.type() === 'error') faults.push(m.text()); });
  await page.goto(`http://127.0.0.1:${host.address().port}/`);
  const widget = page.locator('hugops-index').first();
  await page.waitForFunction(() => /\d+/.test(document.querySelector('hugops-index').shadowRoot?.textContent || ''));
  assert.match(await widget.evaluate((e) => e.shadowRoot.textContent), /support|venting|call/);
  assert.equal(await page.locator('hugops-index').nth(1).evaluate((e) => e.getBoundingClientRect().height), 0, 'no outage: nothing');
  assert.deepEqual(faults.filter((f) => !/favicon/.test(f)), []);
  if (shots) await page.screenshot({ path: join(shots, 'widget.png') });
  await context.close();
  host.close();
});

test('only /embed/ may be framed', async () => {
  for (const [path, framable] of [['', false], ['outages/nc-2211', false], ['embed/nc-2211', true]]) {
    const csp = (await fetch(base + path)).headers.get('content-security-policy');
    assert.equal(/frame-ancestors \*/.test(csp), framable, `${path}: ${csp}`);
  }
});
