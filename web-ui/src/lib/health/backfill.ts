import { type Backfill, BackfillStatus } from '../../gen/lampboard/v1/backfill_pb.ts';
import { timestampMs } from '../format.ts';
import type { Look } from '../status.ts';

const UNKNOWN: Look = { word: 'unknown', icon: 'question', tone: 'attention' };
const WAITING: Look = { word: 'waiting', icon: 'hourglass', tone: 'attention' };

const LOOKS: Partial<Record<BackfillStatus, Look>> = {
  [BackfillStatus.QUEUED]: { word: 'queued', icon: 'clock', tone: 'muted' },
  [BackfillStatus.RUNNING]: { word: 'running', icon: 'dot-fill', tone: 'attention' },
  [BackfillStatus.DONE]: { word: 'done', icon: 'check-circle-fill', tone: 'success' },
  [BackfillStatus.FAILED]: { word: 'failed', icon: 'x-circle-fill', tone: 'danger' },
  [BackfillStatus.CANCELLED]: { word: 'cancelled', icon: 'stop', tone: 'muted' },
};

/** Whether it is still to get on. */
export function isOpen({ status }: Backfill): boolean {
  return status === BackfillStatus.QUEUED || status === BackfillStatus.RUNNING;
}

/** Until when it waits for GitHub's limits, if it does. */
export function waitsUntil(backfill: Backfill, now: number): number | undefined {
  const end = timestampMs(backfill.waitUntilTime);
  return isOpen(backfill) && end !== undefined && end > now ? end : undefined;
}

/** How to show how far it is. */
export function backfillLook(backfill: Backfill, now: number): Look {
  if (waitsUntil(backfill, now) !== undefined) return WAITING;
  return LOOKS[backfill.status] ?? UNKNOWN;
}

/** How much of the stretch of time that was asked for is loaded, in whole percent: 100 only when it is done. */
export function percentLoaded(backfill: Backfill): number {
  if (backfill.status === BackfillStatus.DONE) return 100;
  const from = timestampMs(backfill.createTime);
  const to = timestampMs(backfill.sinceTime);
  const cursor = timestampMs(backfill.cursorTime);
  if (from === undefined || to === undefined || cursor === undefined || from <= to) return 0;
  const percent = Math.floor(((from - cursor) * 100) / (from - to));
  return Math.min(Math.max(percent, 0), 99);
}

/** How many runs those backfills have loaded that are under way, with those that were begun together with them. */
export function runsSoFar(backfills: readonly Backfill[]): number {
  const starts = backfills.filter(isOpen).map(({ createTime }) => timestampMs(createTime) ?? 0);
  const first = Math.min(...starts);
  return backfills
    .filter(({ createTime }) => (timestampMs(createTime) ?? 0) >= first)
    .reduce((sum, { runCount }) => sum + runCount, 0);
}
