import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type DeliveryRecord,
  DeliveryRecordSchema,
  type ListDeliveriesRequest,
} from '../src/gen/lampboard/v1/system_service_pb.ts';
import { HOSTILE } from './hostile.ts';
import { seeded } from './random.ts';
import { PLANS } from './seed.ts';
import type { Scenario } from './scenario.ts';

const EVENTS = [
  ['workflow_job', 'queued'],
  ['workflow_job', 'in_progress'],
  ['workflow_job', 'completed'],
  ['workflow_run', 'requested'],
  ['workflow_run', 'completed'],
  ['repository', 'edited'],
] as const;
const COUNT = 90;
const BEGIN = Date.now();
const PROBLEM =
  'workflow_run.head_repository.full_name is missing: it was deleted, or GitHub changed the form';

function record(index: number, random: () => number, hostile: boolean): DeliveryRecord {
  const [event, action] = EVENTS[Math.floor(random() * EVENTS.length)] ?? EVENTS[0];
  const plan = PLANS[Math.floor(random() * PLANS.length)] ?? PLANS[0];
  const chance = random();
  return create(DeliveryRecordSchema, {
    guid: `72d3162e-cc78-11e3-81ab-${String(index).padStart(12, '0')}`,
    event: hostile ? HOSTILE : event,
    action: hostile ? HOSTILE : action,
    repository: hostile ? `a/${HOSTILE}` : (plan?.repository ?? ''),
    receiveTime: timestampFromMs(BEGIN - index * 47_000 - Math.floor(chance * 40_000)),
    recovered: chance > 0.85,
    receiveCount: chance < 0.06 ? 2 : 1,
    conflictCount: chance < 0.01 ? 1 : 0,
    problem: hostile ? HOSTILE : '',
  });
}

function all(scenario: Scenario): DeliveryRecord[] {
  const random = seeded(11);
  const records = Array.from({ length: COUNT }, (_, index) =>
    record(index, random, scenario === 'hostile' && index < 3),
  );
  if (scenario === 'missed') {
    for (const record of records.slice(1, 4)) record.recovered = true;
    for (const record of records.slice(4, 6)) record.problem = PROBLEM;
  }
  return records;
}

/** A page of what the mock server took in. */
export function deliveriesOf(scenario: Scenario, request: ListDeliveriesRequest) {
  const none = ['set-up', 'listening', 'polling'].includes(scenario);
  const known = none ? [] : all(scenario);
  const chosen = known.filter(({ problem }) => problem !== '' || !request.quarantinedOnly);
  const start = Number(request.pageToken || '0');
  const end = start + (request.pageSize || 50);
  return {
    deliveries: chosen.slice(start, end),
    nextPageToken: end < chosen.length ? String(end) : '',
  };
}
