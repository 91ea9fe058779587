import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DESK, launch, load, visit } from './support/browser.ts';

const MOST_STOPS = 200;
const BUILD = /^\/r\/[^/]+\/[^/]+\/runs\/\d+/;

const origin = inject('demo');
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser?.close());

interface Stop {
  name: string;
  path: string;
  region: string;
  /** What keeps a person from seeing where the focus is. */
  fault: string;
}

/** Where the focus is, and whether a person can see it. */
function focused(page: Page): Promise<Stop> {
  return page.evaluate(async () => {
    // What appears on focus needs a frame for it.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const element = document.activeElement;
    if (!element || element === document.body) {
      return { name: 'nothing', path: '', region: '', fault: 'has no focus' };
    }
    const box = element.getClientRects()[0] ?? new DOMRect();
    const middle = [box.x + box.width / 2, box.y + Math.min(box.height / 2, 12)] as const;
    const top = document.elementFromPoint(...middle);
    const ring = [element, element.closest('form')].some((shown) => {
      const style = shown && getComputedStyle(shown);
      return style && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    });
    const faults = [
      ring ? '' : 'has no ring',
      top && (element.contains(top) || top.contains(element)) ? '' : 'is covered or off the screen',
    ];
    return {
      name: element.getAttribute('aria-label') ?? element.textContent.trim(),
      path: element instanceof HTMLAnchorElement ? element.pathname : '',
      region: element.closest('section')?.querySelector('h2')?.textContent ?? '',
      fault: faults.filter(Boolean).join(', '),
    };
  });
}

/** Presses Tab until the focus is where it is wanted. */
async function tabTo(page: Page, wanted: (stop: Stop) => boolean, faults: string[]): Promise<Stop> {
  for (let stops = 0; stops < MOST_STOPS; stops++) {
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    if (stop.fault) faults.push(`${stop.name} ${stop.fault}`);
    if (wanted(stop)) return stop;
  }
  throw new Error(`${MOST_STOPS} stops did not lead there`);
}

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
