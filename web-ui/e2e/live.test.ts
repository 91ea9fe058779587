import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DESK, launch, load, painted, pillSays, visit } from './support/browser.ts';
import { percentile, say } from './support/figures.ts';
import { GitHub } from './support/github.ts';
import { Installation } from './support/lampboard.ts';
import type { Job } from './support/payloads.ts';

const WITHIN = 1000;
const ROUNDS = 20;

let lampboard: Installation;
let github: GitHub;
let browser: Browser;

beforeAll(async () => {
  lampboard = await Installation.create();
  github = new GitHub(lampboard.origin);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await lampboard?.remove();
});

async function openLive(path: string): Promise<Page> {
  const { page } = await visit(browser, DESK);
  await load(page, `${lampboard.origin}${path}`);
  await pillSays(page, 'Live');
  await page.evaluate(() => Object.assign(window, { notReloaded: true }));
  return page;
}

function isReloaded(page: Page): Promise<boolean> {
  return page.evaluate(() => !('notReloaded' in window));
}

test('a new build is on the overview and in the list within a second, without a reload', async () => {
  const overview = await openLive('/');
  const builds = await openLive('/builds');
  const delays: number[] = [];

  for (let round = 0; round < ROUNDS; round++) {
    const run = github.newRun({ started: Date.now() });
    const seen = Promise.all([painted(overview, run.title), painted(builds, run.title)]);
    const { answered } = await github.report(run);
    for (const time of await seen) delays.push(time - answered);
  }

  const running = overview.getByRole('region', { name: 'Running now' }).getByRole('listitem');
  const rows = builds.getByRole('list', { name: 'Builds, newest first' }).getByRole('listitem');
  await expect.poll(() => builds.locator('main').innerText()).toContain('Change number 1001');
  expect(await rows.count()).toBe(ROUNDS);
  expect(await running.first().innerText()).toContain(`Change number ${1000 + ROUNDS}`);
  expect(await isReloaded(overview)).toBe(false);
  expect(await isReloaded(builds)).toBe(false);
  const [p50, p95] = [0.5, 0.95].map((share) => percentile(delays, share));
  say('from the 2xx of a webhook to the pixel', `p50 ${p50} ms, p95 ${p95} ms`);
  expect(Math.max(...delays)).toBeLessThanOrEqual(WITHIN);
});

test('a build changes in place while jobs and steps appear', async () => {
  const builds = await openLive('/builds');
  const run = await github.start({ title: 'Watch me build' });
  await builds.getByRole('link', { name: run.title }).click();
  const heading = await builds.getByRole('heading', { name: run.title }).elementHandle();
  const header = builds.locator('main header').first();
  await header.getByText('running').waitFor();
  await builds.getByText('No job is known yet.').waitFor();
  expect(await heading?.evaluate((element) => element === document.activeElement)).toBe(true);

  const job: Job = github.newJob(run, { name: 'compile and link' });
  await github.reportJob(run, job);
  const line = builds.locator('summary').filter({ hasText: job.name });
  await line.getByText('queued').first().waitFor();

  const working: Job = {
    ...job,
    status: 'in_progress',
    steps: [{ name: 'Fetch the sources', status: 'in_progress', conclusion: null }],
  };
  await github.reportJob(run, working);
  await line.getByText('running').first().waitFor({ state: 'attached' });
  await line.click();
  await builds.getByText('Fetch the sources').waitFor();

  const failed: Job = {
    ...job,
    status: 'completed',
    conclusion: 'failure',
    ended: Date.now(),
    steps: [
      { name: 'Fetch the sources', status: 'completed', conclusion: 'success' },
      { name: 'Run the compiler', status: 'completed', conclusion: 'failure' },
    ],
  };
  await github.reportJob(run, failed);
  await builds.getByRole('list', { name: 'What failed' }).getByText('Run the compiler').waitFor();

  const chart = await line.locator('.chart').boundingBox();
  const marks = builds.locator('ol .run');
  await expect.poll(() => marks.count()).toBe(2);
  for (const mark of await marks.all()) {
    const box = await mark.boundingBox();
    expect(box?.width).toBeGreaterThanOrEqual(3);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(
      (chart?.x ?? 0) + (chart?.width ?? 0) + 0.5,
    );
  }

  const over = painted(builds, 'failed in');
  const { answered } = await github.report({
    ...run,
    status: 'completed',
    conclusion: 'failure',
    updated: Date.now(),
  });
  const delay = (await over) - answered;
  say('from the 2xx to the status of the build', `${delay} ms`);
  expect(delay).toBeLessThanOrEqual(WITHIN);
  expect(await heading?.evaluate((element) => element.isConnected)).toBe(true);
  expect(await isReloaded(builds)).toBe(false);
});
