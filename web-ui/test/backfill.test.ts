import { create, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { BackfillSchema, BackfillStatus } from '../src/gen/lampboard/v1/backfill_pb.ts';
import { backfillLook, percentLoaded, runsSoFar, waitsUntil } from '../src/lib/health/backfill.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.parse('2026-11-21T14:02:11Z');
const ago = (ms: number) => timestampFromMs(NOW - ms);

describe('a backfill', () => {
  const DAY = 24 * HOUR;
  const made = (more: Exclude<MessageInitShape<typeof BackfillSchema>, Message>) =>
    create(BackfillSchema, {
      status: BackfillStatus.RUNNING,
      createTime: ago(0),
      sinceTime: ago(30 * DAY),
      ...more,
    });

  it.each([
    [0, made({})],
    [0, made({ cursorTime: ago(-DAY) })],
    [63, made({ cursorTime: ago(19 * DAY) })],
    [99, made({ cursorTime: ago(31 * DAY) })],
    [100, made({ status: BackfillStatus.DONE })],
    [0, made({ sinceTime: ago(0), cursorTime: ago(0) })],
  ])('is %i %% along', (percent, backfill) => expect(percentLoaded(backfill)).toBe(percent));

  it('waits until GitHub listens again, and no longer', () => {
    const waiting = made({ waitUntilTime: ago(-MINUTE) });
    expect(backfillLook(waiting, NOW).word).toBe('waiting');
    expect(backfillLook(waiting, NOW + 2 * MINUTE).word).toBe('running');
    const over = made({ status: BackfillStatus.FAILED, waitUntilTime: ago(-MINUTE) });
    expect(waitsUntil(over, NOW)).toBeUndefined();
  });

  it('counts with those that were begun with it, not with those of long ago', () => {
    const open = made({ runCount: 1000, createTime: ago(MINUTE) });
    const done = { ...made({ runCount: 204 }), status: BackfillStatus.DONE };
    const old = { ...made({ runCount: 7, createTime: ago(DAY) }), status: BackfillStatus.DONE };
    expect(runsSoFar([open, done, old])).toBe(1204);
  });
});
