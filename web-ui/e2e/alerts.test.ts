import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Alerting, faults, picture, poll, reopen } from './support/alerting.ts';
import { DESK, launch, load, PHONE, visit, type Visit } from './support/browser.ts';
import { overflowing } from './support/foreign.ts';

let browser: Browser;
let alerting: Alerting;
let visited: Visit;
let page: Page;

/** One story, told from the empty board on: each test goes on where the one before it ended. */
beforeAll(async () => {
  browser = await launch();
  alerting = await Alerting.start();
  visited = await visit(browser, { ...DESK, reducedMotion: 'reduce' });
  page = visited.page;
});

afterAll(async () => {
  await browser?.close();
  await alerting?.stop();
});

const open = (path: string) => load(page, `${alerting.lampboard.origin}${path}`);
const row = (name: string) => page.getByRole('listitem').filter({ hasText: name }).first();
const button = (name: string) => page.getByRole('button', { name });

test('who has neither rule nor channel is led to a channel, whose secret is shown once', async () => {
  await open('/');
  await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link', { name: 'Alerts' })
    .click();
  await page.getByText('Nobody is told when main breaks.').waitFor();
  await page.getByRole('link', { name: 'Add a channel' }).click();

  await button('Save channel').click();
  await page.getByRole('alert').getByText('Give it a name. Say where to.').waitFor();
  expect(await page.getByLabel('Name', { exact: true }).getAttribute('aria-invalid')).toBe('true');
  await page.getByRole('radio', { name: /^Webhook/ }).check();
  await page.getByLabel('Name', { exact: true }).fill('pager');
  await page
    .getByLabel('URL', { exact: true })
    .fill(`${alerting.receiver.origin}/hook?key=abcd1234`);
  await button('Save channel').click();

  const secret = page.getByLabel(/keep it now/);
  await secret.waitFor();
  expect(await secret.inputValue()).toMatch(/^whsec_[A-Za-z0-9+/=]{32,}$/);
  expect(await faults(page)).toEqual([]);
  await button('Send a test').click();
  await page.getByText(/Delivered in .* The provider answered: 200/).waitFor();
  expect(alerting.receiver.received.at(-1)?.headers['webhook-signature']).toMatch(/^v1,/);

  await page.getByRole('link', { name: 'Done' }).click();
  await row('pager').getByText('1234').waitFor();
  expect(await page.content()).not.toMatch(/whsec_|key=abcd1234/);
});

test('the recommended rule takes one click, and says in a sentence what it does', async () => {
  await page
    .getByRole('navigation', { name: 'Alerts' })
    .getByRole('link', { name: 'Rules' })
    .click();
  await button('Add the recommended rule').click();
  await page
    .getByText(
      'When any workflow on the default branch of any repository starts failing or recovers, tell pager.',
    )
    .waitFor();
});

test('a break and a recovery are told once each, and the history says what came of it', async () => {
  await alerting.ended('success');
  const failed = await alerting.ended('failure');
  await alerting.ended('failure');
  await poll(() => alerting.receiver.received.length).toBe(2);
  await open('/alerts/incidents');
  const incident = page.getByRole('region', { name: 'Open' }).getByRole('listitem');
  await incident.getByText('Runs that failed').waitFor();
  expect(await incident.innerText()).toMatch(/acme\/web CI on main/);
  expect(await incident.innerText()).toMatch(/2, the last/);
  expect(await faults(page)).toEqual([]);

  await alerting.ended('success');
  await poll(() => alerting.receiver.received.length).toBe(3);
  await open('/alerts/incidents');
  await page.getByRole('region', { name: 'Resolved' }).getByText('Recovered by').waitFor();
  await page.getByRole('link', { name: 'Who was told' }).click();
  await poll(() => page.getByRole('list', { name: 'Alerts' }).getByText('sent').count()).toBe(2);
  await page.getByLabel('What it says').selectOption('failed');
  await page.waitForURL(/kind=failure/);
  const told = page.getByRole('list', { name: 'Alerts' }).getByRole('listitem');
  await poll(() => told.count()).toBe(1);
  expect(await told.innerText()).toContain('answered 200');

  await told.getByRole('link', { name: /acme\/web/ }).click();
  await page.waitForURL(`**/runs/${failed.id}/**`);
  const who = page.getByRole('region', { name: 'Who was told' });
  await who.getByText('pager').waitFor();
  expect(await who.innerText()).toContain('sent');
});

