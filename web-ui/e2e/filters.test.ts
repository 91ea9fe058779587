import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { DESK, launch, load, pillSays, settled, visit } from './support/browser.ts';
import { GitHub } from './support/github.ts';
import { Installation } from './support/lampboard.ts';

const PAGE = 50;
const COUNT = 130;
const MINUTE = 60_000;
const BRANCHES = ['main', 'develop', 'feature/one'];

let lampboard: Installation;
let github: GitHub;
let browser: Browser;
let page: Page;
/** The pages' clocks stand still, so that they agree on what "3 min ago" is. */
const now = Date.now();

async function tellOf(index: number): Promise<void> {
  const failed = index % 5 === 0;
  await github.start({
    repository: index % 2 === 0 ? 'acme/web' : 'acme/api',
    branch: BRANCHES[index % BRANCHES.length],
    title: `Build ${index}`,
    status: 'completed',
    conclusion: failed ? 'failure' : 'success',
    started: now - (COUNT - index + 1) * MINUTE,
    updated: now - (COUNT - index) * MINUTE,
  });
}

beforeAll(async () => {
  lampboard = await Installation.create();
  github = new GitHub(lampboard.origin);
  for (let index = 0; index < COUNT; index++) await tellOf(index);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await lampboard?.remove();
});

async function open(path: string): Promise<Page> {
  const visited = await visit(browser, DESK);
  await visited.page.clock.setFixedTime(now);
  await load(visited.page, `${lampboard.origin}${path}`);
  await pillSays(visited.page, 'Live');
  return visited.page;
}

beforeEach(async () => {
  page = await open('/builds');
  return () => page.context().close();
});

function rowsOf(page: Page): Locator {
  return page.getByRole('list', { name: 'Builds, newest first' }).getByRole('listitem');
}

function titles(page: Page): Promise<string[]> {
  return rowsOf(page).getByRole('link').allInnerTexts();
}

function chips(page: Page): Promise<string[]> {
  return page.getByRole('list', { name: 'Filters in use' }).locator('.value').allInnerTexts();
}

/** The builds that were told, newest first. */
function told(accepts: (index: number) => boolean): string[] {
  const all = Array.from({ length: COUNT }, (_, index) => COUNT - 1 - index);
  return all.filter(accepts).map((index) => `Build ${index}`);
}

test('the same address shows the same to two people', async () => {
  const path = '/builds?repo=acme%2Fweb&branch=main&conclusion=failure&started=7d&latest=1';
  const pages = [await open(path), await open(path)];
  const [first, second] = await Promise.all(
    pages.map((page) => page.locator('body').evaluate((body) => body.textContent)),
  );
  expect(first).toBe(second);
  const expected = told((index) => index % 2 === 0 && index % 3 === 0 && index % 5 === 0);
  expect(await titles(pages[0]!)).toEqual(expected);
});

test('choices go into the address, chips take them out, Back brings them again', async () => {
  await page.getByLabel('Status', { exact: true }).selectOption('failed');
  await page.getByLabel('Field').selectOption('Repository');
  await page.getByLabel('Value').fill('acme/api');
  await page.getByLabel('Value').press('Enter');
  const both = told((index) => index % 2 === 1 && index % 5 === 0);
  await expect.poll(() => titles(page)).toEqual(both);
  expect(new URL(page.url()).search).toBe('?repo=acme%2Fapi&conclusion=failure');
  expect(await chips(page)).toEqual(['acme/api', 'failed']);

  await page.getByRole('link', { name: 'Remove repository acme/api' }).click();
  await expect.poll(() => titles(page)).toEqual(told((index) => index % 5 === 0));
  expect(new URL(page.url()).search).toBe('?conclusion=failure');

  await page.goBack();
  await expect.poll(() => titles(page)).toEqual(both);
  expect(await chips(page)).toEqual(['acme/api', 'failed']);
  await page.goForward();
  await expect.poll(() => chips(page)).toEqual(['failed']);
});

test('a build and back again shows the same list', async () => {
  await page.getByLabel('Status', { exact: true }).selectOption('failed');
  await expect.poll(() => titles(page)).toEqual(told((index) => index % 5 === 0));
  await page.getByRole('link', { name: 'Build 25', exact: true }).click();
  await page.getByRole('heading', { name: 'Build 25' }).waitFor();
  await page.goBack();
  await expect.poll(() => titles(page)).toEqual(told((index) => index % 5 === 0));
  expect(await page.getByLabel('Status', { exact: true }).inputValue()).toBe('failed');
});

test('more pages come without doubles and without gaps, whatever arrives in between', async () => {
  const more = page.getByRole('button', { name: 'Show more' });
  expect(await titles(page)).toEqual(told(() => true).slice(0, PAGE));
  await more.click();
  await expect.poll(() => rowsOf(page).count()).toBe(2 * PAGE);

  await github.start({ repository: 'acme/web', branch: 'late', title: 'Latecomer', started: now });
  const held = page.getByRole('button', { name: '1 new build, show' });
  await held
    .or(page.getByRole('link', { name: 'Latecomer' }))
    .first()
    .waitFor();
  await more.click();
  await more.waitFor({ state: 'detached' });
  if (await held.isVisible()) await held.click();
  await expect.poll(() => titles(page)).toEqual(['Latecomer', ...told(() => true)]);
});

test('filters that nothing matches say so and lead out', async () => {
  await page.goto(`${lampboard.origin}/builds?branch=nobody&repo=acme%2Fweb`);
  await settled(page);
  await page.getByText('No build matches all of these filters.').waitFor();
  expect(await chips(page)).toEqual(['acme/web', 'nobody']);
  await page.getByRole('link', { name: 'Show all builds' }).click();
  await expect.poll(() => rowsOf(page).count()).toBe(PAGE);
  expect(new URL(page.url()).search).toBe('');
});

test('what an address says that is not understood is named', async () => {
  await page.goto(`${lampboard.origin}/builds?status=exploded&branch=main`);
  await page.getByRole('alert').filter({ hasText: 'status=exploded' }).waitFor();
  expect(await chips(page)).toEqual(['main']);
});
