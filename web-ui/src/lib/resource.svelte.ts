import { isCancelled, type Problem, problemOf } from '../api/errors.ts';

/** Something fetched: keeps what it has while it fetches again, and says how old that is. */
export class Resource<T> {
  data = $state.raw<T>();
  problem = $state.raw<Problem>();
  loading = $state(false);
  fetchedAt = $state<number>();
  #abort?: AbortController;

  /** Fetches; a fetch that still runs is given up. Rejects as the fetch does. */
  async load(fetch: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
    try {
      const data = await fetch(abort.signal);
      if (abort.signal.aborted) return;
      this.data = data;
      this.problem = undefined;
      this.fetchedAt = Date.now();
    } catch (error) {
      if (abort.signal.aborted || isCancelled(error)) return;
      this.problem = problemOf(error);
      throw error;
    } finally {
      if (this.#abort === abort) this.loading = false;
    }
  }

  /** Gives up what is being fetched. */
  abort(): void {
    this.#abort?.abort();
    this.loading = false;
  }

  /** Forgets everything, for another thing to fetch. */
  clear(): void {
    this.abort();
    this.data = undefined;
    this.problem = undefined;
    this.fetchedAt = undefined;
  }
}
