import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DESK, launch, load, painted, PHONE, pillSays, visit } from './support/browser.ts';
import { say } from './support/figures.ts';
import { GitHub } from './support/github.ts';
import { Installation } from './support/lampboard.ts';

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

/** Adds up how far things have moved without a person having asked for it. */
async function countShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const shifts: string[] = [];
    Object.assign(window, { shifted: 0, shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const shift = entry as PerformanceEntry & {
          value: number;
          hadRecentInput: boolean;
          sources: { node: Element | null }[];
        };
        if (shift.hadRecentInput) continue;
        (window as unknown as { shifted: number }).shifted += shift.value;
        const moved = shift.sources.map(({ node }) => node?.className || node?.nodeName || '?');
        shifts.push(`${shift.value.toFixed(4)} ${moved.join(', ')}`);
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

test.each([
  ['overview', '/', DESK],
  ['list', '/builds', DESK],
  ['overview', '/', PHONE],
  ['list', '/builds', PHONE],
])('nothing jumps while builds arrive: %s %s %o', async (name, path, device) => {
  const { page } = await visit(browser, device);
  await countShifts(page);
  await load(page, `${lampboard.origin}${path}`);
  await pillSays(page, 'Live');

  const start = performance.now();
  let builds = 0;
  while (performance.now() - start < LIVE_FOR) {
    const run = github.newRun({ started: Date.now() });
    const seen = painted(page, run.title);
    await github.report(run);
    await seen;
    await github.report({
      ...run,
      status: 'completed',
      conclusion: 'success',
      updated: Date.now(),
    });
    builds++;
  }
  const { shifted, shifts } = await page.evaluate(() => {
    const { shifted, shifts } = window as unknown as { shifted: number; shifts: string[] };
    return { shifted, shifts };
  });
  say(
    `layout shift of the ${name}, ${device.viewport.width} px`,
    `${shifted.toFixed(3)} (${builds} builds)`,
  );
  expect(shifts, shifts.join('\n')).toEqual([]);
});
