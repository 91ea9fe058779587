import { Resource } from '../resource.svelte.ts';

const PAGE = 50;
const LARGEST_PAGE = 200;

export interface Page<T> {
  items: readonly T[];
  next: string;
}

type Fetch<T> = (size: number, token: string, signal: AbortSignal) => Promise<Page<T>>;

/** A list, newest first, that grows at its end by pages and is fetched again from its start. */
export class Growing<T extends { id: string }> {
  items = $state.raw<readonly T[]>([]);
  readonly listing = new Resource<Page<T>>();
  readonly following = new Resource<Page<T>>();
  #next = $state('');

  constructor(
    private readonly fetch: Fetch<T>,
    private readonly size = PAGE,
  ) {}

  get hasMore(): boolean {
    return this.#next !== '';
  }

  /** Fetches what is shown again, or as much of it as comes at once. */
  async refresh(): Promise<void> {
    const size = Math.min(Math.max(this.items.length, this.size), LARGEST_PAGE);
    const page = await this.listing.load((signal) => this.fetch(size, '', signal));
    if (!page) return;
    const last = page.items.at(-1);
    const place = this.items.findIndex(({ id }) => id === last?.id);
    const tail = place < 0 || page.next === '' ? [] : this.items.slice(place + 1);
    this.items = [...page.items, ...tail];
    if (tail.length === 0) this.#next = page.next;
  }

  /** Fetches the page after the last one. */
  async more(): Promise<void> {
    const token = this.#next;
    if (token === '' || this.following.loading) return;
    const page = await this.following.load((signal) => this.fetch(this.size, token, signal));
    if (!page || token !== this.#next) return;
    const isNew = ({ id }: T) => !this.items.some((item) => item.id === id);
    this.items = [...this.items, ...page.items.filter(isNew)];
    this.#next = page.next;
  }

  /** Shows what became of an item before all are fetched again. */
  put(changed: T): void {
    this.items = this.items.map((item) => (item.id === changed.id ? changed : item));
  }
}
