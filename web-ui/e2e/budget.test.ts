import type { Browser, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DESK, launch, load, painted, PHONE, pillSays, visit } from './support/browser.ts';
import { say } from './support/figures.ts';
import { GitHub } from './support/github.ts';
import { Installation } from './support/lampboard.ts';
import { openPage, pagesOf } from './support/pages.ts';
import { countShifts, nothingMoved } from './support/shifts.ts';

const KB = 1000;
/** On each of four pages: ten seconds in all. */
const LIVE_FOR = 2500;

let browser: Browser;
let lampboard: Installation;
let github: GitHub;

beforeAll(async () => {
  browser = await launch();
  lampboard = await Installation.create();
  github = new GitHub(lampboard.origin);
  for (let index = 0; index < 20; index++) {
    const ended = { status: 'completed', conclusion: index % 4 ? 'success' : 'failure' } as const;
    await github.start({ ...ended, repository: `acme/service-${index % 6}` });
  }
});

afterAll(async () => {
  await browser?.close();
  await lampboard?.remove();
});

/** Counts what a page downloads, by the type of what it is. */
function countBytes(page: Page): () => Promise<Record<string, number>> {
  const open = new Set<Request>();
  const over: Request[] = [];
  page.on('request', (request) => request.method() === 'GET' && open.add(request));
  page.on('requestfinished', (request) => open.delete(request) && over.push(request));
  return async () => {
    await expect.poll(() => open.size).toBe(0);
    const bytes: Record<string, number> = {};
    for (const request of over) {
      const type = request.resourceType();
      bytes[type] = (bytes[type] ?? 0) + (await request.sizes()).responseBodySize;
    }
    return bytes;
  };
}

async function emptyBoard(): Promise<Installation> {
  const empty = await Installation.create();
  onTestFinished(() => empty.remove());
  return empty;
}

test.each([
  ['with builds', async () => lampboard, 'acme/service-0'],
  ['of an empty board', emptyBoard, 'nothing received yet'],
])('the first page is small: %s', async (name, boardOf, sign) => {
  const board = await boardOf();
  const { page } = await visit(browser, DESK);
  const count = countBytes(page);
  await load(page, board.origin);
  await pillSays(page, 'Live');
  await page.getByText(sign).first().waitFor();
  // What it fetches once that is drawn belongs to it.
  await page.evaluate(() => new Promise((done) => requestIdleCallback(done)));

  const { script = 0, stylesheet = 0, document = 0, font } = await count();
  const kilobytes = { script, stylesheet, document };
  const shown = Object.entries(kilobytes).map(([type, n]) => `${type} ${(n / KB).toFixed(1)} KB`);
  say(`the first page ${name}, compressed`, shown.join(', '));
  for (const bytes of [script, stylesheet, document]) expect(bytes).toBeGreaterThan(0);
  expect(script).toBeLessThanOrEqual(85 * KB);
  expect(stylesheet).toBeLessThanOrEqual(12 * KB);
  expect(document).toBeLessThanOrEqual(8 * KB);
  expect(font).toBeUndefined();
});

/** How a page shows that a build has come, and how far down it is being read. */
const READERS: {
  name: string;
  path: string;
  scrolled: number;
  focus?: boolean;
  sign(title: string, n: number): string;
}[] = [
  { name: 'overview', path: '/', scrolled: 0, sign: (title) => title },
  {
    name: 'list',
    path: '/builds',
    scrolled: 300,
    sign: (_: string, n: number) => `${n} new build`,
  },
  {
    name: 'list with the focus in it',
    path: '/builds',
    scrolled: 0,
    focus: true,
    sign: (_: string, n: number) => `${n} new build`,
  },
];

describe.each([DESK, PHONE])('nothing jumps while builds arrive, $viewport.width px', (device) => {
  test.each(READERS)('$name', async ({ name, path, scrolled, focus, sign }) => {
    const { page } = await visit(browser, device);
    await countShifts(page);
    await load(page, `${lampboard.origin}${path}`);
    await pillSays(page, 'Live');
    await page.evaluate((top) => scrollTo(0, top), scrolled);
    if (focus) await page.locator('main a[href^="/r/"]').first().focus();

    const start = performance.now();
    let builds = 0;
    while (performance.now() - start < LIVE_FOR) {
      const run = github.newRun({ started: Date.now() });
      const seen = painted(page, sign(run.title, ++builds));
      await github.report(run);
      await seen;
      await github.report({
        ...run,
        status: 'completed',
        conclusion: 'success',
        updated: Date.now(),
      });
    }
    await nothingMoved(page, `the ${name}, ${device.viewport.width} px, ${builds} builds`);
  });
});

describe.each([DESK, PHONE])('nothing jumps while a page loads, $viewport.width px', (device) => {
  test.each(['overview', 'builds', 'build', 'health'])('%s', async (name) => {
    const finder = await visit(browser, device);
    const address = (await pagesOf(finder.page, lampboard.origin))[name] ?? '';
    await finder.page.context().close();
    const { page } = await visit(browser, device);
    await countShifts(page);
    // Slow enough for every part to come by itself.
    await page.route('**/lampboard.v1.*/*', async (route) => {
      const list = /List|Breakdown/.test(route.request().url());
      await new Promise((resolve) => setTimeout(resolve, list ? 600 : 300));
      await route.continue();
    });
    await openPage(page, name, address);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
    await nothingMoved(page, `the ${name} as it loads, ${device.viewport.width} px`);
    await page.context().close();
  });
});
