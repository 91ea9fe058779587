import { untrack } from 'svelte';
import { watchBuilds } from '../api/rpc.ts';
import type { BuildFilter } from '../gen/lampboard/v1/build_pb.ts';
import { Batch, nextFrame } from './batch.ts';
import type { Changes } from './builds.ts';
import { wallClock } from './clock.ts';
import { LiveConnection, type LiveStatus } from './live.ts';

/** Browsers open six connections to a server: a tab that nobody looks at gives its one back. */
const HIDDEN_FOR = 2_000;

/** How long opening a stream may take without a word, where one was open just before. */
const GRACE = 1000;

/** What a page wants of the stream. */
export interface Watcher {
  filter: BuildFilter;
  /** Lists again; rejects when that fails. */
  refresh(): Promise<void>;
  /** Takes in what changed, at most once a frame. */
  change(changes: Changes): void;
}

/** The stream of the page that is shown. */
class Live {
  /** Undefined on pages that follow nothing. */
  status = $state.raw<LiveStatus>();
  #connection?: LiveConnection;
  #cancelShow?: () => void;
  #paused = false;
  #asleep = false;

  /** Streams to a page until it calls what it got back. */
  watch(watcher: Watcher): () => void {
    const batch = new Batch(nextFrame, (changes) => watcher.change(changes));
    const connection = new LiveConnection({
      clock: wallClock,
      random: Math.random,
      open: (signal) => watchBuilds(watcher.filter, signal),
      refresh: () => watcher.refresh(),
      receive(event) {
        if (event.kind === 'build') batch.build(event.build);
        else if (event.kind === 'gone') batch.gone(event.id);
      },
      show: (status) => this.#show(status),
    });
    this.#connection = connection;
    if (this.#paused || this.#asleep) connection.pause();
    else connection.start();
    return () => {
      connection.stop();
      batch.clear();
      if (this.#connection !== connection) return;
      this.#connection = undefined;
      this.#later(undefined);
    };
  }

  /** Between two pages, and over a short break, the former status stands. */
  #show(status: LiveStatus): void {
    // Shown from within a page's effect, which must not start anew with every status.
    const former = untrack(() => this.status?.kind ?? 'paused');
    if (status.kind === 'connecting' && former !== 'paused') this.#later(status);
    else this.#now(status);
  }

  #now(status: LiveStatus | undefined): void {
    this.#cancelShow?.();
    this.status = status;
  }

  #later(status: LiveStatus | undefined): void {
    this.#cancelShow?.();
    this.#cancelShow = wallClock.after(GRACE, () => this.#now(status));
  }

  togglePause(): void {
    this.#paused = !this.#paused;
    if (this.#paused) this.#connection?.pause();
    else this.#connection?.start();
  }

  /** Follows the tab being hidden and shown, and the network going and coming. */
  followBrowser(): () => void {
    let cancel: (() => void) | undefined;
    const visibility = () => {
      cancel?.();
      if (document.hidden) cancel = wallClock.after(HIDDEN_FOR, () => this.#sleep());
      else this.#wake();
    };
    const online = () => {
      if (!this.#paused && this.status?.kind !== 'live') this.#connection?.start();
    };
    document.addEventListener('visibilitychange', visibility);
    window.addEventListener('online', online);
    return () => {
      cancel?.();
      document.removeEventListener('visibilitychange', visibility);
      window.removeEventListener('online', online);
    };
  }

  #sleep(): void {
    this.#asleep = true;
    this.#connection?.pause();
  }

  #wake(): void {
    if (!this.#asleep) return;
    this.#asleep = false;
    if (!this.#paused) this.#connection?.start();
  }
}

export const live = new Live();
