import type { Clock } from './clock.ts';

/**
 * Repeats a task while somebody can see the page: at once, then with a pause after each time, and at once again when
 * the page is looked at after it was hidden. What it gives back stops it.
 */
export function repeatWhileVisible(
  clock: Clock,
  pause: () => number,
  task: () => Promise<unknown>,
): () => void {
  let cancel: (() => void) | undefined;
  let running = false;
  let stopped = false;

  const run = async () => {
    cancel?.();
    if (running || stopped || document.hidden) return;
    running = true;
    // The task shows its own errors.
    await task().catch(() => undefined);
    running = false;
    if (!stopped) cancel = clock.after(pause(), () => void run());
  };
  const look = () => void run();

  document.addEventListener('visibilitychange', look);
  look();
  return () => {
    stopped = true;
    cancel?.();
    document.removeEventListener('visibilitychange', look);
  };
}
