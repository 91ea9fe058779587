// Takes pictures of every page: `npm run screenshots -- [folder] [address of a server] [page]`. Without an address the
// mock server answers, in each of its states.
import { mkdir } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

const [folder = 'screenshots', address = '', only] = process.argv.slice(2);
const SIZES = [
  { viewport: { width: 1280, height: 900 } },
  { viewport: { width: 375, height: 812 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
];

async function mockServer() {
  const server = await createServer({ mode: 'mock', server: { port: 0 }, logLevel: 'error' });
  await server.listen();
  return server;
}

/** The pages, with a failed and a running build found by following links. */
async function pagesOf(page, origin) {
  const first = async (path) => {
    await page.goto(`${origin}${path}`);
    const link = page.locator('main a[href^="/r/"]').first();
    const found = await link.waitFor({ timeout: 10_000 }).then(
      () => true,
      () => false,
    );
    return found ? link.getAttribute('href') : undefined;
  };
  return {
    overview: '/',
    builds: '/builds',
    filtered: '/builds?branch=main&conclusion=failure&started=7d',
    empty: '/builds?branch=nobody-has-this&actor=mona',
    failed: await first('/builds?conclusion=failure'),
    running: await first('/builds?status=in_progress'),
    retried: await first('/builds?conclusion=success&latest=1'),
    missing: '/no/such/page',
    health: '/system',
  };
}

/** The mock server's states in which pages look otherwise. */
const STATES = {
  health: [
    'jobs-missing',
    'missed',
    'silent',
    'set-up',
    'no-key',
    'polling',
    'problems',
    'read-only',
    'loading',
    'hostile',
    'unreachable',
  ],
  overview: ['set-up', 'listening', 'loading'],
};

/** Every page in its usual state, then those that look otherwise. */
function shotsOf(pages) {
  const usual = Object.entries(pages).map(([name, path]) => ({ name, path, state: 'well' }));
  const others = Object.entries(STATES).flatMap(([name, states]) =>
    states.map((state) => ({ name: `${name}-${state}`, path: pages[name], state })),
  );
  return address ? usual : [...usual, ...others];
}

const server = address ? undefined : await mockServer();
const origin = address || server.resolvedUrls.local[0].replace(/\/$/, '');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
await mkdir(folder, { recursive: true });
const finder = await browser.newPage();
const pages = await pagesOf(finder, origin);
await finder.close();
for (const size of SIZES) {
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ ...size, colorScheme });
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error('page error:', error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') console.error('console:', message.text());
    });
    for (const { name, path, state } of shotsOf(pages)) {
      if (!path || (only && !name.startsWith(only))) continue;
      await page.goto(`${origin}/no/such/page`);
      await page.evaluate((state) => localStorage.setItem('lampboard.mock', state), state);
      await page.goto(`${origin}${path}`);
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      await page.waitForTimeout(700);
      const file = `${folder}/${name}-${size.viewport.width}-${colorScheme}.png`;
      await page.screenshot({ path: file, fullPage: name !== 'builds' });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      if (wide) console.error(`${name} scrolls sideways at ${size.viewport.width}`);
    }
    await context.close();
  }
}
await browser.close();
await server?.close();
