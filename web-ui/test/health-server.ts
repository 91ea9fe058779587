import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { render, screen, within } from '@testing-library/svelte';
import { vi } from 'vitest';
import { Backfills } from '../mock/backfills.ts';
import { deliveriesOf } from '../mock/deliveries.ts';
import { installationsOf } from '../mock/installations.ts';
import type { Scenario } from '../mock/scenario.ts';
import { systemOf } from '../mock/system.ts';
import {
  cancelBackfill,
  getSystem,
  listBackfills,
  listDeliveries,
  listInstallations,
} from '../src/api/system.ts';
import {
  ListBackfillsResponseSchema,
  ListDeliveriesRequestSchema,
  ListDeliveriesResponseSchema,
} from '../src/gen/lampboard/v1/system_service_pb.ts';
import { Health } from '../src/lib/health/health.svelte.ts';
import HealthPage from '../src/pages/Health.svelte';

/** What the page calls every five seconds: to be mocked by the test. */
export const CALLS = [getSystem, listInstallations, listDeliveries, listBackfills];

/** Lets the server answer as it does in a state. */
export function answerAs(scenario: Scenario): void {
  const backfills = new Backfills(scenario);
  vi.mocked(getSystem).mockImplementation(async () => systemOf(scenario, Date.now()));
  vi.mocked(listInstallations).mockImplementation(async () => installationsOf(scenario));
  vi.mocked(listDeliveries).mockImplementation(async ({ size, token, quarantinedOnly }) => {
    const request = { pageSize: size, pageToken: token, quarantinedOnly };
    const page = deliveriesOf(scenario, create(ListDeliveriesRequestSchema, request));
    return create(ListDeliveriesResponseSchema, page);
  });
  vi.mocked(listBackfills).mockImplementation(async () =>
    create(ListBackfillsResponseSchema, backfills.list()),
  );
  vi.mocked(cancelBackfill).mockImplementation(async (id) => backfills.cancel(id).backfill);
}

/** Lets the server be out of reach. */
export function answerNothing(): void {
  for (const call of CALLS) {
    vi.mocked(call).mockRejectedValue(new ConnectError('no route', Code.Unavailable));
  }
}

export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
export const section = (name: string) => within(screen.getByRole('region', { name }));

/** Shows the page, on which nothing was loaded before. */
export async function show() {
  const page = render(HealthPage, { health: new Health() });
  await pass(0);
  return page;
}

/** Shows the page of a server that is in a state. */
export function open(scenario: Scenario) {
  answerAs(scenario);
  return show();
}
