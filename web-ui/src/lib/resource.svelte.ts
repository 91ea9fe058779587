import { isCancelled, type Problem, problemOf } from '../api/errors.ts';

/** Something fetched: keeps what it has while it fetches again, and says how old that is. */
export class Resource<T> {
  data = $state.raw<T>();
  problem = $state.raw<Problem>();
  fetchedAt = $state<number>();
  #pending = $state(0);
  #started = 0;
  #accepted = 0;
  #abort = new AbortController();

  get loading(): boolean {
    return this.#pending > 0;
  }

  /**
   * Fetches, and gives what was taken in: nothing, when a later fetch was faster. Rejects as the fetch does.
   *
   * An earlier fetch goes on, so that asking twice is never slower than asking once.
   */
  async load(fetch: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const turn = ++this.#started;
    const { signal } = this.#abort;
    this.#pending++;
    try {
      const data = await fetch(signal);
      if (signal.aborted || turn < this.#accepted) return undefined;
      this.#accepted = turn;
      this.data = data;
      this.problem = undefined;
      this.fetchedAt = Date.now();
      return data;
    } catch (error) {
      if (signal.aborted || isCancelled(error)) return undefined;
      if (turn >= this.#accepted) this.problem = problemOf(error);
      throw error;
    } finally {
      this.#pending--;
    }
  }

  /** Forgets everything and gives up what is being fetched, for another thing to fetch. */
  clear(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.data = undefined;
    this.problem = undefined;
    this.fetchedAt = undefined;
  }
}
