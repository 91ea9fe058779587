import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { launch } from './support/browser.ts';
import { Double } from './support/double.ts';
import { Newcomer, Owner } from './support/setup.ts';

let browser: Browser;
let double: Double;

beforeAll(async () => {
  [browser, double] = await Promise.all([launch(), Double.start()]);
});

afterAll(() => Promise.all([browser?.close(), double?.kill()]));

test('only the link opens it, and only once', async () => {
  const lampboard = await Newcomer.create(double);
  const stranger = await Owner.come(browser, lampboard);
  await stranger.page.goto(`${lampboard.origin}/setup`);
  await stranger.headline('Lampboard is being set up');
  const mona = await Owner.come(browser, lampboard);
  await mona.open();
  await stranger.page.goto(await lampboard.link());
  await stranger.headline('Lampboard is being set up');
  expect(await stranger.page.getByRole('button').count()).toBe(0);
});

test('an answer that nobody asked for is not taken', async () => {
  const lampboard = await Newcomer.create(double);
  const mona = await Owner.come(browser, lampboard);
  await mona.open();
  await mona.choose(lampboard.webhooks);
  const back = await mona.createAndStay('Lampboard mistaken');
  const wrong = back.replace(/state=./, (start) => (start.endsWith('0') ? 'state=1' : 'state=0'));
  await mona.page.goto(wrong);
  await mona.headline('Not from this set-up');

  // The right one still works, once.
  await mona.page.goto(back);
  await mona.headline('Install Lampboard mistaken');
  await mona.page.goto(back);
  await mona.headline('Already taken');
  await mona.page.getByRole('link', { name: 'To the set-up' }).click();
  await mona.headline('Install Lampboard mistaken');
});

test('a code that was used leads back to the beginning', async () => {
  const lampboard = await Newcomer.create(double);
  const mona = await Owner.come(browser, lampboard);
  await mona.open();
  await mona.choose(lampboard.webhooks);
  const back = await mona.createAndStay('Lampboard overtaken');
  await double.convert(codeOf(back));
  await mona.page.goto(back);
  await mona.headline('Too late');
  await mona.page.goto(back);
  await mona.headline('Already taken');

  await mona.page.getByRole('link', { name: 'To the set-up' }).click();
  await mona.headline('Connect Lampboard to GitHub');
  expect(await mona.page.getByLabel('Name of the organization').inputValue()).toBe('acme');
  await mona.press('Continue');
  await mona.create('Lampboard once more');
  await mona.headline('Install Lampboard once more');
});

test('a code that is older than an hour leads back to the beginning', async () => {
  const slow = await Double.start();
  onTestFinished(() => slow.kill());
  const lampboard = await Newcomer.create(slow);
  const mona = await Owner.come(browser, lampboard);
  await mona.open();
  await mona.choose(lampboard.webhooks);
  const back = await mona.createAndStay('Lampboard delayed');
  await slow.step(3600);
  await mona.page.goto(back);
  await mona.headline('Too late');
  await expect(lampboard.saved('app.json')).rejects.toThrow('ENOENT');
});

test('a key that can not be saved is kept until it can', async () => {
  const lampboard = await Newcomer.create(double);
  const mona = await Owner.come(browser, lampboard);
  await mona.open();
  await mona.choose(lampboard.webhooks);
  await lampboard.block();
  await mona.create('Lampboard in a full house');
  await mona.headline('The key can not be saved');
  await mona.page.getByText(lampboard.obstacle).waitFor();
  await mona.press('Try again');
  await mona.headline('The key can not be saved');
  await lampboard.unblock();
  await mona.press('Try again');
  await mona.headline('Install Lampboard in a full house');
  const [app = ''] = await lampboard.saved('app.json');
  expect(JSON.parse(app)).toMatchObject({ name: 'Lampboard in a full house' });
  expect(mona.misbehaviour).toEqual([]);
});

function codeOf(address: string): string {
  return new URL(address).searchParams.get('code') ?? '';
}
