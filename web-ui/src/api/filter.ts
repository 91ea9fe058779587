import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type BuildFilter, BuildFilterSchema } from '../gen/lampboard/v1/build_pb.ts';
import type { BuildQuery } from '../lib/query.ts';
import { type Span, spanBounds } from '../lib/span.ts';

function timeRange(span: Span | undefined, now: number) {
  if (!span) return undefined;
  const { from, to } = spanBounds(span, now);
  return {
    startTime: from === undefined ? undefined : timestampFromMs(from),
    endTime: to === undefined ? undefined : timestampFromMs(to),
  };
}

/** What the server is asked for, for a query seen from now. */
export function filterOf(query: Partial<BuildQuery>, now: number): BuildFilter {
  const init: MessageInitShape<typeof BuildFilterSchema> = {
    repositories: query.repositories,
    workflows: query.workflows,
    workflowIds: query.workflowIds,
    branches: query.branches,
    actors: query.actors,
    events: query.events,
    statuses: query.statuses,
    conclusions: query.conclusions,
    commitShas: query.shas,
    runIds: query.runs,
    pullRequests: query.pulls,
    startTimeRange: timeRange(query.started, now),
    endTimeRange: timeRange(query.ended, now),
    countedOnly: query.countedOnly,
    latestAttemptsOnly: query.latestOnly,
    defaultBranchOnly: query.defaultBranch,
  };
  return create(BuildFilterSchema, init);
}
