import { getSystem, listBackfills, listInstallations } from '../../api/system.ts';
import type { Backfill } from '../../gen/lampboard/v1/backfill_pb.ts';
import type {
  GetSystemResponse,
  InstallationSummary,
  ListBackfillsResponse,
} from '../../gen/lampboard/v1/system_service_pb.ts';
import { Resource } from '../resource.svelte.ts';
import { DeliveryPages } from './delivery-pages.svelte.ts';

/** The most backfills that are shown. */
const BACKFILLS = 200;

/** Everything that the page of health shows, each part fetched by itself. */
export class Health {
  /** Kept while other pages are shown, so that coming back shows what was left. */
  static readonly shared = new Health();

  readonly system = new Resource<GetSystemResponse>();
  readonly installations = new Resource<InstallationSummary[]>();
  readonly backfills = new Resource<ListBackfillsResponse>();
  readonly deliveries = new DeliveryPages();
  #wasSettled = false;

  get #parts() {
    return [this.system, this.installations, this.backfills, this.deliveries.page];
  }

  get problem() {
    return this.#parts.find((part) => part.problem)?.problem;
  }

  /** As of when all that is shown is true. */
  get asOf(): number | undefined {
    const times = this.#parts.map((part) => part.fetchedAt ?? Infinity);
    const oldest = Math.min(...times);
    return oldest === Infinity ? undefined : oldest;
  }

  /** Whether each part has been here or did not come: what comes one by one makes the page jump. */
  get settled(): boolean {
    this.#wasSettled ||= this.#parts.every((part) => part.data ?? part.problem);
    return this.#wasSettled;
  }

  /** Fetches it all again; with `hold`, the deliveries stay as they are. Rejects when a part cannot be had. */
  async refresh(hold: boolean): Promise<void> {
    await Promise.all([
      this.system.load((signal) => getSystem(signal)),
      this.installations.load((signal) => listInstallations(signal)),
      this.refreshBackfills(),
      hold ? undefined : this.deliveries.refresh(),
    ]);
  }

  async refreshBackfills(): Promise<void> {
    await this.backfills.load((signal) => listBackfills(BACKFILLS, signal));
  }

  /** Shows what became of a backfill before all of them are listed again. */
  take(backfill: Backfill): void {
    const { data } = this.backfills;
    if (!data) return;
    const known = data.backfills.some(({ id }) => id === backfill.id);
    const backfills = known
      ? data.backfills.map((old) => (old.id === backfill.id ? backfill : old))
      : [backfill, ...data.backfills];
    this.backfills.data = { ...data, backfills };
  }
}
