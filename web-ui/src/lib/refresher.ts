import type { Clock } from './clock.ts';

const LEAST_PAUSE = 1000;

/**
 * Repeats a task when asked to: at most once a second, never twice at the same time, and with a pause of thrice the
 * time that it took, so that a busy server is not asked the more.
 */
export class Refresher {
  #running = false;
  #wanted = false;
  #stopped = false;
  #cancel?: () => void;
  #notBefore = 0;

  constructor(
    private readonly clock: Clock,
    private readonly task: () => Promise<unknown>,
  ) {}

  request(): void {
    this.#wanted = true;
    if (this.#running || this.#cancel || this.#stopped) return;
    const wait = Math.max(0, this.#notBefore - this.clock.now());
    this.#cancel = this.clock.after(wait, () => void this.#run());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #run(): Promise<void> {
    this.#cancel = undefined;
    this.#running = true;
    this.#wanted = false;
    const start = this.clock.now();
    try {
      await this.task();
    } catch {
      // The task shows its own errors; the next request tries again.
    }
    const end = this.clock.now();
    this.#notBefore = end + Math.max(LEAST_PAUSE, 3 * (end - start));
    this.#running = false;
    if (this.#wanted) this.request();
  }
}
