import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { DESK, launch, load, settled, visit } from './support/browser.ts';
import { GitHub } from './support/github.ts';
import { Installation } from './support/lampboard.ts';

let lampboard: Installation;
let browser: Browser;
let page: Page;

/** Builds of every kind: re-run, still running, replaced, neither good nor bad. */
async function tellBuilds(github: GitHub): Promise<void> {
  const ended = (conclusion: string) => ({ status: 'completed', conclusion }) as const;
  for (const conclusion of ['success', 'success', 'success', 'failure', 'timed_out', 'cancelled']) {
    await github.start(ended(conclusion));
  }
  const flaky = await github.start({ ...ended('failure'), title: 'Flaky' });
  await github.report({ ...flaky, ...ended('success'), attempt: 2 });
  const again = await github.start({ ...ended('failure'), title: 'Running again' });
  await github.report({ ...again, status: 'in_progress', conclusion: null, attempt: 2 });
  await github.start({ title: 'Running' });
}

beforeAll(async () => {
  lampboard = await Installation.create();
  await tellBuilds(new GitHub(lampboard.origin));
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await lampboard?.remove();
});

beforeEach(async () => {
  ({ page } = await visit(browser, DESK));
  await load(page, lampboard.origin);
  return () => page.context().close();
});

function kpi(name: string) {
  return page.locator('.kpi').filter({ has: page.getByRole('heading', { name }) });
}

function rows() {
  return page.getByRole('list', { name: 'Builds, newest first' }).getByRole('listitem');
}

test('the numbers are those of the builds', async () => {
  expect(await kpi('Success rate').locator('.value').innerText()).toBe('57.1 %');
  expect(await kpi('Success rate').locator('.detail').innerText()).toContain('4 of 7');
  expect(await kpi('Build count').locator('.value').innerText()).toBe('8');
  expect(await kpi('Build count').locator('.detail').innerText()).toContain('2 running now');
});

test.each([
  ['Build count', 8],
  ['Success rate', 7],
  ['Avg time', 7],
])('%s opens the %d builds that it was made of', async (name, count) => {
  await kpi(name).getByRole('link').first().click();
  await rows().first().waitFor();
  await settled(page);
  expect(await rows().count()).toBe(count);
});

test("a repository's rate opens the builds that it was made of, and the address says which", async () => {
  const rate = page.getByRole('table').getByRole('link', { name: '57.1 %' });
  await rate.click();
  await rows().first().waitFor();
  await settled(page);
  expect(await rows().count()).toBe(7);
  const params = new URL(page.url()).searchParams;
  expect(params.getAll('conclusion').sort()).toEqual([
    'failure',
    'startup_failure',
    'success',
    'timed_out',
  ]);
  expect(params.get('counted')).toBe('1');
  expect(params.get('ended')).toMatch(/Z\.\.\d.*Z$/);
  const chips = page.getByRole('list', { name: 'Filters in use' });
  await chips.getByRole('link', { name: 'Remove attempts counted only' }).waitFor();
});

test('what runs now opens the builds that run', async () => {
  await kpi('Build count').getByRole('link', { name: '2 running now' }).click();
  await rows().first().waitFor();
  const titles = await rows().getByRole('link').allInnerTexts();
  expect(titles.sort()).toEqual(['Running', 'Running again']);
});
