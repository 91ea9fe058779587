import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

test('the first page is small', async () => {
  const { page } = await visit(browser, DESK);
  const sizes: Record<string, number> = {};
  let files = 0;
  page.on('requestfinished', (request) => {
    if (request.method() === 'GET') files++;
    void request.sizes().then(({ responseBodySize }) => {
      const type = request.resourceType();
      sizes[type] = (sizes[type] ?? 0) + responseBodySize;
    });
  });
  await load(page, lampboard.origin);
  await pillSays(page, 'Live');
  await expect.poll(() => sizes.script).toBeGreaterThan(0);
  await expect.poll(() => sizes.stylesheet).toBeGreaterThan(0);

  const shown = ['script', 'stylesheet', 'document'].map(
    (type) => `${type} ${((sizes[type] ?? 0) / KB).toFixed(1)} KB`,
  );
  say('the first page, compressed', `${shown.join(', ')}, ${files} files`);
  expect(sizes.script).toBeLessThanOrEqual(85 * KB);
  expect(sizes.stylesheet).toBeLessThanOrEqual(12 * KB);
  expect(sizes.document).toBeLessThanOrEqual(8 * KB);
  expect(sizes.font).toBeUndefined();
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
