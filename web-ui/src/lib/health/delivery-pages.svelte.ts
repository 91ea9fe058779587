import { listDeliveries } from '../../api/system.ts';
import type { ListDeliveriesResponse } from '../../gen/lampboard/v1/system_service_pb.ts';
import { Resource } from '../resource.svelte.ts';

const SIZE = 10;

/** The deliveries, a page at a time. */
export class DeliveryPages {
  readonly page = new Resource<ListDeliveriesResponse>();
  /** How the pages before this one and this one are asked for; the newest needs nothing. */
  #tokens = $state.raw(['']);
  #quarantinedOnly = false;

  get isNewest(): boolean {
    return this.#tokens.length === 1;
  }

  get hasOlder(): boolean {
    return (this.page.data?.nextPageToken ?? '') !== '';
  }

  /** Chooses which deliveries; shows the newest of them. */
  async choose(quarantinedOnly: boolean): Promise<void> {
    if (quarantinedOnly === this.#quarantinedOnly) return;
    this.#quarantinedOnly = quarantinedOnly;
    this.page.clear();
    await this.#turn(['']);
  }

  async older(): Promise<void> {
    const token = this.page.data?.nextPageToken ?? '';
    if (token !== '') await this.#turn([...this.#tokens, token]);
  }

  async newer(): Promise<void> {
    if (!this.isNewest) await this.#turn(this.#tokens.slice(0, -1));
  }

  /** Fetches this page again, unless another is on its way. An older one does not change. */
  async refresh(): Promise<void> {
    const stale = this.isNewest || this.page.problem !== undefined;
    if (stale && !this.page.loading) await this.#turn(this.#tokens);
  }

  async #turn(tokens: string[]): Promise<void> {
    const query = {
      size: SIZE,
      token: tokens.at(-1) ?? '',
      quarantinedOnly: this.#quarantinedOnly,
    };
    const page = await this.page.load((signal) => listDeliveries(query, signal));
    if (page) this.#tokens = tokens;
  }
}
