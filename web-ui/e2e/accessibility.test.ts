import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DESK, launch, load, PHONE, visit } from './support/browser.ts';
import { pagesOf } from './support/pages.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const origin = inject('demo');
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser?.close());

/** What breaks a rule, and where. */
async function violations(page: Page): Promise<string[]> {
  // As the debugger, which the page's policy does not bind.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    (rules) =>
      (window as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: rules,
        resultTypes: ['violations'],
        // Switched off unless one asks for it.
        rules: { 'target-size': { enabled: true } },
      }),
    RULES,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} (${failureSummary})`),
  );
}

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
  expect(Object.keys(found)).toHaveLength(6);
  expect(Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0))).toEqual(
    {},
  );
});
