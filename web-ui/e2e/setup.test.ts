import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { launch } from './support/browser.ts';
import { type CreatedApp, Double } from './support/double.ts';
import { ADMINISTRATOR, MEMBER, Newcomer, Owner } from './support/setup.ts';

let browser: Browser;
let double: Double;

beforeAll(async () => {
  [browser, double] = await Promise.all([launch(), Double.start()]);
});

afterAll(() => Promise.all([browser?.close(), double?.kill()]));

test('from the link to a live board', async () => {
  const lampboard = await Newcomer.create(double);
  const mona = await Owner.come(browser, lampboard);
  await mona.open();
  expect(mona.page.url()).toBe(`${lampboard.origin}/setup`);
  await mona.choose(lampboard.webhooks);
  await mona.page.getByText('Show manifest').click();
  await mona.page.getByText(`${lampboard.origin}/api/webhook/github-actions`).waitFor();
  await mona.create('Lampboard on the way');

  await mona.headline('Install Lampboard on the way');
  expect(mona.page.url()).toBe(`${lampboard.origin}/setup/install`);
  await mona.install(ADMINISTRATOR, 'Install');
  await mona.headline('First data');
  await mona.arrived('installation', /On acme \(1 repository\)/);
  await mona.arrived('delivery', /The last one came .* ago, correctly signed/);
  await mona.arrived('history', /\d+ runs? loaded/);

  await mona.press('Open the board');
  expect(mona.page.url()).toBe(`${lampboard.origin}/`);
  await mona.page.getByRole('table').getByText('acme/api').first().waitFor();

  // Closed: for whoever did it, for everybody, and for good.
  await mona.page.goto(`${lampboard.origin}/setup`);
  await mona.headline('Set-up is finished');
  const somebody = await Owner.come(browser, lampboard);
  await somebody.page.goto(`${lampboard.origin}/setup/existing`);
  await somebody.headline('Set-up is closed');
  await lampboard.startAgain();
  await somebody.page.goto(`${lampboard.origin}/setup`);
  await somebody.headline('Set-up is closed');
  expect(lampboard.said).not.toContain('token=');
  expect(mona.misbehaviour).toEqual([]);
});

test('no secret is in any page, address or log', async () => {
  const lampboard = await Newcomer.create(double);
  const mona = await Owner.come(browser, lampboard);
  const link = await lampboard.link();
  await mona.open();
  const cookies = await mona.page.context().cookies(`${lampboard.origin}/setup`);
  await mona.choose(lampboard.webhooks);
  await lampboard.block();
  await mona.create('Lampboard the discreet');
  await mona.headline('The key can not be saved');
  await lampboard.unblock();
  await mona.press('Try again');
  await mona.headline('Install Lampboard the discreet');
  await mona.install(ADMINISTRATOR, 'Install');
  await mona.arrived('delivery', /correctly signed/);
  await mona.press('Open the board');
  await mona.page.getByRole('table').waitFor();

  const [key = '', ...secrets] = await lampboard.saved(
    'private-key.pem',
    'client-secret',
    'webhook-secrets',
  );
  const lines = key.split('\n').filter((line) => /^[\w+/=]{40,}$/.test(line));
  expect(lines.length).toBeGreaterThan(10);
  const cookie = cookies.find(({ name }) => name === 'lampboard-setup');
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/setup' });
  const hidden = [...lines, ...secrets.map((text) => text.trim()), cookie?.value ?? ''];
  expect(hidden.filter((secret) => secret.length < 20)).toEqual([]);

  const token = new URL(link).searchParams.get('token') ?? '';
  const addresses = mona.requests.map(String);
  expect(addresses.filter((address) => address.includes(token))).toEqual([link]);
  expect(lampboard.said.split(token)).toHaveLength(2);
  expect(mona.answers.length).toBeGreaterThan(8);
  const told = [...mona.answers, ...addresses, lampboard.said];
  for (const secret of hidden) expect(told.filter((text) => text.includes(secret))).toEqual([]);
  expect(mona.answers.filter((text) => text.includes(token))).toEqual([]);
  expect(mona.misbehaviour).toEqual([]);
});

