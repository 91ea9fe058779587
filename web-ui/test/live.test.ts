import { beforeEach, describe, expect, it } from 'vitest';
import { LiveConnection, type LiveEvent, type LiveStatus, POLL_EVERY } from '../src/lib/live.ts';
import { FakeClock, settle } from './make.ts';

/** A stream whose events and end the test decides. */
class FakeStream {
  #events: LiveEvent[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(readonly signal: AbortSignal) {
    signal.addEventListener('abort', () => this.end());
  }

  say(event: LiveEvent) {
    this.#events.push(event);
    this.#wake();
    return settle();
  }

  end() {
    this.#ended = true;
    this.#wake();
    return settle();
  }

  async *read() {
    for (;;) {
      const event = this.#events.shift();
      if (event) yield event;
      else if (this.#ended) throw new Error('broken');
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

let clock: FakeClock;
let streams: FakeStream[];
let shown: LiveStatus[];
let refreshes: number;
let reachable: boolean;
let connection: LiveConnection;

const stream = () => streams.at(-1)!;
const status = () => shown.at(-1)!;

beforeEach(() => {
  clock = new FakeClock();
  streams = [];
  shown = [];
  refreshes = 0;
  reachable = true;
  connection = new LiveConnection({
    clock,
    random: () => 0.5,
    open(signal) {
      const opened = new FakeStream(signal);
      streams.push(opened);
      return opened.read();
    },
    async refresh() {
      refreshes++;
      if (!reachable) throw new Error('unreachable');
    },
    receive: () => undefined,
    show: (next) => shown.push(next),
  });
});

/** Breaks the stream and lets time pass until the next one is opened. */
async function failAndWait(): Promise<number> {
  await stream().end();
  const opened = streams.length;
  const start = clock.now();
  while (streams.length === opened) await clock.pass(100);
  return clock.now() - start;
}

describe('a stream that works', () => {
  it('is live from its first event on, and a sync lists again', async () => {
    connection.start();
    expect(status().kind).toBe('connecting');
    await stream().say({ kind: 'sync' });
    expect(status()).toEqual({ kind: 'live', lastEvent: 0 });
    expect(refreshes).toBe(1);
    await clock.pass(15_000);
    await stream().say({ kind: 'heartbeat' });
    expect(status()).toEqual({ kind: 'live', lastEvent: 15_000 });
    expect(refreshes).toBe(1);
  });

  it('is given up after three heartbeats of silence', async () => {
    connection.start();
    await stream().say({ kind: 'sync' });
    const silent = stream();
    await clock.pass(44_999);
    expect(silent.signal.aborted).toBe(false);
    await clock.pass(1 + 500);
    expect(silent.signal.aborted).toBe(true);
    expect(streams).toHaveLength(2);
  });
});

describe('a stream that breaks', () => {
  it('is opened again after half a second, without a poll, when it had been fine', async () => {
    connection.start();
    await stream().say({ kind: 'sync' });
    await clock.pass(10_000);
    await stream().end();
    expect(status().kind).toBe('connecting');
    await clock.pass(499);
    expect(streams).toHaveLength(1);
    await clock.pass(1);
    expect(streams).toHaveLength(2);
    expect(refreshes).toBe(1);
  });

  it('is opened again with pauses that double up to 30 seconds', async () => {
    reachable = false;
    connection.start();
    const pauses: number[] = [];
    for (let failure = 0; failure < 10; failure++) pauses.push(await failAndWait());
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it('counts as broken when it does not begin', async () => {
    connection.start();
    await clock.pass(10_000 + 500 + 10_000);
    expect(streams).toHaveLength(2);
    expect(status().kind).toBe('polling');
  });

  it('lists every 30 seconds from the second failure on', async () => {
    connection.start();
    await stream().end();
    expect(refreshes).toBe(0);
    await clock.pass(500);
    await stream().end();
    expect(refreshes).toBe(1);
    expect(status()).toEqual({ kind: 'polling', next: clock.now() + POLL_EVERY });
    await clock.pass(POLL_EVERY);
    expect(refreshes).toBe(2);
  });

  it('is tried rarely where nothing but the stream fails', async () => {
    connection.start();
    for (let failure = 1; failure < 8; failure++) await failAndWait();
    await stream().end();
    const opened = streams.length;
    await clock.pass(299_999);
    expect(streams).toHaveLength(opened);
    await clock.pass(1);
    expect(streams).toHaveLength(opened + 1);
  });
});

describe('a server that is away', () => {
  async function lose() {
    connection.start();
    await stream().say({ kind: 'sync' });
    await clock.pass(10_000);
    reachable = false;
    await stream().end();
    await clock.pass(500);
    await stream().end();
  }

  it('is said to be offline since the first call that failed', async () => {
    await lose();
    expect(status()).toEqual({ kind: 'offline', since: 10_500 });
    await clock.pass(POLL_EVERY);
    expect(status()).toEqual({ kind: 'offline', since: 10_500 });
  });

  it('is live again, listed once and not polled, as soon as it is back', async () => {
    await lose();
    reachable = true;
    await clock.pass(1000);
    await stream().say({ kind: 'sync' });
    expect(status().kind).toBe('live');
    const listed = refreshes;
    for (let beat = 0; beat < 5; beat++) {
      await clock.pass(15_000);
      await stream().say({ kind: 'heartbeat' });
    }
    expect(refreshes).toBe(listed);
    expect(streams).toHaveLength(3);
  });
});

describe('a pause', () => {
  it('closes the stream and asks for nothing', async () => {
    connection.start();
    await stream().say({ kind: 'sync' });
    connection.pause();
    await clock.pass(600_000);
    expect(stream().signal.aborted).toBe(true);
    expect(status()).toEqual({ kind: 'paused' });
    expect(refreshes).toBe(1);
    expect(streams).toHaveLength(1);
  });

  it('ends with a new stream', async () => {
    connection.start();
    connection.pause();
    connection.start();
    await stream().say({ kind: 'sync' });
    expect(streams).toHaveLength(2);
    expect(status().kind).toBe('live');
  });
});
