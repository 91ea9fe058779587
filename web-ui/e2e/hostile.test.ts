import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DESK, launch, load, PHONE, visit, type Visit } from './support/browser.ts';
import { overflowing, strayLinks, turnedNumbers } from './support/foreign.ts';
import { GitHub } from './support/github.ts';
import { Installation } from './support/lampboard.ts';
import type { Run } from './support/payloads.ts';

const IMAGE = `<img src=x onerror=alert(1)>`;
const SCRIPT = `"><script>alert(2)</script>`;
const TEMPLATE = '{{constructor.constructor("alert(3)")()}}${alert(4)}';
const REVERSED = '\u202Egnp.exe\u202E';
const INVISIBLE = 'ma\u200Bin\u200D\uFEFF';
const LONG = 'x'.repeat(200);
const LINK = 'javascript:alert(5)';
const BRANCH = `${IMAGE}${SCRIPT}`;

/** Every place on which a text of GitHub's is shown, with the texts that must be legible there. */
const PAGES = [
  { name: 'overview', path: '/', shows: [IMAGE, SCRIPT, TEMPLATE, LONG, 'title ' + IMAGE] },
  { name: 'list', path: '/builds', shows: [BRANCH, TEMPLATE, REVERSED, INVISIBLE, LONG] },
  {
    name: 'filters',
    path: `/builds?${new URLSearchParams({ branch: BRANCH, workflow: IMAGE, actor: LONG, event: SCRIPT })}`,
    shows: [BRANCH, IMAGE, LONG],
  },
  {
    name: 'build that failed',
    path: '/r/acme/web/runs/666001',
    shows: [BRANCH, IMAGE, SCRIPT, TEMPLATE, `job ${IMAGE}`, `step ${SCRIPT}`, `runner ${IMAGE}`],
  },
  { name: 'build with long names', path: '/r/acme/web/runs/666002', shows: [LONG] },
  { name: 'build with odd letters', path: '/r/acme/web/runs/666003', shows: [REVERSED, INVISIBLE] },
  { name: 'no such page', path: `/${encodeURIComponent(IMAGE)}`, shows: [] },
  { name: 'not understood', path: `/builds?sha=${encodeURIComponent(IMAGE)}`, shows: [IMAGE] },
];

let lampboard: Installation;
let browser: Browser;

/** Run numbers are digits in a row: a text that turns its surroundings around, turns them. */
async function tellHostileRuns(github: GitHub): Promise<void> {
  const markup = github.newRun({
    id: 666001,
    workflow: `${TEMPLATE} ${IMAGE}`,
    branch: BRANCH,
    title: `title ${IMAGE}`,
    author: SCRIPT,
    actor: IMAGE,
    event: SCRIPT,
    url: LINK,
  });
  await tellWithJob(github, markup, {
    job: `job ${IMAGE}`,
    step: `step ${SCRIPT}`,
    runner: `runner ${IMAGE}`,
  });
  const long = github.newRun({
    id: 666002,
    workflow: LONG,
    branch: LONG,
    title: LONG,
    author: LONG,
    actor: LONG,
    event: LONG,
  });
  await tellWithJob(github, long, { job: LONG, step: LONG, runner: LONG });
  const odd = github.newRun({
    id: 666003,
    workflow: REVERSED,
    branch: INVISIBLE,
    title: `${REVERSED}${INVISIBLE}`,
    author: REVERSED,
    actor: REVERSED,
  });
  await tellWithJob(github, odd, { job: REVERSED, step: INVISIBLE, runner: REVERSED });
  // On the default branch, so that the overview has them among what is broken.
  for (const run of [markup, long, odd]) {
    const id = run.id + 100;
    const ended = { conclusion: 'failure', status: 'completed' } as const;
    await github.report({ ...run, id, branch: 'main', ...ended, updated: Date.now() });
  }
  const [owner, name] = ['o'.repeat(39), 'r'.repeat(100)];
  await github.start({ repository: `${owner}/${name}`, branch: LONG });
}

async function tellWithJob(
  github: GitHub,
  run: Run,
  names: { job: string; step: string; runner: string },
): Promise<void> {
  await github.report(run);
  const job = github.newJob(run, { name: names.job, runner: names.runner, url: LINK });
  await github.reportJob(run, {
    ...job,
    labels: [names.runner],
    status: 'completed',
    conclusion: 'failure',
    ended: Date.now(),
    steps: [{ name: names.step, status: 'completed', conclusion: 'failure' }],
  });
}

beforeAll(async () => {
  lampboard = await Installation.create();
  await tellHostileRuns(new GitHub(lampboard.origin));
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await lampboard?.remove();
});

function open(path: string, device: typeof DESK): Promise<Visit> {
  return visit(browser, device).then(async (visited) => {
    await load(visited.page, `${lampboard.origin}${path}`);
    return visited;
  });
}

describe.each([
  ['a desk', DESK],
  ['a telephone', PHONE],
])('on %s', (_, device) => {
  test.each(PAGES)('hostile names stay text: $name', async ({ path, shows }) => {
    const { page, complaints } = await open(path, device);
    const text = await page.evaluate(() => document.body.textContent);
    for (const wanted of shows) expect.soft(text).toContain(wanted);
    expect.soft(await page.locator('main img, main script').count()).toBe(0);
    expect.soft(await strayLinks(page)).toEqual([]);
    expect.soft(complaints).toEqual([]);
    expect.soft(await overflowing(page)).toEqual([]);
    expect.soft(await turnedNumbers(page)).toEqual([]);
    await page.context().close();
  });
});

test('a hostile name can be filtered by, and its chip be removed', async () => {
  const { page, complaints } = await open('/builds', DESK);
  await page.getByLabel('Field').selectOption('Branch');
  await page.getByLabel('Value').fill(BRANCH);
  await page.getByRole('button', { name: 'Add' }).click();
  const row = page.getByRole('list', { name: 'Builds, newest first' }).getByRole('listitem');
  await expect.poll(() => row.count()).toBe(1);
  expect(new URL(page.url()).searchParams.get('branch')).toBe(BRANCH);
  await page.getByRole('link', { name: `Remove branch ${BRANCH}` }).click();
  await expect.poll(() => row.count()).toBeGreaterThan(1);
  expect(complaints).toEqual([]);
});
