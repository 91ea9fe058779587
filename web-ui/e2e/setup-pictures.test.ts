import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violations } from './support/axe.ts';
import { DESK, launch, PHONE } from './support/browser.ts';
import { Double } from './support/double.ts';
import { ADMINISTRATOR, Newcomer, Owner } from './support/setup.ts';

const FOLDER = fileURLToPath(new URL('screenshots/', import.meta.url));
/** As wide as the narrowest telephones. */
const NARROW = 360;

let browser: Browser;
let double: Double;

beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  [browser, double] = await Promise.all([launch(), Double.start()]);
});

afterAll(() => Promise.all([browser?.close(), double?.kill()]));

function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth;
  });
}

describe.each([
  ['1280', DESK],
  ['375', PHONE],
])('set-up, %s px wide', (width, device) => {
  test.each(['light', 'dark'] as const)('%s', async (colorScheme) => {
    const lampboard = await Newcomer.create(double);
    const mona = await Owner.come(browser, lampboard, {
      ...device,
      colorScheme,
      reducedMotion: 'reduce',
    });
    const { page } = mona;
    const found: Record<string, string[]> = {};
    const look = async (name: string) => {
      await page.screenshot({
        path: `${FOLDER}setup-${name}-${width}-${colorScheme}.png`,
        fullPage: true,
      });
      found[name] = await violations(page);
      if (width === '375') await page.setViewportSize({ width: NARROW, height: 800 });
      if (await scrollsSideways(page)) found[name].push('scrolls sideways');
      await page.setViewportSize(device.viewport);
    };

    await page.goto(`${lampboard.origin}/setup`);
    await look('no-access');
    await mona.open();
    await look('url');
    await mona.press('Continue');
    await mona.page.getByText('Webhooks need an address').waitFor();
    await look('url-problems');
    await mona.page.getByRole('link', { name: 'I already have an App' }).click();
    await mona.headline('I already have an App');
    await look('existing');
    await page.goto(`${lampboard.origin}/setup`);
    await mona.choose(lampboard.webhooks);
    await page.getByText('Show manifest').click();
    await look('create');
    await lampboard.block();
    await mona.create(`Lampboard ${width} ${colorScheme}`);
    await mona.headline('The key can not be saved');
    await look('save-failure');
    await lampboard.unblock();
    await mona.press('Try again');
    await mona.headline('Install');
    await look('install');
    await page.goto(`${lampboard.origin}/setup/github/installed?setup_action=request`);
    await mona.headline('Requested');
    await look('requested');
    await page.goto(`${lampboard.origin}/setup/data`);
    await look('data-waiting');
    await page.goto(`${lampboard.origin}/setup/install`);
    await mona.install(ADMINISTRATOR, 'Install');
    await mona.arrived('installation', /On acme/);
    await mona.arrived('history', /loaded/);
    await mona.arrived('delivery', /correctly signed/);
    await look('data');
    await mona.press('Open the board');
    await page.goto(`${lampboard.origin}/setup`);
    await look('finished');

    expect(Object.keys(found)).toHaveLength(11);
    const wrong = Object.entries(found).filter(([, list]) => list.length > 0);
    expect(Object.fromEntries(wrong)).toEqual({});
    expect(mona.misbehaviour).toEqual([]);
  });
});
