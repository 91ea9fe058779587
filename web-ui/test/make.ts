import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Build, BuildSchema, BuildStatus } from '../src/gen/lampboard/v1/build_pb.ts';
import type { Clock } from '../src/lib/clock.ts';

/** A running build that started so many seconds after 1970. */
export function build(
  id: string,
  start: number,
  more: MessageInitShape<typeof BuildSchema> = {},
): Build {
  return create(BuildSchema, {
    id,
    status: BuildStatus.IN_PROGRESS,
    startTime: timestampFromMs(start * 1000),
    ...more,
  });
}

/** A clock that stands still until it is told otherwise. */
export class FakeClock implements Clock {
  #now = 0;
  #timers = new Set<{ at: number; run: () => void }>();

  now = () => this.#now;

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass, and everything happen that was due, in order. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#due(end); next; next = this.#due(end)) {
      this.#timers.delete(next);
      this.#now = next.at;
      next.run();
      await settle();
    }
    this.#now = end;
  }

  #due(end: number) {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

/** Lets everything go on that only waits for promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
