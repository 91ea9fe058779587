import type { Build, BuildFilter, TimeRange } from '../src/gen/lampboard/v1/build_pb.ts';
import { timestampMs } from '../src/lib/format.ts';
import { branchName } from '../src/lib/names.ts';

function glob(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i');
}

function any(patterns: string[], value: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => glob(pattern).test(value));
}

function one<T>(values: T[], value: T): boolean {
  return values.length === 0 || values.includes(value);
}

function within(range: TimeRange | undefined, moment: number | undefined): boolean {
  const from = timestampMs(range?.startTime);
  const to = timestampMs(range?.endTime);
  if (from === undefined && to === undefined) return true;
  if (moment === undefined) return false;
  return moment >= (from ?? -Infinity) && moment < (to ?? Infinity);
}

/** Whether a filter selects a build. */
export function selects(filter: BuildFilter | undefined, build: Build): boolean {
  if (!filter) return true;
  return (
    any(filter.repositories, build.repository) &&
    any(filter.workflows, build.workflow) &&
    one(filter.workflowIds, build.workflowId) &&
    any(filter.branches, branchName(build)) &&
    any(filter.actors, build.triggeringActor) &&
    one(filter.events, build.event) &&
    one(filter.statuses, build.status) &&
    one(filter.conclusions, build.conclusion) &&
    one(filter.runIds, build.runId) &&
    (filter.commitShas.length === 0 ||
      filter.commitShas.some((sha) => build.commitSha.startsWith(sha.toLowerCase()))) &&
    (filter.pullRequests.length === 0 ||
      filter.pullRequests.some((pull) => build.pullRequests.includes(pull))) &&
    within(filter.startTimeRange, timestampMs(build.startTime)) &&
    within(filter.endTimeRange, timestampMs(build.endTime)) &&
    (!filter.countedOnly || build.counted) &&
    (!filter.latestAttemptsOnly || build.latestAttempt) &&
    (!filter.defaultBranchOnly || build.branch === 'main')
  );
}
