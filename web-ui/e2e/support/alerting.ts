import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { violations } from './axe.ts';
import { GitHub } from './github.ts';
import { Installation } from './lampboard.ts';
import type { Run } from './payloads.ts';
import { Receiver } from './receiver.ts';

const FOLDER = fileURLToPath(new URL('../screenshots/', import.meta.url));

/** An empty Lampboard that may send to a receiver beside it. */
export class Alerting {
  readonly #github: GitHub;

  private constructor(
    readonly receiver: Receiver,
    readonly lampboard: Installation,
  ) {
    this.#github = new GitHub(lampboard.origin);
  }

  static async start(): Promise<Alerting> {
    const receiver = await Receiver.start();
    return new Alerting(receiver, await Installation.create(receiver.settings));
  }

  /** Reports an ended run of CI on main. */
  ended(conclusion: string, repository = 'acme/web'): Promise<Run> {
    return this.#github.start({ status: 'completed', conclusion, repository });
  }

  async stop(): Promise<void> {
    await this.lampboard.remove();
    await this.receiver.stop();
  }
}

/** Keeps a picture, for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await page.screenshot({ path: `${FOLDER}alerts-${name}.png`, fullPage: true });
}

/** Waits for something to become so, on a busy machine too. */
export const poll = <T>(what: () => T) => expect.poll(what, { timeout: 15_000 });

/** Opens a page that is no live one, until it shows something. */
export const reopen = (open: () => Promise<unknown>, shown: Locator) =>
  poll(async () => {
    await open();
    return shown.waitFor({ timeout: 2000 }).then(
      () => true,
      () => false,
    );
  }).toBe(true);

/** What axe finds, with nothing below the header, which stays where it is. */
export async function faults(page: Page): Promise<string[]> {
  await page.evaluate(() => scrollTo(0, 0));
  return violations(page);
}
