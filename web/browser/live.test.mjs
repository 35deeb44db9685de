// Pages that move by the live stream, in a real browser: `make browser`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const program = process.env.HUGOPS || 'bin/hugops';
const data = mkdtempSync(join(tmpdir(), 'hugops-live-'));
let hugops, base, browser;

// start runs the demo; on the port of the run before, if there was one.
async function start() {
  const listen = base ? new URL(base).host : '127.0.0.1:0';
  hugops = spawn(program, ['up', '--demo', '--data', data, '--listen', listen, '--log-level', 'warn'], { stdio: ['ignore', 'pipe', 'inherit'] });
  base = await new Promise((resolve, reject) => {
    hugops.stdout.on('data', (d) => { const m = String(d).match(/http:\S+/); if (m) resolve(m[0]); });
    hugops.on('exit', (code) => reject(new Error(`hugops ended with ${code}`)));
  });
}

async function stop() {
  if (!hugops || hugops.exitCode !== null) return;
  const ended = new Promise((r) => hugops.once('exit', r));
  hugops.kill('SIGINT');
  assert.equal(await ended, 0, 'Ctrl-C must end hugops cleanly, whoever listens');
}

before(async () => {
  await start();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  for (let i = 0; ; i++) { // until the demo's history is in
    const list = await (await fetch(base + 'api/v1/outages')).json();
    if (list.outages.filter((o) => o.index.enough).length >= 2) break;
    assert.ok(i < 300, 'the demo did not arrive');
    await new Promise((r) => setTimeout(r, 200));
  }
});

after(async () => {
  await browser?.close();
  await stop();
  rmSync(data, { recursive: true, force: true });
});

// watch opens a page and keeps what it asks for, with the time.
async function watch(path) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const asked = [], faults = [];
  page.on('request', (r) => asked.push({ path: new URL(r.url()).pathname, type: r.resourceType(), at: Date.now() }));
  page.on('pageerror', (e) => faults.push(String(e)));
  await page.goto(base + path, { waitUntil: 'load' });
  await page.evaluate(() => { window.stayed = true; });
  return { context, page, asked, faults };
}

const words = (page) => page.locator('main').innerText();
const moved = (page, from) => page.waitForFunction((t) => document.querySelector('main').innerText !== t, from, { timeout: 60_000 });
const pause = (ms) => new Promise((r) => setTimeout(r, ms));

for (const [path, stream] of [['outages/nc-2211', '/api/v1/outages/nc-2211/live'], ['', '/api/v1/live']]) {
  test(`/${path} moves when the stream says so`, async () => {
    const { context, page, asked, faults } = await watch(path);
    await moved(page, await words(page));
    assert.equal(await page.evaluate(() => window.stayed), true, 'the page was loaded anew');
    assert.deepEqual(asked.filter((r) => r.type === 'eventsource').map((r) => r.path), [stream]);
    await pause(5000);
    const looks = asked.filter((r) => r.type === 'fetch' && r.path === '/' + path).map((r) => r.at);
    for (let i = 1; i < looks.length; i++) assert.ok(looks[i] - looks[i - 1] >= 1900, `two looks within ${looks[i] - looks[i - 1]} ms`);
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test('a tab that is hidden asks for nothing, and looks when it is seen again', async () => {
  const { context, page, asked } = await watch('outages/nc-2211');
  const hide = (hidden) => page.evaluate((h) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => h });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await moved(page, await words(page));
  await hide(true);
  await pause(500); // what was under way
  const before = asked.length, shown = await words(page);
  await pause(7000);
  assert.equal(asked.length, before, 'a hidden tab asks');
  await hide(false);
  await moved(page, shown);
  assert.ok(asked.slice(before).some((r) => r.type === 'eventsource'), 'it does not listen again');
  await context.close();
});

test('a stream that is refused is done without', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route('**/live', (route) => route.fulfill({ status: 503, body: '' }));
  await page.goto(base + 'outages/nc-2211');
  await moved(page, await words(page));
  await context.close();
});

test('a new index is told to who does not see it', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const say = (n, value) => `event: outage\nid: ${n}\ndata: {"service":{"slug":"x"},"index":{"enough":true,"value":${value},"lower":${value - 5},"upper":${value + 5}}}\n\n`;
  await page.route('**/live', (route) => route.fulfill({
    contentType: 'text/event-stream', body: 'retry: 600000\n\n' + say(1, 61) + say(2, 61.4) + say(3, 64.6) + say(4, 66),
  }));
  await page.goto(base + 'outages/nc-2211');
  const voice = page.locator('p[aria-live=polite].vh');
  await page.waitForFunction(() => document.querySelector('p[aria-live=polite].vh')?.textContent);
  assert.equal(await voice.textContent(), 'Empathy index now 66 of 100, very likely 61 to 71.');
  await context.close();
});

test('a page survives a restart of the server, and listens again', async () => {
  const { context, page, asked, faults } = await watch('outages/nc-2211');
  await moved(page, await words(page));
  await stop();
  await pause(1000);
  assert.match(await words(page), /\d/, 'the last figures stay');
  await start();
  const shown = await words(page), back = Date.now();
  await moved(page, shown);
  for (let i = 0; i < 100 && !asked.some((r) => r.type === 'eventsource' && r.at > back); i++) await pause(200);
  assert.ok(asked.some((r) => r.type === 'eventsource' && r.at > back), 'it does not listen again');
  assert.equal(await page.evaluate(() => window.stayed), true, 'the page was loaded anew');
  assert.deepEqual(faults, []);
  await context.close();
});
