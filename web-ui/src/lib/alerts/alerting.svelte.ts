import { findOutbox, listChannels, listRules } from '../../api/alerts.ts';
import type { AlertChannel, AlertRule } from '../../gen/lampboard/v1/alert_pb.ts';
import { Resource } from '../resource.svelte.ts';

/** The rules and the channels, which all pages of alerts name. */
export class Alerting {
  /** Kept while other pages are shown, so that coming back shows what was left. */
  static readonly shared = new Alerting();

  readonly rules = new Resource<AlertRule[]>();
  readonly channels = new Resource<AlertChannel[]>();
  readonly outbox = new Resource<string>();

  get problem() {
    return this.rules.problem ?? this.channels.problem;
  }

  /** Whether both are here: rules name channels. */
  get settled(): boolean {
    return this.rules.data !== undefined && this.channels.data !== undefined;
  }

  get asOf(): number | undefined {
    if (!this.settled) return undefined;
    return Math.min(this.rules.fetchedAt ?? Infinity, this.channels.fetchedAt ?? Infinity);
  }

  /** Fetches both again. Rejects when one cannot be had. */
  refresh = async (): Promise<void> => {
    await Promise.all([this.rules.load(listRules), this.channels.load(listChannels)]);
  };

  /** Looks once whether there is an outbox. Nobody misses one that is not found. */
  findOutbox = async (): Promise<void> => {
    if (this.outbox.data === undefined) await this.outbox.load(findOutbox).catch(() => undefined);
  };

  channelName = (id: string): string =>
    this.channels.data?.find((channel) => channel.id === id)?.displayName ?? 'a deleted channel';
}
