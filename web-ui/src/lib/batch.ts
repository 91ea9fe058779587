import type { Build } from '../gen/lampboard/v1/build_pb.ts';
import type { Changes } from './builds.ts';

/** Gathers what a stream reports and hands it over once a frame, each build in its last version. */
export class Batch {
  #latest = new Map<string, Build | null>();
  #scheduled = false;

  constructor(
    private readonly schedule: (run: () => void) => void,
    private readonly deliver: (changes: Changes) => void,
  ) {}

  build(build: Build): void {
    this.#put(build.id, build);
  }

  gone(id: string): void {
    this.#put(id, null);
  }

  /** Forgets what was not handed over yet: a new list has it. */
  clear(): void {
    this.#latest.clear();
  }

  #put(id: string, build: Build | null): void {
    this.#latest.set(id, build);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.schedule(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#latest.size === 0) return;
    const changes: Changes = { builds: [], gone: [] };
    for (const [id, build] of this.#latest) {
      if (build) changes.builds.push(build);
      else changes.gone.push(id);
    }
    this.#latest.clear();
    this.deliver(changes);
  }
}

/** Runs before the next paint, or soon when nothing is painted because the tab is hidden. */
export function nextFrame(run: () => void): void {
  if (document.hidden) setTimeout(run, 250);
  else requestAnimationFrame(run);
}