test('what a message says can be seen for each kind of channel, under the page’s own policy', async () => {
  await page
    .getByRole('region', { name: 'Who was told' })
    .getByRole('button', { name: 'Preview' })
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('FAILED acme/web CI on main').first().waitFor();
  expect(await faults(page)).toEqual([]);
  expect(await dialog.innerText()).not.toContain('<!');
  await dialog.getByRole('button', { name: 'E-mail' }).click();
  await dialog.getByText('Subject:').waitFor();
  await dialog.getByText('Its HTML').click();
  expect(await dialog.locator('pre').last().innerText()).toContain('<html');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
});

test('a second rule is tried before it is saved, and its repeat names the first', async () => {
  await open('/alerts/rules/new');
  await page.getByLabel('Repositories').fill('acme/*');
  await page.getByLabel('Workflows').fill('CI');
  await page.getByLabel('Branches', { exact: true }).fill('main');
  await page.getByLabel('The default branch only').uncheck();
  await page.getByLabel('fails, each time').check();
  await button('Try it on the last 14 days').click();
  await page.getByText('Last 14 days: 2 messages to each channel.').waitFor();
  await page.getByLabel('starts failing or recovers').check();
  await page.getByText('The rule has changed since the last try.').waitFor();
  await button('Try it on the last 14 days').click();
  await page
    .getByText('Last 14 days: 2 messages to each channel, 1 further failure suppressed.')
    .waitFor();
  expect(await faults(page)).toEqual([]);

  await page.getByLabel('pager').check();
  await page.getByLabel('Disturb nobody').check();
  await page.getByLabel('Quiet from').fill('03:00');
  await page.getByLabel('Quiet to').fill('03:00');
  await page.getByLabel('At most').check();
  await page.getByLabel('Name', { exact: true }).fill('CI of acme');
  await button('Save rule').click();
  await page.getByRole('alert').getByText('must not end when they start').waitFor();
  await page.getByLabel('Disturb nobody').uncheck();
  await button('Save rule').click();
  await row('CI of acme')
    .getByText(/tell pager; at most 10 an hour\./)
    .waitFor();

  await alerting.ended('failure', 'acme/api');
  await poll(() => alerting.receiver.received.length).toBe(4);
  await open('/alerts/history?state=skipped');
  const told = page.getByRole('list', { name: 'Alerts' }).getByRole('listitem');
  expect(await told.innerText()).toContain('duplicate');
  await told.getByRole('link', { name: 'Show the first' }).click();
  await page.getByText(/The channel was told of it already by the rule/).waitFor();
  expect(await faults(page)).toEqual([]);
});

test('who is overtaken by somebody else learns it, and loses nothing', async () => {
  await open('/alerts');
  await row('CI of acme').getByRole('link', { name: /^Edit/ }).click();
  await page.getByLabel('Name', { exact: true }).fill('Mine');
  const other = await page.context().newPage();
  await load(other, `${alerting.lampboard.origin}/alerts`);
  await other
    .getByRole('listitem')
    .filter({ hasText: 'CI of acme' })
    .getByRole('button', { name: /^Disable/ })
    .click();
  await other.getByRole('button', { name: /^Enable/ }).waitFor();
  await other.close();

  await button('Save rule').click();
  await page.getByText('Nothing was saved.').waitFor();
  expect(await faults(page)).toEqual([]);
  await button('Save mine in its place').click();
  await row('Mine')
    .getByRole('button', { name: /^Enable/ })
    .click();
  await row('Mine')
    .getByRole('button', { name: /^Disable/ })
    .waitFor();

  await row('Mine')
    .getByRole('button', { name: /^Delete/ })
    .click();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Mine');
  await page.keyboard.press('Enter');
  await poll(() => page.getByText('Mine').count()).toBe(0);
});

