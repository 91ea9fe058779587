import { BuildConclusion, BuildStatus } from '../gen/lampboard/v1/build_pb.ts';

export type Tone = 'danger' | 'success' | 'attention' | 'done' | 'muted';

/** How a status is shown: always by shape, word and colour together. */
export interface Look {
  word: string;
  icon: string;
  tone: Tone;
}

/** What builds, jobs and steps have in common. */
export interface Outcome {
  status: BuildStatus;
  statusText?: string;
  conclusion: BuildConclusion;
  conclusionText?: string;
  runAttempt?: number;
  superseded?: boolean;
}

const UNKNOWN: Look = { word: 'unknown', icon: 'question', tone: 'attention' };
const QUEUED: Look = { word: 'queued', icon: 'clock', tone: 'muted' };
const RUNNING: Look = { word: 'running', icon: 'dot-fill', tone: 'attention' };
const FLAKY: Look = { word: 'passed on retry', icon: 'history', tone: 'done' };
const SUPERSEDED: Look = { word: 'superseded', icon: 'stop', tone: 'muted' };

const UNFINISHED: Partial<Record<BuildStatus, Look>> = {
  [BuildStatus.QUEUED]: QUEUED,
  [BuildStatus.REQUESTED]: QUEUED,
  [BuildStatus.PENDING]: QUEUED,
  [BuildStatus.WAITING]: { word: 'waiting', icon: 'clock', tone: 'muted' },
  [BuildStatus.IN_PROGRESS]: RUNNING,
};

const FINISHED: Partial<Record<BuildConclusion, Look>> = {
  [BuildConclusion.SUCCESS]: { word: 'passed', icon: 'check-circle-fill', tone: 'success' },
  [BuildConclusion.FAILURE]: { word: 'failed', icon: 'x-circle-fill', tone: 'danger' },
  [BuildConclusion.TIMED_OUT]: { word: 'timed out', icon: 'hourglass', tone: 'danger' },
  [BuildConclusion.STARTUP_FAILURE]: { word: 'startup failure', icon: 'alert', tone: 'danger' },
  [BuildConclusion.ACTION_REQUIRED]: { word: 'action needed', icon: 'bell', tone: 'attention' },
  [BuildConclusion.CANCELLED]: { word: 'cancelled', icon: 'stop', tone: 'muted' },
  [BuildConclusion.SKIPPED]: { word: 'skipped', icon: 'skip', tone: 'muted' },
  [BuildConclusion.NEUTRAL]: { word: 'neutral', icon: 'dash', tone: 'muted' },
  [BuildConclusion.STALE]: { word: 'stale', icon: 'dash', tone: 'muted' },
};

/** The conclusions that count against the success rate. */
export const FAILURES: readonly BuildConclusion[] = [
  BuildConclusion.FAILURE,
  BuildConclusion.TIMED_OUT,
  BuildConclusion.STARTUP_FAILURE,
];

/** The conclusions that the success rate and the times are made of. */
export const DECISIVE: readonly BuildConclusion[] = [BuildConclusion.SUCCESS, ...FAILURES];

/** The statuses of what has not ended. */
export const UNENDED: readonly BuildStatus[] = [
  BuildStatus.QUEUED,
  BuildStatus.IN_PROGRESS,
  BuildStatus.WAITING,
  BuildStatus.REQUESTED,
  BuildStatus.PENDING,
  BuildStatus.UNKNOWN,
];

/** Whether it counts against the success rate. */
export function isFailure(outcome: Outcome): boolean {
  return outcome.status === BuildStatus.COMPLETED && FAILURES.includes(outcome.conclusion);
}

/** Whether nothing more will be reported of it. */
export function isEnded(outcome: Outcome): boolean {
  return outcome.status === BuildStatus.COMPLETED;
}

/** How to show an outcome. */
export function lookOf(outcome: Outcome): Look {
  if (!isEnded(outcome)) return UNFINISHED[outcome.status] ?? UNKNOWN;
  const passed = outcome.conclusion === BuildConclusion.SUCCESS;
  if (passed && (outcome.runAttempt ?? 1) > 1) return FLAKY;
  if (outcome.superseded) return SUPERSEDED;
  return FINISHED[outcome.conclusion] ?? UNKNOWN;
}

/** How to show a conclusion by itself. */
export function conclusionLook(conclusion: BuildConclusion): Look {
  return lookOf({ status: BuildStatus.COMPLETED, conclusion });
}

/** `BuildStatus.IN_PROGRESS` as GitHub spells it: `in_progress`. */
export function statusWord(status: BuildStatus): string {
  return (BuildStatus[status] ?? 'unknown').toLowerCase();
}

/** `BuildConclusion.TIMED_OUT` as GitHub spells it: `timed_out`. */
export function conclusionWord(conclusion: BuildConclusion): string {
  return (BuildConclusion[conclusion] ?? 'unknown').toLowerCase();
}

/** GitHub's own word for an outcome, also one that this version does not know. */
export function githubWord(outcome: Outcome): string {
  return isEnded(outcome)
    ? outcome.conclusionText || conclusionWord(outcome.conclusion)
    : outcome.statusText || statusWord(outcome.status);
}
