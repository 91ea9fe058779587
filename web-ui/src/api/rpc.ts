import { createClient } from '@connectrpc/connect';
import { transport } from '$transport';
import type { Build, BuildFilter } from '../gen/lampboard/v1/build_pb.ts';
import { BuildService, type GetBuildResponse } from '../gen/lampboard/v1/build_service_pb.ts';
import type { Job } from '../gen/lampboard/v1/job_pb.ts';
import {
  Dimension,
  type GetBreakdownResponse_Row,
  type GetSummaryResponse,
  MetricsService,
} from '../gen/lampboard/v1/metrics_service_pb.ts';
import type { Repository } from '../gen/lampboard/v1/repository_pb.ts';
import {
  type ListWorkflowsResponse,
  RepositoryService,
} from '../gen/lampboard/v1/repository_service_pb.ts';
import type { LiveEvent } from '../lib/live.ts';
import { options } from './call.ts';

const builds = createClient(BuildService, transport);
const repositories = createClient(RepositoryService, transport);
const metrics = createClient(MetricsService, transport);

const MOST_ROWS = 1000;

/** A page of builds, and how to ask for the one after it. */
export interface BuildPage {
  builds: Build[];
  next: string;
}

/** Which build: by its run, or by the id that the API gave it. */
export type BuildKey = { runId: string; attempt?: number } | { id: string };

export async function listBuilds(
  filter: BuildFilter,
  page: { size: number; token?: string },
  signal?: AbortSignal,
): Promise<BuildPage> {
  let token = page.token;
  for (;;) {
    const request = { filter, pageSize: page.size, pageToken: token };
    const response = await builds.listBuilds(request, options(signal));
    token = response.nextPageToken;
    // Where few of many match, the server looks for a while and finds none yet.
    if (response.builds.length > 0 || token === '') return { builds: response.builds, next: token };
  }
}

export function getBuild(key: BuildKey, signal?: AbortSignal): Promise<GetBuildResponse> {
  const request =
    'id' in key
      ? { case: 'id' as const, value: key.id }
      : { case: 'run' as const, value: { id: key.runId, attempt: key.attempt ?? 0 } };
  return builds.getBuild({ key: request }, options(signal));
}

export async function listJobs(buildId: string, signal?: AbortSignal): Promise<Job[]> {
  return (await builds.listJobs({ buildId }, options(signal))).jobs;
}

export function getSummary(filter: BuildFilter, signal?: AbortSignal): Promise<GetSummaryResponse> {
  return metrics.getSummary({ filter }, options(signal));
}

export async function getRepositoryBreakdown(
  filter: BuildFilter,
  signal?: AbortSignal,
): Promise<GetBreakdownResponse_Row[]> {
  const request = { filter, dimension: Dimension.REPOSITORY, limit: MOST_ROWS };
  return (await metrics.getBreakdown(request, options(signal))).rows;
}

export async function listRepositories(
  recentBuildCount: number,
  signal?: AbortSignal,
): Promise<Repository[]> {
  const request = { recentBuildCount, pageSize: MOST_ROWS };
  return (await repositories.listRepositories(request, options(signal))).repositories;
}

export function listBrokenWorkflows(signal?: AbortSignal): Promise<ListWorkflowsResponse> {
  return repositories.listWorkflows({ brokenOnly: true }, options(signal));
}

/**
 * Streams builds as they are reported.
 *
 * The one place where a stream is opened: sharing one between the tabs of a browser starts here.
 */
export async function* watchBuilds(
  filter: BuildFilter,
  signal: AbortSignal,
): AsyncGenerator<LiveEvent> {
  for await (const { event } of builds.watchBuilds({ filter }, { signal })) {
    switch (event.case) {
      case 'sync':
      case 'heartbeat':
        yield { kind: event.case };
        break;
      case 'build':
        yield { kind: 'build', build: event.value };
        break;
      case 'gone':
        yield { kind: 'gone', id: event.value.buildId };
        break;
    }
  }
}
