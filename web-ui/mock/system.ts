import { create, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { AppMode, GapKind } from '../src/gen/lampboard/v1/status_pb.ts';
import type { AppStatusSchema } from '../src/gen/lampboard/v1/status_pb.ts';
import {
  type GetSystemResponse,
  GetSystemResponseSchema,
} from '../src/gen/lampboard/v1/system_service_pb.ts';
import { HOSTILE, LINK } from './hostile.ts';
import type { Scenario } from './scenario.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type System = Exclude<MessageInitShape<typeof GetSystemResponseSchema>, Message>;
type App = Exclude<MessageInitShape<typeof AppStatusSchema>, Message>;

/** Since when the mock server and its app run. */
const start = Date.now() - 3 * DAY - 4 * HOUR;

function wellApp(now: number): App {
  const ago = (ms: number) => timestampFromMs(now - ms);
  return {
    mode: AppMode.CONNECTED,
    appSlug: 'lampboard-acme',
    appUrl: 'https://github.com/apps/lampboard-acme',
    startTime: timestampFromMs(start),
    lastWebhookTime: ago(now % (12 * SECOND)),
    budgets: [
      { installationId: '0', limit: 5000, remaining: 4981, resetTime: ago(-23 * MINUTE) },
      {
        installationId: '11',
        limit: 5000,
        remaining: 4312,
        resetTime: ago(-23 * MINUTE),
        reconcileCount: 318,
        backfillCount: 122,
      },
      {
        installationId: '12',
        limit: 12_500,
        remaining: 12_444,
        resetTime: ago(-41 * MINUTE),
        reconcileCount: 56,
      },
    ],
    lastRound: {
      startTime: ago(34 * SECOND),
      duration: durationFromMs(4200),
      requestCount: 23,
      dueRepositoryCount: 14,
      changedBuildCount: 0,
    },
  };
}

function wellSystem(now: number): System {
  return {
    version: '0.1.0',
    startTime: timestampFromMs(start),
    database: 'SQLite',
    databaseBytes: '48213504',
    streamCount: 3,
    appReportTime: timestampFromMs(now - 20 * SECOND),
    deliveries: { received: '5183', recovered: '12', repetitions: '4', learnt: '2' },
    lastDeliveryTime: timestampFromMs(now - (now % (12 * SECOND))),
    examinedUntilTime: timestampFromMs(now - 34 * SECOND),
  };
}

const limited = (now: number): App['budgets'] => [
  {
    installationId: '11',
    limit: 5000,
    remaining: 0,
    resetTime: timestampFromMs(now + 17 * MINUTE),
    limitedUntilTime: timestampFromMs(now + 17 * MINUTE),
    reconcileCount: 3804,
    backfillCount: 998,
  },
];

/** What differs from a Lampboard that is well. */
function changes(scenario: Scenario, now: number): { system?: System; app?: App | undefined } {
  const ago = (ms: number) => timestampFromMs(now - ms);
  switch (scenario) {
    case 'jobs-missing':
    case 'loading':
      return { system: { gaps: [{ kind: GapKind.JOBS, count: '1204' }] } };
    case 'missed':
      return {
        system: {
          deliveries: { received: '3180', recovered: '61', learnt: '9', quarantined: '2' },
          gaps: [
            { kind: GapKind.DELIVERY, count: '3' },
            { kind: GapKind.ATTEMPT, count: '1' },
            { kind: GapKind.JOBS, count: '1204' },
            { kind: GapKind.END, count: '5' },
          ],
        },
        app: { budgets: limited(now) },
      };
    case 'silent':
      return {
        system: { deliveries: {}, lastDeliveryTime: ago(26.1 * HOUR) },
        app: {
          lastWebhookTime: ago(26.1 * HOUR),
          refused: [
            { reason: 'unauthorized', count: '14', lastTime: ago(3 * MINUTE) },
            { reason: 'too_large', count: '1', lastTime: ago(7 * HOUR) },
          ],
        },
      };
    case 'listening':
      return {
        system: { deliveries: {}, lastDeliveryTime: undefined },
        app: { startTime: ago(12 * MINUTE), lastWebhookTime: undefined },
      };
    case 'set-up':
      return {
        system: { deliveries: {}, lastDeliveryTime: undefined, examinedUntilTime: undefined },
        app: {
          mode: AppMode.SETUP,
          appSlug: '',
          appUrl: '',
          lastWebhookTime: undefined,
          budgets: [],
          lastRound: undefined,
        },
      };
    case 'no-key':
      return {
        system: {
          deliveries: { received: '5183', repetitions: '4' },
          examinedUntilTime: undefined,
          gaps: [{ kind: GapKind.JOBS, count: '1204' }],
        },
        app: { mode: AppMode.WEBHOOKS, appSlug: '', appUrl: '', budgets: [], lastRound: undefined },
      };
    case 'polling':
      return {
        system: { deliveries: {}, lastDeliveryTime: undefined, examinedUntilTime: undefined },
        app: { mode: AppMode.POLLING, lastWebhookTime: undefined },
      };
    case 'problems':
      return {
        app: {
          problems: [
            'GitHub refuses the key of the App (401). Make a new one in the settings of the App and give it as LAMPBOARD_GITHUB_PRIVATE_KEY_FILE.',
            'The clock of this machine is 4 minutes ahead of GitHub’s. Set it by NTP.',
          ],
          lastRound: {
            startTime: ago(34 * SECOND),
            duration: durationFromMs(300),
            requestCount: 2,
            dueRepositoryCount: 14,
            problem: 'GitHub answered 401 for two installations',
          },
        },
      };
    case 'read-only':
      return { system: { databaseProblem: 'The disk is full' } };
    case 'app-gone':
      return { system: { appReportTime: ago(12 * MINUTE) } };
    case 'hostile':
      return {
        system: { version: HOSTILE, database: HOSTILE, databaseProblem: HOSTILE },
        app: {
          appSlug: HOSTILE,
          appUrl: LINK,
          problems: [HOSTILE],
          refused: [{ reason: HOSTILE, count: '2', lastTime: ago(MINUTE) }],
          lastRound: { startTime: ago(MINUTE), problem: HOSTILE },
        },
      };
    default:
      return {};
  }
}

/** How the mock server is. */
export function systemOf(scenario: Scenario, now: number): GetSystemResponse {
  const { system, app } = changes(scenario, now);
  const whole = { ...wellSystem(now), ...system, app: { ...wellApp(now), ...app } };
  return create(GetSystemResponseSchema, whole);
}
