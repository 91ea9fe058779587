import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BINARY =
  process.env.LAMPBOARD_BIN ??
  fileURLToPath(new URL('../../../target/debug/lampboard', import.meta.url));
const START = 10_000;
/** The organisation that the demo invents, and README shows. */
const SEED = '1';

/** A process of Lampboard, on a port of its own. */
export class Lampboard {
  #origin = '';
  #said = '';

  private constructor(private readonly process: ChildProcess) {
    for (const stream of [process.stdout, process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    }
  }

  /** Starts the binary and waits until it answers. */
  static async start(args: string[], env: Record<string, string> = {}): Promise<Lampboard> {
    const lampboard = new Lampboard(
      spawn(BINARY, args, { env: { ...environment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    // `serve` says it in its log, `demo` to the person who started it.
    lampboard.#origin = await lampboard.says(/http:\/\/127\.0\.0\.1:\d+/, START);
    await lampboard.#answers();
    return lampboard;
  }

  get origin(): string {
    return this.#origin;
  }

  /** All that it has written. */
  get said(): string {
    return this.#said;
  }

  /** Waits until the process has written something. */
  says(what: RegExp, within: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${BINARY} ${why}:\n${this.#said}`));
      const timer = setTimeout(() => fail(`did not say ${what} in ${within} ms`), within);
      const look = () => {
        const found = what.exec(this.#said)?.[0];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      };
      this.process.once('error', (error) => fail(error.message));
      this.process.once('exit', (code) => fail(`ended with ${code}`));
      for (const stream of [this.process.stdout, this.process.stderr]) stream?.on('data', look);
      look();
    });
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }

  async #answers(): Promise<void> {
    const signal = AbortSignal.timeout(START);
    for (;;) {
      const response = await fetch(`${this.origin}/readyz`, { signal });
      await response.arrayBuffer();
      if (response.ok) return;
    }
  }
}

/** What the tests' own surroundings set up must not change what is tested. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith('LAMPBOARD_')));
}

/** The demo, when it has just been started. */
export function startDemo(): Promise<Lampboard> {
  return Lampboard.start(['demo', '--listen', '127.0.0.1:0', '--seed', SEED, '--log', 'info']);
}

/** An empty Lampboard that can be killed and started again where it was. */
export class Installation {
  static readonly SECRET = 'a webhook secret of the end-to-end tests';
  #current: Lampboard;

  private constructor(
    private readonly folder: string,
    private readonly env: Record<string, string>,
    current: Lampboard,
  ) {
    this.#current = current;
  }

  static async create(env: Record<string, string> = {}): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), 'lampboard-e2e-'));
    return new Installation(folder, env, await serve(folder, '127.0.0.1:0', env));
  }

  get origin(): string {
    return this.#current.origin;
  }

  kill(): Promise<void> {
    return this.#current.kill();
  }

  async startAgain(): Promise<void> {
    this.#current = await serve(this.folder, new URL(this.origin).host, this.env);
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true });
  }
}

function serve(folder: string, listen: string, env: Record<string, string>): Promise<Lampboard> {
  return Lampboard.start(['serve'], {
    LAMPBOARD_LISTEN: listen,
    LAMPBOARD_DATA_DIR: folder,
    LAMPBOARD_WEBHOOK_SECRET: Installation.SECRET,
    ...env,
  });
}
