import type { Build } from '../gen/lampboard/v1/build_pb.ts';
import type { Job, Job_Step } from '../gen/lampboard/v1/job_pb.ts';
import { timestampMs } from './format.ts';
import { isFailure } from './status.ts';

/** A stretch of the timeline, in hundredths of its width. */
export interface Bar {
  left: number;
  width: number;
}

/** A job or a step on the timeline. */
export interface Line<T> {
  item: T;
  queue?: Bar;
  run?: Bar;
  queueMs?: number;
  runMs?: number;
}

export interface JobLine extends Line<Job> {
  steps: Line<Job_Step>[];
}

export interface Timeline {
  start: number;
  length: number;
  lines: JobLine[];
  ticks: { at: number; ms: number }[];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const TICKS = [
  ...[1, 2, 5, 10, 15, 30].map((s) => s * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((m) => m * MINUTE),
  ...[1, 2, 6, 12, 24, 48, 168, 336].map((h) => h * HOUR),
];
const MOST_TICKS = 6;

function ticksOf(length: number): { at: number; ms: number }[] {
  const step = TICKS.find((tick) => length / tick <= MOST_TICKS) ?? length;
  const count = Math.floor(length / step);
  return Array.from({ length: count + 1 }, (_, index) => ({
    at: (index * step * 100) / length,
    ms: index * step,
  }));
}

/** The failing jobs, and of each the first step that failed. */
export function failuresOf(jobs: readonly Job[]): { job: Job; step?: Job_Step }[] {
  return jobs.filter(isFailure).map((job) => ({ job, step: job.steps.find(isFailure) }));
}

function endOf(build: Build, jobs: readonly Job[], now: number): number {
  const ended = timestampMs(build.endTime);
  if (ended === undefined) return now;
  return Math.max(ended, ...jobs.map((job) => timestampMs(job.endTime) ?? 0));
}

/** Lays the jobs of a build out along its time, as it is now. */
export function timelineOf(build: Build, jobs: readonly Job[], now: number): Timeline {
  const start = timestampMs(build.startTime) ?? timestampMs(build.createTime) ?? now;
  const length = Math.max(endOf(build, jobs, now) - start, SECOND);

  function bar(from: number | undefined, to: number | undefined): Bar | undefined {
    if (from === undefined || to === undefined) return undefined;
    const left = Math.min(Math.max(from - start, 0), length);
    const right = Math.min(Math.max(to - start, 0), length);
    // Jobs that a re-run took over from an earlier attempt lie before its start.
    if (to < start || right < left) return undefined;
    return { left: (left * 100) / length, width: ((right - left) * 100) / length };
  }

  function line<T extends Job | Job_Step>(item: T): Line<T> {
    const started = timestampMs(item.startTime);
    const ended = timestampMs(item.endTime) ?? (started === undefined ? undefined : now);
    return {
      item,
      run: bar(started, ended),
      runMs:
        started === undefined || ended === undefined ? undefined : Math.max(ended - started, 0),
    };
  }

  const lines = jobs.map((job): JobLine => {
    const created = timestampMs(job.createTime);
    const waitedUntil = timestampMs(job.startTime) ?? timestampMs(job.endTime) ?? now;
    const waited = created === undefined ? undefined : Math.max(waitedUntil - created, 0);
    return {
      ...line(job),
      queue: bar(created, waitedUntil),
      queueMs: waited,
      steps: job.steps.map(line),
    };
  });
  const begin = ({ item }: JobLine) =>
    timestampMs(item.startTime) ?? timestampMs(item.createTime) ?? 0;
  return {
    start,
    length,
    ticks: ticksOf(length),
    lines: lines.sort((a, b) => begin(a) - begin(b)),
  };
}
