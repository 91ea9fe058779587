import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DESK, launch, load, visit } from './support/browser.ts';
import { focused, type Stop, tabTo } from './support/focus.ts';

const BUILD = /^\/r\/[^/]+\/[^/]+\/runs\/\d+/;

const origin = inject('demo');
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser?.close());

test('a build is reached from the overview by keyboard alone, with the focus in sight', async () => {
  const { page } = await visit(browser, { ...DESK, reducedMotion: 'reduce' });
  const faults: string[] = [];
  await load(page, origin);
  await page.getByRole('region', { name: 'Running now' }).getByRole('listitem').first().waitFor();

  await page.keyboard.press('Tab');
  expect(await focused(page)).toMatchObject({ name: 'Skip to the content', fault: '' });
  const running = ({ path, region }: Stop) => BUILD.test(path) && region === 'Running now';
  const { path } = await tabTo(page, running, faults);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === path);
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1');

  const facts = ({ region }: Stop) => region === 'Facts';
  await tabTo(page, facts, faults);
  expect(faults).toEqual([]);
});

test('the skip link leads past the header, and "/" into the search', async () => {
  const { page } = await visit(browser, DESK);
  await load(page, `${origin}/builds`);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  const inside = () => page.evaluate(() => !!document.activeElement?.closest('main'));
  expect(await inside()).toBe(true);

  await page.getByRole('heading', { name: 'Builds' }).focus();
  await page.keyboard.press('/');
  await page.keyboard.type('#7');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/builds?pr=7');
});
