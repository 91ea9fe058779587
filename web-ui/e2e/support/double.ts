import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const BINARY =
  process.env.GITHUB_DOUBLE_BIN ??
  fileURLToPath(new URL('../../../target/debug/github-double', import.meta.url));
/** Its key takes a moment to find. */
const START = 30_000;

/** An App as GitHub tells of it, once, to whoever has the code. */
export interface CreatedApp {
  id: number;
  client_id: string;
  client_secret: string;
  webhook_secret: string | null;
  pem: string;
}

/** A simulated GitHub, on ports of its own. */
export class Double {
  #said = '';

  private constructor(private readonly process: ChildProcess) {
    process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
  }

  /** Starts with the organisation `acme`, in which Ada may push to a repository. */
  static async start(flavor: 'github' | 'ghes' = 'github'): Promise<Double> {
    const args = ['--flavor', flavor, '--scenario', 's1-happy'];
    const double = new Double(spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
    await double.#says('app');
    return double;
  }

  get web(): string {
    return this.#value('web');
  }

  get api(): string {
    return this.#value('api');
  }

  /** Registers an App of `acme`, as somebody did long ago. */
  async register(name: string, manifest: object): Promise<CreatedApp> {
    const response = await fetch(`${this.web}/organizations/acme/settings/apps`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ name, manifest: JSON.stringify({ name, ...manifest }) }),
    });
    const back = response.headers.get('location');
    if (back === null)
      throw new Error(`${name} was answered ${response.status} ${await response.text()}`);
    return this.convert(new URL(back).searchParams.get('code') ?? '');
  }

  /** Takes a code for the App that it stands for. */
  async convert(code: string): Promise<CreatedApp> {
    const response = await fetch(`${this.api}/app-manifests/${code}/conversions`, {
      method: 'POST',
      headers: { 'user-agent': 'lampboard-e2e' },
    });
    if (response.status !== 201) throw new Error(`the code was answered ${response.status}`);
    return (await response.json()) as CreatedApp;
  }

  /** Lets time pass for GitHub. */
  async step(seconds: number): Promise<void> {
    await this.#control('POST', 'clock', { seconds });
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }

  async #control(method: string, path: string, body?: unknown): Promise<void> {
    const response = await fetch(`${this.#value('control')}/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#value('token')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`${path} was answered ${response.status} ${await response.text()}`);
  }

  #value(name: string): string {
    const value = new RegExp(`^${name} +(\\S+)$`, 'm').exec(this.#said)?.[1];
    if (value === undefined) throw new Error(`${BINARY} did not say ${name}:\n${this.#said}`);
    return value;
  }

  #says(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${BINARY} ${why}:\n${this.#said}`));
      const timer = setTimeout(() => fail('did not start'), START);
      const look = () => {
        if (!new RegExp(`^${name} +\\S+\\n`, 'm').test(this.#said)) return;
        clearTimeout(timer);
        resolve();
      };
      this.process.once('error', (error) => fail(error.message));
      this.process.once('exit', (code) => fail(`ended with ${code}`));
      this.process.stdout?.on('data', look);
      look();
    });
  }
}
