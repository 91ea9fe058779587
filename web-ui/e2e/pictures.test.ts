import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { DESK, launch, PHONE, visit } from './support/browser.ts';
import { openPage, pagesOf } from './support/pages.ts';

/** High enough for every repository. */
const README = { viewport: { width: 1280, height: 1120 } };
const FOLDER = fileURLToPath(new URL('screenshots/', import.meta.url));
const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));

const origin = inject('demo');
let browser: Browser;

beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  browser = await launch();
});

afterAll(() => browser?.close());

function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth;
  });
}

describe.each([
  ['1280', DESK],
  ['375', PHONE],
])('pictures %s px wide', (width, device) => {
  test.each(['light', 'dark'] as const)('%s', async (colorScheme) => {
    const { page, complaints } = await visit(browser, { ...device, colorScheme });
    for (const [name, address] of Object.entries(await pagesOf(page, origin))) {
      await openPage(page, name, address);
      await page.screenshot({
        path: `${FOLDER}${name}-${width}-${colorScheme}.png`,
        fullPage: true,
      });
      expect(await scrollsSideways(page)).toBe(false);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

// Only when asked for, so that a test run leaves the checkout as it was.
test.runIf(process.env.README_SCREENSHOTS === '1').each([
  ['light', 'board.png'],
  ['dark', 'board-dark.png'],
] as const)('the picture of README, %s', async (colorScheme, file) => {
  const { page } = await visit(browser, { ...README, colorScheme, timezoneId: 'UTC' });
  await openPage(page, 'overview', origin);
  await mkdir(DOCS, { recursive: true });
  // Down to the last repository, so that no row is cut through.
  const table = await page.getByRole('region', { name: 'Repositories' }).boundingBox();
  const height = Math.ceil((table?.y ?? 0) + (table?.height ?? 0)) + 24;
  await page.screenshot({ path: `${DOCS}${file}`, clip: { x: 0, y: 0, width: 1280, height } });
});
