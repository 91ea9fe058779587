import type { Build } from '../gen/lampboard/v1/build_pb.ts';
import type { Clock } from './clock.ts';

/** What the stream says. */
export type LiveEvent =
  | { kind: 'sync' }
  | { kind: 'build'; build: Build }
  | { kind: 'gone'; id: string }
  | { kind: 'heartbeat' };

/** How fresh the page is. */
export type LiveStatus =
  | { kind: 'connecting' }
  | { kind: 'live'; lastEvent: number }
  | { kind: 'polling'; next: number }
  | { kind: 'offline'; since: number }
  | { kind: 'paused' };

/** What a connection needs of its surroundings. */
export interface LiveOptions {
  clock: Clock;
  /** From 0 to 1, to keep browsers from coming back all at once. */
  random(): number;
  open(signal: AbortSignal): AsyncIterable<LiveEvent>;
  /** Lists again; rejects when the server cannot be reached. */
  refresh(): Promise<void>;
  receive(event: LiveEvent): void;
  show(status: LiveStatus): void;
}

export const POLL_EVERY = 30_000;
const OPENING = 10_000;
const SILENCE = 45_000;
const SETTLED = 5_000;
const SLOWEST_RETRY = 30_000;
const HOPELESS = 8;
const RETRY_WHEN_HOPELESS = 300_000;

/** Keeps a stream open: reconnects with growing pauses, and lists every 30 seconds while that fails. */
export class LiveConnection {
  #stream?: AbortController;
  #liveSince?: number;
  #failures = 0;
  #offlineSince?: number;
  #polling = false;
  #cancelRetry?: () => void;
  #cancelPoll?: () => void;
  #cancelWatchdog?: () => void;

  constructor(private readonly options: LiveOptions) {}

  /** Opens the stream now, whatever pause was left. */
  start(): void {
    this.#halt();
    if (this.#offlineSince === undefined) this.options.show({ kind: 'connecting' });
    this.#connect();
  }

  /** Closes the stream and asks for nothing more until started. */
  pause(): void {
    this.stop();
    this.options.show({ kind: 'paused' });
  }

  /** Closes the stream for good. */
  stop(): void {
    this.#halt();
    this.#failures = 0;
    this.#offlineSince = undefined;
  }

  #halt(): void {
    this.#stream?.abort();
    this.#stream = undefined;
    this.#polling = false;
    for (const cancel of [this.#cancelRetry, this.#cancelPoll, this.#cancelWatchdog]) cancel?.();
  }

  #connect(): void {
    const stream = new AbortController();
    this.#stream = stream;
    this.#liveSince = undefined;
    this.#watch(stream, OPENING);
    void this.#read(stream);
  }

  async #read(stream: AbortController): Promise<void> {
    try {
      for await (const event of this.options.open(stream.signal)) {
        if (stream.signal.aborted) return;
        this.#heard(stream, event);
      }
    } catch {
      // An end and an error are mended in the same way.
    }
    if (!stream.signal.aborted) this.#lost(stream);
  }

  #heard(stream: AbortController, event: LiveEvent): void {
    this.#watch(stream, SILENCE);
    this.#liveSince ??= this.options.clock.now();
    this.#offlineSince = undefined;
    this.#polling = false;
    this.#cancelPoll?.();
    this.options.show({ kind: 'live', lastEvent: this.options.clock.now() });
    this.options.receive(event);
    // The page shows what went wrong with its list; the stream is fine.
    if (event.kind === 'sync') this.options.refresh().catch(() => undefined);
  }

  /** Gives a stream up that does not begin, or is silent for three heartbeats. */
  #watch(stream: AbortController, patience: number): void {
    this.#cancelWatchdog?.();
    this.#cancelWatchdog = this.options.clock.after(patience, () => this.#lost(stream));
  }

  #lost(stream: AbortController): void {
    stream.abort();
    this.#cancelWatchdog?.();
    const { clock } = this.options;
    const settled = clock.now() - (this.#liveSince ?? clock.now()) >= SETTLED;
    this.#failures = settled ? 1 : this.#failures + 1;
    if (this.#failures === 1) this.options.show({ kind: 'connecting' });
    else if (!this.#polling) this.#poll();
    this.#cancelRetry = clock.after(this.#pause(), () => this.#connect());
  }

  /** 0.5, 1, 2 … 30 s, a fifth more or less; much longer where only the stream fails. */
  #pause(): number {
    const hopeless = this.#failures >= HOPELESS && this.#offlineSince === undefined;
    const pause = hopeless
      ? RETRY_WHEN_HOPELESS
      : Math.min(SLOWEST_RETRY, 500 * 2 ** (this.#failures - 1));
    return pause * (0.8 + 0.4 * this.options.random());
  }

  #poll(): void {
    this.#polling = true;
    this.options.refresh().then(
      () => this.#polled(true),
      () => this.#polled(false),
    );
  }

  #polled(reached: boolean): void {
    if (!this.#polling) return;
    const now = this.options.clock.now();
    this.#offlineSince = reached ? undefined : (this.#offlineSince ?? now);
    this.options.show(
      this.#offlineSince === undefined
        ? { kind: 'polling', next: now + POLL_EVERY }
        : { kind: 'offline', since: this.#offlineSince },
    );
    this.#cancelPoll = this.options.clock.after(POLL_EVERY, () => this.#poll());
  }
}
