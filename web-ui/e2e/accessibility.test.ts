import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { violations } from './support/axe.ts';
import { DESK, launch, load, PHONE, visit } from './support/browser.ts';
import { pagesOf } from './support/pages.ts';

const origin = inject('demo');
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser?.close());

test.each([
  ['a desk', DESK],
  ['a telephone', PHONE],
])('axe finds nothing on %s, in the light and in the dark', async (_, device) => {
  const { page } = await visit(browser, { ...device, reducedMotion: 'reduce' });
  const found: Record<string, string[]> = {};
  for (const [name, address] of Object.entries(await pagesOf(page, origin))) {
    await load(page, address);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForFunction(() => document.getAnimations().length === 0);
      found[`${name}, ${colorScheme}`] = await violations(page);
    }
  }
  expect(Object.keys(found)).toHaveLength(8);
  expect(Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0))).toEqual(
    {},
  );
});
