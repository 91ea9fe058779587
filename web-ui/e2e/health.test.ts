import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scenario } from '../mock/scenario.ts';
import { violations } from './support/axe.ts';
import { DESK, launch, PHONE, settled, visit } from './support/browser.ts';
import { focused, type Stop, tabTo } from './support/focus.ts';
import { overflowing, strayLinks, turnedNumbers } from './support/foreign.ts';
import { Mock } from './support/mock.ts';
import { countShifts, nothingMoved } from './support/shifts.ts';

/** One refresh of the page, and a little. */
const REFRESH = 5500;
const SMALLEST = { ...PHONE, viewport: { width: 320, height: 640 } };
const SMALL = { ...PHONE, viewport: { width: 360, height: 740 } };

let mock: Mock;
let browser: Browser;

beforeAll(async () => {
  mock = await Mock.start();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await mock?.stop();
});

function heading(page: Page) {
  return page.getByRole('heading', { level: 1 });
}

const STATES: Scenario[] = [
  'well',
  'missed',
  'silent',
  'listening',
  'set-up',
  'no-key',
  'problems',
  'read-only',
  'unreachable',
];

describe.each([
  ['a desk', DESK],
  ['a telephone', PHONE],
])('on %s', (_, device) => {
  test('axe finds nothing in any state, in the light and in the dark', async () => {
    const { page, complaints } = await visit(browser, { ...device, reducedMotion: 'reduce' });
    const found: Record<string, string[]> = {};
    for (const state of STATES) {
      await mock.open(page, state, '/system');
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const list = await violations(page);
        if (list.length > 0) found[`${state}, ${colorScheme}`] = list;
      }
    }
    expect(found).toEqual({});
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('the first steps break no rule of axe either', async () => {
    const { page } = await visit(browser, device);
    const found: string[] = [];
    for (const state of ['set-up', 'listening', 'loading'] as const) {
      await mock.open(page, state, '/');
      await page.getByText(/Not connected|Listening since|Loading history/).waitFor();
      found.push(...(await violations(page)));
    }
    expect(found).toEqual([]);
    await page.context().close();
  });
});

test.each([
  ['a desk', DESK],
  ['360 px', SMALL],
  ['320 px', SMALLEST],
])('hostile names stay text, and nothing is too wide: %s', async (_, device) => {
  const { page, complaints } = await visit(browser, device);
  await mock.open(page, 'hostile', '/system');
  expect.soft(await page.locator('main img, main script').count()).toBe(0);
  expect.soft(await strayLinks(page)).toEqual([]);
  expect.soft(await overflowing(page)).toEqual([]);
  expect.soft(await turnedNumbers(page)).toEqual([]);
  for (const state of ['missed', 'problems', 'silent'] as const) {
    await mock.open(page, state, '/system');
    expect.soft(await overflowing(page), state).toEqual([]);
  }
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('the page is fetched when it is asked for, and its heading has the focus', async () => {
  const { page, complaints, requests } = await visit(browser, DESK);
  const scripts = () => requests.filter(({ pathname }) => pathname.endsWith('.js')).length;
  await mock.open(page, 'well', '/');
  const first = scripts();
  await page.getByRole('navigation', { name: 'Pages' }).getByText('Health').click();
  await heading(page).getByText('Everything GitHub said is here.').waitFor();
  expect(scripts()).toBeGreaterThan(first);
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
  expect(await page.title()).toBe('Health · Lampboard');
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('a page whose code is gone says so, and leads out', async () => {
  const { page } = await visit(browser, DESK);
  await mock.open(page, 'well', '/');
  await page.route('**/assets/Health-*.js', (route) => route.fulfill({ status: 404 }));
  await page.getByRole('navigation', { name: 'Pages' }).getByText('Health').click();
  await page.getByRole('alert').getByText('This page could not be loaded.').waitFor();
  await page.unroute('**/assets/Health-*.js');
  await page.getByRole('button', { name: 'Try again' }).click();
  await heading(page).getByText('Everything GitHub said is here.').waitFor();
  await page.context().close();
});

test('what the server said last stays while it is away, and is not vouched for', async () => {
  const { page } = await visit(browser, DESK);
  await page.clock.install();
  await mock.open(page, 'well', '/system');
  await mock.turn(page, 'unreachable');
  await page.clock.runFor(REFRESH);
  await heading(page)
    .getByText(/^Not known since/)
    .waitFor();
  await page.getByRole('alert').getByText('The server cannot be reached. Shown as of').waitFor();
  expect(await page.getByRole('region', { name: 'Webhooks' }).innerText()).toContain('5,183');
  expect(await violations(page)).toEqual([]);

  await mock.turn(page, 'missed');
  await page.clock.runFor(REFRESH);
  await heading(page).getByText('3 webhooks were missed and are being fetched.').waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
  await page.context().close();
});

test.each([DESK, PHONE])('nothing jumps while it loads and is kept fresh', async (device) => {
  const { page } = await visit(browser, device);
  await page.clock.install();
  await countShifts(page);
  await mock.open(page, 'missed', '/system');
  for (let times = 0; times < 4; times++) await page.clock.runFor(REFRESH);
  await page.clock.resume();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  await nothingMoved(page, `the page of health, ${device.viewport.width} px`);
  await page.context().close();
});

test('history is asked for and cancelled by keyboard alone, with the focus in sight', async () => {
  const { page } = await visit(browser, { ...DESK, reducedMotion: 'reduce' });
  const faults: string[] = [];
  await mock.open(page, 'well', '/system');
  const backfills = page.getByRole('region', { name: 'Backfills' });
  await tabTo(page, ({ region }: Stop) => region === 'Backfills', faults);
  while ((await focused(page)).path !== '') await page.keyboard.press('Tab');
  await page.keyboard.type('acme/nowhere');
  await page.keyboard.press('Enter');
  await backfills.getByRole('alert').getByText('No installation').waitFor();

  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('acme/web');
  await page.keyboard.press('Enter');
  await backfills.getByRole('status').getByText('are being loaded').waitFor();
  const row = backfills.getByRole('listitem').first();
  expect(await row.innerText()).toContain('queued');

  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  expect((await focused(page)).name).toContain('Cancel');
  await page.keyboard.press('Enter');
  await row.getByText('cancelled').waitFor();
  await tabTo(page, ({ name }: Stop) => name === 'Older', faults);
  await page.keyboard.press('Enter');
  await expect.poll(() => page.getByRole('button', { name: 'Newer' }).isEnabled()).toBe(true);
  expect(faults).toEqual([]);
  await page.context().close();
});

test('deliveries have an address of their own, which Back leaves', async () => {
  const { page } = await visit(browser, DESK);
  await mock.open(page, 'missed', '/system?deliveries=quarantined');
  const rows = page.getByRole('region', { name: 'Deliveries' }).locator('tbody tr');
  await expect.poll(() => rows.count()).toBe(2);
  await page.getByRole('link', { name: 'All', exact: true }).click();
  await expect.poll(() => rows.count()).toBe(10);
  await page.goBack();
  await expect.poll(() => rows.count()).toBe(2);
  await page.context().close();
});

describe('an end that is only near the truth', () => {
  async function openOne(device: typeof DESK): Promise<Page> {
    const { page } = await visit(browser, device);
    await mock.open(page, 'well', '/builds?repo=acme/docs&conclusion=success');
    const runs = page.getByRole('list', { name: 'Builds, newest first' }).getByRole('listitem');
    // Of the mock server's builds, each ninth of a workflow.
    await runs.first().waitFor();
    const ninth = await runs.evaluateAll((rows) =>
      rows
        .filter((row) => Number(/#(\d+)/.exec(row.textContent)?.[1]) % 9 === 0)
        .map((row) => row.querySelector('a')?.getAttribute('href')),
    );
    await page.goto(`${mock.origin}${ninth[0]}`);
    await settled(page);
    return page;
  }

  test('is explained to a pointer, to the keyboard and to axe', async () => {
    const page = await openOne(DESK);
    const about = page.getByRole('button', { name: 'about' });
    const why = page.getByRole('tooltip');
    expect(await why.isVisible()).toBe(false);
    await about.hover();
    await why.waitFor();
    await why.hover();
    await page.waitForFunction(() => document.querySelector('[role=tooltip]:popover-open:hover'));
    expect(await violations(page)).toEqual([]);
    await page.mouse.move(5, 700);
    await why.waitFor({ state: 'hidden' });

    await about.focus();
    await why.waitFor();
    await page.keyboard.press('Escape');
    await why.waitFor({ state: 'hidden' });
    await page.context().close();
  });

  test('is explained to a finger', async () => {
    const page = await openOne(PHONE);
    await page.getByRole('button', { name: 'about' }).tap();
    await page.getByRole('tooltip').waitFor();
    expect(await overflowing(page)).toEqual([]);
    await page.context().close();
  });
});