test('a GitHub Enterprise Server that was typed in', async () => {
  const enterprise = await Double.start('ghes');
  onTestFinished(() => enterprise.kill());
  const lampboard = await Newcomer.with({});
  const mona = await Owner.come(browser, lampboard);
  await mona.open();
  await mona.choose({
    ...lampboard.webhooks,
    host: 'GitHub Enterprise Server or ghe.com',
    webUrl: enterprise.web,
  });
  await mona.create('Lampboard at home');
  await mona.headline('Install Lampboard at home');
  const [app = ''] = await lampboard.saved('app.json');
  expect(JSON.parse(app)).toMatchObject({
    web_url: enterprise.web,
    api_url: `${enterprise.web}/api/v3`,
  });
  await mona.install(ADMINISTRATOR, 'Install');
  await mona.arrived('installation', /On acme/);
  await mona.arrived('delivery', /correctly signed/);
  await mona.arrived('history', /\d+ runs? loaded/);
  expect(mona.misbehaviour).toEqual([]);
});

test('polling alone fills the board', async () => {
  const lampboard = await Newcomer.create(double);
  const mona = await Owner.come(browser, lampboard);
  await mona.open();
  await mona.choose({ arrival: 'Poll only' });
  const manifest = mona.page.locator('input[name=manifest]');
  expect(JSON.parse(await manifest.inputValue())).not.toHaveProperty('hook_attributes');
  await mona.create('Lampboard behind the wall');
  await mona.headline('Install Lampboard behind the wall');
  await mona.install(ADMINISTRATOR, 'Install');
  await mona.arrived('delivery', /None is waited for/);
  await mona.arrived('installation', /On acme/);
  await mona.arrived('history', /\d+ runs? loaded/);
  await mona.press('Open the board');
  await mona.page.getByRole('table').getByText('acme/api').first().waitFor();
  expect(mona.misbehaviour).toEqual([]);
});

test('an App that there is already', async () => {
  const lampboard = await Newcomer.create(double);
  const about = {
    url: lampboard.origin,
    hook_attributes: { url: `${lampboard.origin}/api/webhook/github-actions` },
    redirect_url: lampboard.origin,
  };
  const poor = await double.register('Poor', { ...about, default_events: ['repository'] });
  const good = await double.register('Good', {
    ...about,
    default_permissions: { actions: 'read' },
    default_events: ['workflow_run', 'workflow_job', 'repository'],
  });
  const mona = await Owner.come(browser, lampboard);
  const { page } = mona;
  await mona.open();
  await page.getByRole('link', { name: 'I already have an App' }).click();
  await mona.headline('I already have an App');
  const tell = async (app: CreatedApp) => {
    await mona.place(lampboard.webhooks);
    await page.getByLabel('App ID').fill(String(app.id));
    await page.getByLabel('Private key, as a file').setInputFiles({
      name: 'app.pem',
      mimeType: 'application/x-pem-file',
      buffer: Buffer.from(app.pem),
    });
    await page.getByLabel('Webhook secret').fill(app.webhook_secret ?? '');
    await mona.press('Check and keep');
  };

  await tell({ ...good, pem: poor.pem });
  await page.getByText(`GitHub does not take it for the key of App ${good.id}`).waitFor();
  await tell(poor);
  await page.getByText('The App lacks the permission actions: read').waitFor();
  await page.getByText('The App is not told of workflow_run, workflow_job').waitFor();
  expect(await page.getByLabel('Webhook secret').inputValue()).toBe('');
  await expect(lampboard.saved('app.json')).rejects.toThrow('ENOENT');

  await tell(good);
  await mona.headline('Install Good');
  await mona.install(ADMINISTRATOR, 'Install');
  // That App was not told where to send people afterwards.
  await page.waitForURL(/\/settings\/installations\/\d+$/);
  await page.goto(`${lampboard.origin}/setup`);
  await mona.headline('First data');
  await mona.arrived('installation', /On acme/);
  await mona.arrived('delivery', /correctly signed/);
  expect(mona.misbehaviour).toEqual([]);
});

test('whoever is no owner asks for it, and an owner lets them', async () => {
  const lampboard = await Newcomer.create(double);
  const ada = await Owner.come(browser, lampboard);
  await ada.open();
  await ada.choose(lampboard.webhooks);
  await ada.create('Lampboard by request');
  await ada.headline('Install Lampboard by request');
  await ada.install(MEMBER, 'Request');
  await ada.headline('Requested');
  const address = await ada.page.locator('.copy').innerText();

  const administrator = await Owner.come(browser, lampboard);
  await administrator.page.goto(address);
  await administrator.press(`Sign in as ${ADMINISTRATOR}`);
  await administrator.page.getByLabel('All repositories').check();
  await administrator.page.getByRole('button', { name: 'Install', exact: true }).click();
  // GitHub sends them to a page that they have no cookie for.
  await administrator.headline('Lampboard is being set up');
  await administrator.page.getByText('go back to the tab').waitFor();

  // By itself.
  await ada.headline('First data');
  await ada.arrived('installation', /On acme/);
  expect(ada.misbehaviour).toEqual([]);
});
