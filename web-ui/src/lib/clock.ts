/** Time as an argument, so that tests own it. */
export interface Clock {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

/** The clock on the wall. */
export const wallClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
