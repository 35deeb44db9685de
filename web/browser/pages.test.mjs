// The site in a real browser: `make browser`. Starts the demo on a fresh data
// directory and looks at every page as a visitor would: light, dark, on a phone,
// without JavaScript; no error, no violation of the security policy, nothing that
// scrolls sideways, no request to anybody else.
// With SHOTS=dir it leaves a picture of each view there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const program = process.env.HUGOPS || 'bin/hugops';
const shots = process.env.SHOTS;
const data = mkdtempSync(join(tmpdir(), 'hugops-browser-'));
let hugops, base, browser;

before(async () => {
  if (shots) mkdirSync(shots, { recursive: true });
  hugops = spawn(program, ['up', '--demo', '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'warn'], { stdio: ['ignore', 'pipe', 'inherit'] });
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

const views = {
  desktop: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: 'light' },
  'phone-dark': { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: 'dark' },
  narrow: { viewport: { width: 320, height: 640 }, colorScheme: 'light' },
  'no-script': { viewport: { width: 1280, height: 900 }, javaScriptEnabled: false },
};
const pages = { home: '', outage: 'outages/nc-2211', resolved: 'outages/pp-5093', methodology: 'methodology', sources: 'sources', data: 'data', embed: 'embed', privacy: 'privacy', frame: 'embed/nc-2211' };

// open returns a page and the list of everything that went wrong on it.
async function open(context, url) {
  const page = await context.newPage();
  const faults = [];
  page.on('console', (m) => { if (['error', 'warning'].includes(m.type())) faults.push(m.text()); });
  page.on('pageerror', (e) => faults.push(String(e)));
  page.on('request', (r) => { if (!r.url().startsWith(base) && !/^(data|blob):/.test(r.url())) faults.push('asked ' + r.url()); });
  const resp = await page.goto(url, { waitUntil: 'load' });
  assert.equal(resp.status(), 200, url);
  return { page, faults };
}

for (const [view, options] of Object.entries(views)) {
  test(view, async () => {
    const context = await browser.newContext(options);
    for (const [name, path] of Object.entries(pages)) {
      const { page, faults } = await open(context, base + path);
      if (options.javaScriptEnabled !== false) {
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(over <= 0, `${name} scrolls sideways by ${over} px`);
        assert.equal(await page.locator('h1').count(), name === 'frame' ? await page.locator('h1').count() : 1, `${name} has one h1`);
      }
      assert.deepEqual(faults, [], name);
      if (shots && name !== 'frame') await page.screenshot({ path: join(shots, `${name}-${view}.png`), fullPage: true });
      await page.close();
    }
    await context.close();
  });
}

test('the outage page moves as posts arrive, without a reload', async () => {
  const context = await browser.newContext(views.desktop);
  const { page, faults } = await open(context, base + 'outages/nc-2211');
  await page.evaluate(() => { window.stayed = true; });
  const text = () => page.locator('main').innerText();
  const first = await text();
  await page.waitForFunction((t) => document.querySelector('main').innerText !== t, first, { timeout: 60_000 });
  assert.equal(await page.evaluate(() => window.stayed), true, 'the page was loaded anew');
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
