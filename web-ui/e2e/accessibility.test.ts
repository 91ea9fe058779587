import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DESK, launch, load, PHONE, visit } from './support/browser.ts';
import { type Lampboard, startDemo } from './support/lampboard.ts';
import { pagesOf } from './support/pages.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

let browser: Browser;
let demo: Lampboard;

beforeAll(async () => {
  browser = await launch();
  demo = await startDemo();
});

afterAll(async () => {
  await browser?.close();
  await demo?.kill();
});

/** What breaks a rule, and where. */
async function violations(page: Page): Promise<string[]> {
  // As the debugger, which the page's policy does not bind.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    (rules) =>
      (window as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: rules,
        // Switched off unless one asks for it.
        rules: { 'target-size': { enabled: true } },
      }),
    RULES,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} (${failureSummary})`),
  );
}

describe.each([
  ['a desk', DESK],
  ['a telephone', PHONE],
])('axe finds nothing on %s', (_, device) => {
  test.each(['light', 'dark'] as const)('in the %s', async (colorScheme) => {
    const { page } = await visit(browser, { ...device, colorScheme, reducedMotion: 'reduce' });
    const found: Record<string, string[]> = {};
    const pages = await pagesOf(page, demo.origin);
    for (const [name, address] of Object.entries(pages)) {
      await load(page, address);
      found[name] = await violations(page);
    }
    expect(found).toEqual({ overview: [], builds: [], build: [] });
    await page.context().close();
  });
});
