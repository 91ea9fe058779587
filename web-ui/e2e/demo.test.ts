import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { DESK, launch, load, pillSays, settled, visit, type Visit } from './support/browser.ts';
import { say } from './support/figures.ts';
import { startDemo } from './support/lampboard.ts';

/** From the command to a board full of builds. */
const FIRST_PAINT = 5000;

const origin = inject('demo');
let browser: Browser;
let page: Page;
let visited: Visit;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser?.close());

beforeEach(async () => {
  visited = await visit(browser, DESK);
  page = visited.page;
  return () => page.context().close();
});

function kpi(name: string) {
  return page.locator('.kpi').filter({ has: page.getByRole('heading', { name }) });
}

test('one command leads to a board full of builds', async () => {
  const starting = Date.now();
  const demo = await startDemo();
  onTestFinished(() => demo.kill());
  await load(page, demo.origin);
  await page
    .getByRole('heading', { level: 1 })
    .getByText(/\d+ workflows? .*default branch/)
    .waitFor();
  const table = page.getByRole('table');
  await table.locator('svg path').first().waitFor();
  const took = Date.now() - starting;
  say('from `lampboard demo` to the board', `${took} ms`);

  for (const name of ['Success rate', 'Avg time', 'Build count']) {
    expect(await kpi(name).locator('.value').innerText()).toMatch(/^[\d,.]+/);
  }
  const repositories = table.locator('tbody tr');
  await expect.poll(() => repositories.count()).toBeGreaterThan(2);
  const bare = repositories.filter({ hasNot: page.locator('.spark svg path') });
  await expect.poll(() => bare.count()).toBe(0);
  const running = page.getByRole('region', { name: 'Running now' }).getByRole('listitem');
  await expect.poll(() => running.count()).toBeGreaterThan(0);
  await pillSays(page, 'Live');
  expect(took).toBeLessThan(FIRST_PAINT);
});

test('every page can be reached, and none asks for anything elsewhere', async () => {
  await load(page, origin);
  await page.getByRole('navigation', { name: 'Window' }).getByRole('link', { name: '30d' }).click();
  await page.waitForURL('**/?t=30d');
  await page.getByRole('table').getByRole('rowheader').first().getByRole('link').click();
  await page.waitForURL('**/builds?repo=*');
  await settled(page);
  await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link', { name: 'Builds' })
    .click();
  await page.waitForURL('**/builds');
  await settled(page);
  const finished = page.getByRole('listitem').filter({ hasText: /passed|failed/ });
  await finished.getByRole('link').first().click();
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  await page.locator('summary').first().waitFor();
  await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link', { name: 'Health' })
    .click();
  await page
    .getByRole('heading', { level: 1 })
    .getByText('Everything that came from GitHub is here.')
    .waitFor();
  await page.getByRole('link', { name: 'Lampboard, to the overview' }).click();
  await page.getByRole('heading', { name: 'Repositories' }).waitFor();
  await page.goto(`${origin}/no/such/page`);
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();

  const elsewhere = visited.requests.filter((asked) => asked.origin !== origin);
  expect(elsewhere.map(String)).toEqual([]);
  expect(visited.complaints).toEqual([]);
});

test('a bar of a spark line opens its build', async () => {
  await load(page, origin);
  const bars = page
    .getByRole('table')
    .getByRole('link', { name: /^Last 30 builds/ })
    .first();
  const box = await bars.boundingBox();
  await bars.click({ position: { x: (box?.width ?? 0) - 3, y: 15 } });
  await page.waitForURL(/\/r\/[^/]+\/[^/]+\/runs\/\d+/);
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
});

test('what the demo has sent can be looked at', async () => {
  await load(page, `${origin}/alerts`);
  const opened = page.context().waitForEvent('page');
  await page.getByRole('link', { name: 'Outbox' }).click();
  const outbox = await opened;
  await outbox.getByRole('heading', { name: /^Slack: [1-9]/ }).waitFor();
  await outbox.getByRole('heading', { name: /^E-mail: [1-9]/ }).waitFor();
});
