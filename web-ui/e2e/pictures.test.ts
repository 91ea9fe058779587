import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DESK, launch, load, PHONE, pillSays, visit } from './support/browser.ts';
import { fullDemo, type Lampboard } from './support/lampboard.ts';
import { pagesOf } from './support/pages.ts';

const FOLDER = fileURLToPath(new URL('screenshots/', import.meta.url));
const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));

let browser: Browser;
let demo: Lampboard;

beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  browser = await launch();
  demo = await fullDemo();
});

afterAll(() => browser?.close());

async function open(page: Page, address: string): Promise<void> {
  await load(page, address);
  await pillSays(page, 'Live');
}

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
    for (const [name, address] of Object.entries(await pagesOf(page, demo.origin))) {
      await open(page, address);
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
  const { page } = await visit(browser, { ...DESK, colorScheme, timezoneId: 'UTC' });
  await open(page, demo.origin);
  await page.getByRole('region', { name: 'Running now' }).getByRole('listitem').first().waitFor();
  await mkdir(DOCS, { recursive: true });
  await page.screenshot({ path: `${DOCS}${file}` });
});