test('a channel that refuses for good is paused, says why, and goes on once it is seen to', async () => {
  alerting.receiver.status = 404;
  await open('/alerts/channels/new');
  await page.getByLabel('Name', { exact: true }).fill('#ci');
  await page
    .getByLabel('URL of the incoming webhook')
    .fill(`${alerting.receiver.origin}/services/T0/B0/secret9876`);
  await button('Save channel').click();
  await button('Send a test').click();
  await page.getByText(/^Not accepted: .* The provider answered: 404/).waitFor();
  await page.getByRole('link', { name: 'Write a rule for it' }).click();
  await page.getByLabel('#ci').check();
  await page.getByLabel('Name', { exact: true }).fill('Slack');
  await button('Save rule').click();
  await row('Slack').waitFor();

  await alerting.ended('failure', 'acme/docs');
  await open('/alerts/channels');
  await row('#ci').getByText('paused').waitFor();
  expect(await row('#ci').innerText()).toMatch(/Nothing is sent since/);
  alerting.receiver.status = 200;
  await row('#ci')
    .getByRole('button', { name: /^Send a test/ })
    .click();
  await row('#ci')
    .getByText(/^Delivered in/)
    .waitFor();
  await poll(() => row('#ci').getByText('paused').count()).toBe(0);
  // What waited meanwhile is sent.
  await poll(() => alerting.receiver.received.at(-1)?.body).toContain('acme/docs');

  // A message that is refused by itself is given up, and can be retried.
  alerting.receiver.status = 400;
  await alerting.ended('success', 'acme/docs');
  await reopen(() => open('/alerts/history?state=failed'), row('to #ci'));
  alerting.receiver.status = 200;
  const before = alerting.receiver.received.length;
  await row('to #ci').getByRole('button', { name: 'Retry' }).click();
  await poll(() => alerting.receiver.received.length).toBe(before + 1);
  await open('/alerts/channels');
});

test('a Slack channel is edited without its secret, and deleted', async () => {
  await row('#ci').getByRole('link', { name: /^Edit/ }).click();
  expect(await page.getByLabel('URL of the incoming webhook').inputValue()).toBe('');
  await page.getByLabel('Name', { exact: true }).fill('#builds');
  await button('Save channel').click();
  const builds = row('#builds');
  await builds.getByRole('button', { name: /^Send a test/ }).click();
  await builds.getByText(/^Delivered in/).waitFor();
  await builds.getByRole('button', { name: /^Delete/ }).click();
  await builds.getByRole('button', { name: /^Delete.*builds/ }).click();
  await poll(() => page.getByText('#builds').count()).toBe(0);
});

test.each([DESK, PHONE])(
  'every page fits, and axe finds nothing, $viewport.width px',
  async (device) => {
    const { page, complaints } = await visit(browser, { ...device, reducedMotion: 'reduce' });
    for (const path of ['', '/rules/new', '/channels', '/channels/new', '/incidents', '/history']) {
      await load(page, `${alerting.lampboard.origin}/alerts${path}`);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await faults(page), `${path}, ${colorScheme}`).toEqual([]);
        const name = path.slice(1).replaceAll('/', '-') || 'rules';
        await picture(page, `${name}-${device.viewport.width}-${colorScheme}`);
      }
      expect(await overflowing(page), path).toEqual([]);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  },
);

test('nothing of all this broke the page’s policy', () => {
  expect(visited.complaints).toEqual([]);
});
