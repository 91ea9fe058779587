import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { DESK, visit } from './browser.ts';
import type { Double } from './double.ts';
import { Lampboard } from './lampboard.ts';

/** The link as it stands on the terminal. */
const LINK = /http:\/\/\S+\/setup\?token=[0-9a-f]{64}/;
const START = 10_000;

/** Who may install Apps on `acme`. */
export const ADMINISTRATOR = 'acme-admin';
/** Who may ask for it. */
export const MEMBER = 'ada';

/** What somebody chooses on the first page. */
export interface Choices {
  arrival: 'Webhooks' | 'Poll only';
  publicUrl?: string;
  host?: 'github.com' | 'GitHub Enterprise Server or ghe.com';
  webUrl?: string;
}

/** A Lampboard that has no App yet. */
export class Newcomer {
  #lampboard: Lampboard | undefined;

  private constructor(
    private readonly folder: string,
    private readonly env: Record<string, string>,
  ) {}

  /** Starts one that finds its GitHub in its settings, for as long as the test runs. */
  static async create(double: Double): Promise<Newcomer> {
    return Newcomer.with({
      LAMPBOARD_GITHUB_WEB_URL: double.web,
      LAMPBOARD_GITHUB_API_URL: double.api,
    });
  }

  /** Starts one with these settings. */
  static async with(env: Record<string, string>): Promise<Newcomer> {
    const folder = await mkdtemp(join(tmpdir(), 'lampboard-e2e-'));
    const newcomer = new Newcomer(folder, env);
    onTestFinished(() => newcomer.#remove());
    await newcomer.#start('127.0.0.1:0');
    return newcomer;
  }

  async #start(listen: string): Promise<void> {
    this.#lampboard = await Lampboard.start(['serve'], {
      LAMPBOARD_LISTEN: listen,
      LAMPBOARD_DATA_DIR: this.folder,
      // So that polling is seen to work within a test.
      LAMPBOARD_RECONCILE_INTERVAL: '2s',
      LAMPBOARD_RECONCILE_JITTER: '0s',
      LAMPBOARD_LOG: 'debug',
      ...this.env,
    });
  }

  /** The same Lampboard, ended by a crash and started where it was. */
  async startAgain(): Promise<void> {
    const { host } = new URL(this.origin);
    await this.#running.kill();
    await this.#start(host);
  }

  get origin(): string {
    return this.#running.origin;
  }

  get said(): string {
    return this.#running.said;
  }

  link(): Promise<string> {
    return this.#running.says(LINK, START);
  }

  /** A file that stands where the credentials would be written first. */
  get obstacle(): string {
    return join(this.folder, 'github-app.new');
  }

  async block(): Promise<void> {
    await writeFile(this.obstacle, '');
  }

  unblock(): Promise<void> {
    return rm(this.obstacle);
  }

  /** What was saved: each file by its name. */
  async saved(...names: string[]): Promise<string[]> {
    const read = (name: string) => readFile(join(this.folder, 'github-app', name), 'utf8');
    return Promise.all(names.map(read));
  }

  /** The choice of whoever lets GitHub deliver. */
  get webhooks(): Choices {
    return { arrival: 'Webhooks', publicUrl: this.origin };
  }

  get #running(): Lampboard {
    if (!this.#lampboard) throw new Error('Lampboard did not start');
    return this.#lampboard;
  }

  async #remove(): Promise<void> {
    await this.#lampboard?.kill();
    await rm(this.folder, { recursive: true });
  }
}

/** Somebody with the link, who goes through it all, and what they were shown on the way. */
export class Owner {
  /** The text of every answer of Lampboard's. */
  readonly answers: string[] = [];

  private constructor(
    readonly page: Page,
    readonly complaints: string[],
    readonly requests: URL[],
    private readonly newcomer: Newcomer,
  ) {
    page.on('response', (response) => {
      if (!response.url().startsWith(newcomer.origin) || response.status() === 303) return;
      response.text().then(
        (text) => this.answers.push(text),
        // The page went elsewhere before it was read.
        () => {},
      );
    });
  }

  /** Somebody with a browser, for as long as the test runs. */
  static async come(
    browser: Browser,
    newcomer: Newcomer,
    options: BrowserContextOptions = DESK,
  ): Promise<Owner> {
    const { page, complaints, requests } = await visit(browser, options);
    onTestFinished(() => page.context().close());
    return new Owner(page, complaints, requests, newcomer);
  }

  /** Opens the link. */
  async open(): Promise<void> {
    await this.page.goto(await this.newcomer.link());
    await this.headline('Connect Lampboard to GitHub');
  }

  async headline(text: string): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name: text }).waitFor();
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name }).click();
  }

  /** Fills in how builds arrive, and where GitHub is. */
  async place(choices: Choices): Promise<void> {
    const { page } = this;
    await page.getByLabel(choices.arrival, { exact: true }).check();
    await page.getByLabel('Public URL').fill(choices.publicUrl ?? '');
    if (choices.host) await page.getByLabel(choices.host).check();
    if (choices.webUrl) await page.getByLabel('Its web address').fill(choices.webUrl);
  }

  /** Fills in the first page for an App of `acme`. */
  async choose(choices: Choices): Promise<void> {
    await this.place(choices);
    await this.page.getByLabel('An organization').check();
    await this.page.getByLabel('Name of the organization').fill('acme');
    await this.press('Continue');
    await this.headline('Create the GitHub App');
  }

  /** Goes to GitHub with the manifest, and says there that the App shall be created. */
  async create(name: string): Promise<void> {
    await this.press('Create GitHub App');
    await this.page.getByLabel('GitHub App name').fill(name);
    await this.press('Create GitHub App');
  }

  /** The same, up to where GitHub sends the browser back. Gives the address. */
  async createAndStay(name: string): Promise<string> {
    const { page } = this;
    let back = '';
    await page.route('**/settings/apps', async (route) => {
      const response = await route.fetch({ maxRedirects: 0 });
      back = response.headers()['location'] ?? '';
      await route.fulfill({ contentType: 'text/html', body: '<h1>Kept at GitHub</h1>' });
    });
    await this.create(name);
    await this.headline('Kept at GitHub');
    await page.unroute('**/settings/apps');
    return back;
  }

  /** Goes from the third step to GitHub, signs in there, and installs the App or asks for it. */
  async install(person: string, button: 'Install' | 'Request'): Promise<void> {
    const { page } = this;
    await page.getByRole('link', { name: 'Choose repositories at GitHub' }).click();
    await page.getByRole('button', { name: `Sign in as ${person}`, exact: true }).click();
    await page.getByLabel('All repositories').check();
    await page.getByRole('button', { name: button, exact: true }).click();
  }

  /** Waits until a line of the last page says so. */
  async arrived(line: 'installation' | 'history' | 'delivery', text: RegExp): Promise<void> {
    await this.page.locator(`#${line}[data-done]`).filter({ hasText: text }).waitFor();
  }

  /** What no well-behaved page does. That a page was refused, the browser says too. */
  get misbehaviour(): string[] {
    return this.complaints.filter((text) => !/^console: Failed to load resource/.test(text));
  }
}
