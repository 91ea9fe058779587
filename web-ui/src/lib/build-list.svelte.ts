import { type BuildPage, listBuilds } from '../api/rpc.ts';
import type { Build, BuildFilter } from '../gen/lampboard/v1/build_pb.ts';
import {
  type Changes,
  changesOf,
  insert,
  joinChanges,
  newestFirst,
  onLoadedPages,
  updateKnown,
} from './builds.ts';
import { Resource } from './resource.svelte.ts';

const PAGE = 50;
const LARGEST_PAGE = 200;
/** How many new builds are put in one by one before it is cheaper to list again. */
const MOST_INSERTED = 100;

const NOTHING: Changes = { builds: [], gone: [] };

/** A list of builds that grows at its end by pages and is kept fresh by a stream. */
export class BuildList {
  builds = $state.raw<readonly Build[]>([]);
  /** New builds, held back so that the list does not move under the reader. */
  waiting = $state.raw<readonly Build[]>([]);
  readonly listing = new Resource<BuildPage>();
  readonly following = new Resource<BuildPage>();
  #next = '';
  #listed = 0;
  #missed: Changes = NOTHING;

  constructor(private readonly accepts: (build: Build) => boolean = () => true) {}

  get complete(): boolean {
    return this.listing.data !== undefined && this.#next === '';
  }

  /** Whether so much is new that the list should be fetched again. */
  get overflowing(): boolean {
    return this.builds.length + this.waiting.length > this.#listed + MOST_INSERTED;
  }

  /** Lists what is on the screen again; with `hold`, what is new waits. */
  async refresh(filter: BuildFilter, hold: boolean): Promise<void> {
    this.#missed = NOTHING;
    const wanted = hold ? this.builds.length : 0;
    const page = await this.listing.load((signal) => this.#fetch(filter, wanted, signal));
    if (page) this.#replace(page, hold);
  }

  /** Fetches the page after the last one. */
  async more(filter: BuildFilter): Promise<void> {
    if (this.#next === '' || this.following.loading) return;
    const token = this.#next;
    const page = await this.following.load((signal) =>
      listBuilds(filter, { size: PAGE, token }, signal),
    );
    // Listed again meanwhile: the page continues a list that is no more.
    if (!page || token !== this.#next) return;
    this.builds = insert(this.builds, page.builds);
    this.#listed += page.builds.length;
    this.#next = page.next;
  }

  /** Takes in what the stream reported. */
  change(reported: Changes, hold: boolean): void {
    const changes = changesOf(reported, this.accepts);
    if (this.listing.loading) this.#missed = joinChanges(this.#missed, changes);
    const { list, unknown } = updateKnown(this.builds, changes);
    const fresh = onLoadedPages(unknown, list, this.complete);
    const held = updateKnown(this.waiting, changes).list;
    this.builds = hold ? list : insert(list, fresh);
    this.waiting = hold ? insert(held, fresh) : held;
  }

  /** Lets the waiting builds in. */
  release(): void {
    this.builds = insert(this.builds, this.waiting);
    this.waiting = [];
  }

  async #fetch(filter: BuildFilter, wanted: number, signal: AbortSignal): Promise<BuildPage> {
    const size = Math.min(Math.max(wanted, PAGE), LARGEST_PAGE);
    const page = await listBuilds(filter, { size }, signal);
    while (page.builds.length < wanted && page.next !== '') {
      const following = await listBuilds(filter, { size, token: page.next }, signal);
      page.builds.push(...following.builds);
      page.next = following.next;
    }
    return page;
  }

  #replace(page: BuildPage, hold: boolean): void {
    const first = this.builds[0];
    const isNew = (build: Build) => first !== undefined && newestFirst(build, first) < 0;
    this.waiting = hold ? page.builds.filter(isNew) : [];
    this.builds = hold ? page.builds.filter((build) => !isNew(build)) : page.builds;
    this.#next = page.next;
    this.#listed = page.builds.length;
    const missed = this.#missed;
    this.#missed = NOTHING;
    this.change(missed, hold);
  }
}
