import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { preview, type PreviewServer } from 'vite';
import type { Scenario } from '../../mock/scenario.ts';
import { load } from './browser.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The policy under which Lampboard serves the UI, from the place where it is written. */
async function policy(): Promise<string> {
  const source = await readFile(join(ROOT, 'embed.rs'), 'utf8');
  const found = /CONTENT_SECURITY_POLICY: &str = "([^"]+)"/.exec(source)?.[1];
  if (!found) throw new Error('embed.rs does not say the policy');
  return found.replace(/\\\n\s*/g, '');
}

/** The UI as it is served, with a server in the browser that can be brought into any state. */
export class Mock {
  private constructor(
    private readonly folder: string,
    private readonly server: PreviewServer,
  ) {}

  static async start(): Promise<Mock> {
    const folder = await mkdtemp(join(tmpdir(), 'lampboard-mock-'));
    const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
    await promisify(execFile)(
      process.execPath,
      [vite, 'build', '--mode', 'mock', '--outDir', folder, '--logLevel', 'error'],
      { cwd: ROOT, env: { ...process.env, NODE_ENV: 'production' } },
    );
    const headers = { 'content-security-policy': await policy() };
    const server = await preview({
      root: ROOT,
      configFile: false,
      logLevel: 'error',
      build: { outDir: folder },
      preview: { host: '127.0.0.1', port: 0, headers },
    });
    return new Mock(folder, server);
  }

  get origin(): string {
    const address = this.server.httpServer.address();
    if (address === null || typeof address === 'string') throw new Error('it does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Opens an address of a server that is in a state. */
  async open(page: Page, scenario: Scenario, path: string): Promise<void> {
    await page.goto(`${this.origin}/no/such/page`);
    await this.turn(page, scenario);
    await load(page, `${this.origin}${path}`);
  }

  /** Brings the server of an open page into a state. */
  async turn(page: Page, scenario: Scenario): Promise<void> {
    await page.evaluate((state) => localStorage.setItem('lampboard.mock', state), scenario);
  }

  async stop(): Promise<void> {
    await this.server.close();
    await rm(this.folder, { recursive: true });
  }
}
