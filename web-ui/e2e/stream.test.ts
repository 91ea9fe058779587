import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { DESK, launch, load, pillSays, visit } from './support/browser.ts';
import { GitHub } from './support/github.ts';
import { Installation } from './support/lampboard.ts';

const POLL_EVERY = 30_000;
/** A stream that has failed often is tried again every five minutes, a fifth more or less. */
const STREAM_RETRY = 360_000;
/** The pause before the stream is tried again grows while the server is away. */
const RECONNECT = 20_000;

let browser: Browser;
let lampboard: Installation;
let github: GitHub;
let page: Page;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser?.close());

beforeEach(async () => {
  lampboard = await Installation.create();
  github = new GitHub(lampboard.origin);
  ({ page } = await visit(browser, DESK));
});

afterEach(async () => {
  await page.context().close();
  await lampboard.remove();
});

/** Reports some runs, each started later than the one before. */
async function report(count: number): Promise<string[]> {
  const told: string[] = [];
  for (let index = 0; index < count; index++) {
    told.unshift((await github.start({ started: Date.now() })).title);
  }
  return told;
}

function titles(page: Page): Promise<string[]> {
  const list = page.getByRole('list', { name: 'Builds, newest first' });
  return list.getByRole('listitem').getByRole('link').allInnerTexts();
}

test('a server that dies and comes back costs no row and doubles none', async () => {
  const before = await report(5);
  await load(page, `${lampboard.origin}/builds`);
  await pillSays(page, 'Live');
  expect(await titles(page)).toEqual(before);

  await lampboard.kill();
  await pillSays(page, 'Offline');
  await page
    .locator('button.pill')
    .getByText(/since \d\d:\d\d/)
    .waitFor();
  expect(await titles(page)).toEqual(before);

  await lampboard.startAgain();
  const meanwhile = await report(5);
  await page
    .locator('button.pill')
    .getByText('Live', { exact: true })
    .waitFor({ timeout: RECONNECT });
  await expect.poll(() => titles(page)).toEqual([...meanwhile, ...before]);

  const after = await report(5);
  await expect.poll(() => titles(page)).toEqual([...after, ...meanwhile, ...before]);
  await expect.poll(() => page.getByRole('alert').count()).toBe(0);
});

test('where only the stream fails, the page asks every 30 seconds and says so', async () => {
  const before = await report(3);
  await page.clock.install();
  await page.route('**/lampboard.v1.BuildService/WatchBuilds', (route) => route.abort());
  await load(page, `${lampboard.origin}/builds`);
  await pillSays(page, 'Every 30 s');
  expect(await titles(page)).toEqual(before);

  await page.clock.pauseAt(await page.evaluate(() => Date.now()));
  const later = await report(2);
  await page.clock.runFor(POLL_EVERY / 2);
  expect(await titles(page)).toEqual(before);
  await page.clock.runFor(POLL_EVERY / 2);
  await expect.poll(() => titles(page)).toEqual([...later, ...before]);
  await pillSays(page, 'Every 30 s');

  await page.unroute('**/lampboard.v1.BuildService/WatchBuilds');
  await page.clock.fastForward(STREAM_RETRY);
  await pillSays(page, 'Live');
});

test('live updates can be paused and resumed', async () => {
  const before = await report(1);
  await load(page, `${lampboard.origin}/builds`);
  await pillSays(page, 'Live');
  await page.getByRole('button', { name: 'Pause live updates' }).click();
  await pillSays(page, 'Paused');
  const later = await report(1);
  expect(await titles(page)).toEqual(before);
  await page.getByRole('button', { name: 'Resume live updates' }).click();
  await pillSays(page, 'Live');
  await expect.poll(() => titles(page)).toEqual([...later, ...before]);
});
