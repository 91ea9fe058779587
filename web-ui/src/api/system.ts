// Apart from rpc.ts: only pages that are loaded when they are asked for need it.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { transport } from '$transport';
import type { Backfill } from '../gen/lampboard/v1/backfill_pb.ts';
import {
  type GetSystemResponse,
  type InstallationSummary,
  type ListBackfillsResponse,
  type ListDeliveriesResponse,
  SystemService,
} from '../gen/lampboard/v1/system_service_pb.ts';
import { options } from './call.ts';
import { problemOf } from './errors.ts';

const system = createClient(SystemService, transport);

/** Which deliveries, and which page of them. */
export interface DeliveryQuery {
  size: number;
  token: string;
  quarantinedOnly: boolean;
}

export function getSystem(signal?: AbortSignal): Promise<GetSystemResponse> {
  return system.getSystem({}, options(signal));
}

export function listDeliveries(
  { size, token, quarantinedOnly }: DeliveryQuery,
  signal?: AbortSignal,
): Promise<ListDeliveriesResponse> {
  const request = { pageSize: size, pageToken: token, quarantinedOnly };
  return system.listDeliveries(request, options(signal));
}

export async function listInstallations(signal?: AbortSignal): Promise<InstallationSummary[]> {
  return (await system.listInstallations({}, options(signal))).installations;
}

export function listBackfills(limit: number, signal?: AbortSignal): Promise<ListBackfillsResponse> {
  return system.listBackfills({ limit }, options(signal));
}

export async function startBackfill(
  repository: string,
  since: number,
): Promise<Backfill | undefined> {
  const request = { repository, sinceTime: timestampFromMs(since) };
  return (await system.startBackfill(request, options())).backfill;
}

export async function cancelBackfill(id: string): Promise<Backfill | undefined> {
  return (await system.cancelBackfill({ id }, options())).backfill;
}

const REFUSALS: Partial<Record<Code, string>> = {
  [Code.NotFound]: 'No installation of the app sees this repository.',
  [Code.FailedPrecondition]: 'The app has no key to ask GitHub with.',
};

/** Why no backfill was started, as a sentence. */
export function startProblem(error: unknown): string {
  const { code } = ConnectError.from(error, Code.Unavailable);
  return REFUSALS[code] ?? problemOf(error).sentence;
}
