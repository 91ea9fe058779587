import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { BuildFilterSchema, TimeRangeSchema } from '../src/gen/lampboard/v1/build_pb.ts';
import type { Build, BuildFilter } from '../src/gen/lampboard/v1/build_pb.ts';
import {
  BuildService,
  type GetBuildRequest,
  type WatchBuildsResponseSchema,
} from '../src/gen/lampboard/v1/build_service_pb.ts';
import { MetricsService } from '../src/gen/lampboard/v1/metrics_service_pb.ts';
import { RepositoryService } from '../src/gen/lampboard/v1/repository_service_pb.ts';
import { SystemService } from '../src/gen/lampboard/v1/system_service_pb.ts';
import { timestampMs } from '../src/lib/format.ts';
import { UNENDED } from '../src/lib/status.ts';
import { Backfills } from './backfills.ts';
import { deliveriesOf } from './deliveries.ts';
import { installationsOf } from './installations.ts';
import { jobsOf } from './jobs.ts';
import { type Scenario, scenario } from './scenario.ts';
import { summarise } from './summary.ts';
import { selects } from './select.ts';
import { systemOf } from './system.ts';
import { World } from './world.ts';

const WEEK = 7 * 24 * 3_600_000;
const world = new World(Date.now(), scenario());
const backfills = new Backfills(scenario());
if (world.builds.length > 0) setInterval(() => world.step(Date.now()), 3000);

function windowOf(filter: BuildFilter | undefined) {
  const to = timestampMs(filter?.endTimeRange?.endTime) ?? Date.now();
  const from = timestampMs(filter?.endTimeRange?.startTime) ?? to - WEEK;
  return { from, to };
}

function summaryOf(filter: BuildFilter | undefined, from: number, to: number) {
  const endTimeRange = create(TimeRangeSchema, {
    startTime: timestampFromMs(from),
    endTime: timestampFromMs(to),
  });
  const unbound = { ...(filter ?? create(BuildFilterSchema)), endTimeRange: undefined };
  const running = world.select({ ...unbound, statuses: [...UNENDED] }).length;
  return summarise(world.select({ ...unbound, endTimeRange }), running);
}

function find({ key }: GetBuildRequest): { build: Build; attempts: Build[] } {
  const run = key.case === 'run' ? key.value : undefined;
  const build = world.builds
    .filter((known) => (run ? known.runId === run.id : known.id === key.value))
    .sort((a, b) => b.runAttempt - a.runAttempt)
    .find((known) => !run?.attempt || known.runAttempt === run.attempt);
  if (!build) throw new ConnectError('no such build', Code.NotFound);
  const attempts = world.builds.filter((known) => known.runId === build.runId);
  return { build, attempts: attempts.sort((a, b) => a.runAttempt - b.runAttempt) };
}

async function* watch(
  filter: BuildFilter | undefined,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof WatchBuildsResponseSchema>> {
  const queue: Build[] = [];
  let wake: () => void = () => undefined;
  const stop = world.listen((build) => {
    queue.push(build);
    wake();
  });
  signal.addEventListener('abort', () => wake());
  yield { event: { case: 'sync', value: {} } };
  try {
    while (!signal.aborted) {
      const build = queue.shift();
      if (!build) await new Promise<void>((resolve) => (wake = resolve));
      else if (selects(filter, build)) yield { event: { case: 'build', value: build } };
      else yield { event: { case: 'gone', value: { buildId: build.id } } };
    }
  } finally {
    stop();
  }
}

/** The state that was chosen, unless it is that nobody answers. */
function reached(): Scenario {
  const chosen = scenario();
  if (chosen === 'unreachable') throw new ConnectError('no route to host', Code.Unavailable);
  return chosen;
}

/** Answers every call of the UI from a seeded world in which something happens every three seconds. */
export const transport = createRouterTransport(({ service }) => {
  service(BuildService, {
    getBuild: find,
    listJobs: ({ buildId }) => {
      const build = world.builds.find((known) => known.id === buildId);
      return { jobs: build ? jobsOf(build, Date.now()) : [] };
    },
    listBuilds: ({ filter, pageSize, pageToken }) => {
      const start = Number(pageToken || '0');
      const selected = world.select(filter);
      const end = start + (pageSize || 50);
      return {
        builds: selected.slice(start, end),
        nextPageToken: end < selected.length ? String(end) : '',
      };
    },
    watchBuilds: ({ filter }, { signal }) => watch(filter, signal),
  });
  service(RepositoryService, {
    listRepositories: ({ recentBuildCount }) => ({
      repositories: world.repositories(recentBuildCount),
    }),
    listWorkflows: ({ brokenOnly }) => {
      const workflows = world.workflows();
      return {
        workflows: workflows.filter((workflow) => workflow.broken || !brokenOnly),
        decidedCount: workflows.length,
        brokenCount: workflows.filter((workflow) => workflow.broken).length,
      };
    },
  });
  service(MetricsService, {
    getSummary: ({ filter }) => {
      const { from, to } = windowOf(filter);
      return {
        summary: summaryOf(filter, from, to),
        previousSummary: summaryOf(filter, from - (to - from), from),
        window: { startTime: timestampFromMs(from), endTime: timestampFromMs(to) },
      };
    },
    getBreakdown: ({ filter }) => {
      const { from, to } = windowOf(filter);
      return {
        rows: world.repositories(0).map(({ id, name }) => {
          const own = { ...(filter ?? create(BuildFilterSchema)), repositories: [name] };
          return { repository: name, repositoryId: id, summary: summaryOf(own, from, to) };
        }),
      };
    },
  });
  service(SystemService, {
    getSystem: () => systemOf(reached(), Date.now()),
    listDeliveries: (request) => deliveriesOf(reached(), request),
    listInstallations: () => ({ installations: installationsOf(reached()) }),
    listBackfills: () => (reached(), backfills.list()),
    startBackfill: (request) => (reached(), backfills.start(request)),
    cancelBackfill: ({ id }) => (reached(), backfills.cancel(id)),
  });
});
