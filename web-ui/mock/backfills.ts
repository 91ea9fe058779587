import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  type Backfill,
  BackfillSchema,
  BackfillStatus,
} from '../src/gen/lampboard/v1/backfill_pb.ts';
import type { StartBackfillRequest } from '../src/gen/lampboard/v1/system_service_pb.ts';
import { isOpen } from '../src/lib/health/backfill.ts';
import { HOSTILE } from './hostile.ts';
import { PLANS } from './seed.ts';
import type { Scenario } from './scenario.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function backfill(id: string, more: MessageInitShape<typeof BackfillSchema>): Backfill {
  const now = Date.now();
  return create(BackfillSchema, {
    id,
    createTime: timestampFromMs(now - 9 * MINUTE),
    sinceTime: timestampFromMs(now - 30 * DAY),
    ...more,
  });
}

function seedOf(scenario: Scenario): Backfill[] {
  const now = Date.now();
  const at = (ms: number) => timestampFromMs(now - ms);
  const done = backfill('b1', {
    repository: 'acme/api',
    status: BackfillStatus.DONE,
    createTime: at(3 * DAY),
    endTime: at(3 * DAY - 4 * MINUTE),
    cursorTime: at(33 * DAY),
    sinceTime: at(33 * DAY),
    runCount: 642,
    requestCount: 7,
  });
  const running = backfill('b2', {
    repository: 'acme/web',
    status: BackfillStatus.RUNNING,
    cursorTime: at(19 * DAY),
    runCount: 1204,
    requestCount: 34,
  });
  const waiting = backfill('b3', {
    repository: 'acme/mobile-application-for-field-engineers',
    status: BackfillStatus.RUNNING,
    cursorTime: at(2 * DAY),
    runCount: 86,
    requestCount: 3,
    problem: 'The requests that backfills may make in this hour are spent.',
    waitUntilTime: at(-17 * MINUTE),
  });
  const queued = backfill('b4', { repository: 'acme/docs', status: BackfillStatus.QUEUED });
  const failed = backfill('b5', {
    repository: 'mona/attic',
    status: BackfillStatus.FAILED,
    endTime: at(2 * MINUTE),
    problem: 'GitHub does not show this repository to the app any more (404).',
  });
  const cancelled = backfill('b6', {
    repository: 'acme/infrastructure',
    status: BackfillStatus.CANCELLED,
    endTime: at(MINUTE),
    cursorTime: at(6 * DAY),
    runCount: 55,
    requestCount: 2,
  });
  const older = [7, 8, 9].map((number) => ({ ...done, id: `b${number}`, repository: 'mona/dot' }));
  switch (scenario) {
    case 'set-up':
    case 'listening':
    case 'no-key':
      return [];
    case 'loading':
    case 'missed':
      return [running, waiting, queued, failed, cancelled, done, ...older];
    case 'hostile':
      return [{ ...running, repository: `a/${HOSTILE}`, problem: HOSTILE }];
    default:
      return [done];
  }
}

/** The backfills of the mock server, which people start and cancel. */
export class Backfills {
  #known: Backfill[];

  constructor(private readonly scenario: Scenario) {
    this.#known = seedOf(scenario);
  }

  list() {
    return { backfills: this.#known, openCount: this.#known.filter(isOpen).length };
  }

  start({ repository, sinceTime }: StartBackfillRequest) {
    if (this.scenario === 'no-key') throw new ConnectError('no key', Code.FailedPrecondition);
    if (!PLANS.some((plan) => plan.repository === repository)) {
      throw new ConnectError('no installation sees it', Code.NotFound);
    }
    const started = backfill(`s${this.#known.length}`, {
      repository,
      sinceTime,
      status: BackfillStatus.QUEUED,
      createTime: timestampFromMs(Date.now()),
    });
    this.#known = [started, ...this.#known];
    return { backfill: started };
  }

  cancel(id: string) {
    const found = this.#known.find((known) => known.id === id);
    if (!found) throw new ConnectError('no such backfill', Code.NotFound);
    const now = timestampFromMs(Date.now());
    const cancelled = { ...found, status: BackfillStatus.CANCELLED, endTime: now };
    this.#known = this.#known.map((known) => (known.id === id ? cancelled : known));
    return { backfill: cancelled };
  }
}
