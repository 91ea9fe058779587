import { getSystem, listBackfills } from '../../api/system.ts';
import type {
  GetSystemResponse,
  ListBackfillsResponse,
} from '../../gen/lampboard/v1/system_service_pb.ts';
import { plural } from '../format.ts';
import { Resource } from '../resource.svelte.ts';
import { isOpen, runsSoFar } from './backfill.ts';

const MOST_BACKFILLS = 1000;
const WHILE_LOADING = 5000;
const OTHERWISE = 30_000;

/** Why the board is empty, or does not reach back yet. */
export class FirstSteps {
  readonly system = new Resource<GetSystemResponse>();
  readonly backfills = new Resource<ListBackfillsResponse>();

  /** Whether there is an answer, or none is to be had. */
  get isKnown(): boolean {
    return [this.system, this.backfills].every((part) => part.data ?? part.problem);
  }

  get #isLoading(): boolean {
    return this.backfills.data?.backfills.some(isOpen) ?? false;
  }

  /** How far the loading of history is. Undefined when none is under way. */
  get progress(): string | undefined {
    if (!this.#isLoading) return undefined;
    const runs = runsSoFar(this.backfills.data?.backfills ?? []);
    return `Loading history: ${plural(runs, 'run')} so far`;
  }

  /** How long to wait until it is worth asking again. */
  get pause(): number {
    return this.#isLoading ? WHILE_LOADING : OTHERWISE;
  }

  async load(): Promise<void> {
    await Promise.all([this.system.load((signal) => getSystem(signal)), this.loadBackfills()]);
  }

  async loadBackfills(): Promise<void> {
    await this.backfills.load((signal) => listBackfills(MOST_BACKFILLS, signal));
  }
}
