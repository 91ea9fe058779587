import { expect, it } from 'vitest';
import icons from 'virtual:icons';
import { BuildConclusion, BuildStatus } from '../src/gen/lampboard/v1/build_pb.ts';
import { githubWord, isFailure, lookOf } from '../src/lib/status.ts';

const numbers = (of: object) => Object.values(of).filter((value) => typeof value === 'number');
const ended = (conclusion: BuildConclusion, more = {}) => ({
  status: BuildStatus.COMPLETED,
  conclusion,
  ...more,
});

it.each([
  [BuildConclusion.FAILURE, 'failed', 'danger', true],
  [BuildConclusion.TIMED_OUT, 'timed out', 'danger', true],
  [BuildConclusion.STARTUP_FAILURE, 'startup failure', 'danger', true],
  [BuildConclusion.SUCCESS, 'passed', 'success', false],
  [BuildConclusion.ACTION_REQUIRED, 'action needed', 'attention', false],
  [BuildConclusion.CANCELLED, 'cancelled', 'muted', false],
  [BuildConclusion.SKIPPED, 'skipped', 'muted', false],
  [BuildConclusion.NEUTRAL, 'neutral', 'muted', false],
  [BuildConclusion.STALE, 'stale', 'muted', false],
  [BuildConclusion.UNKNOWN, 'unknown', 'attention', false],
])('conclusion %i is shown as %s', (conclusion, word, tone, bad) => {
  expect(lookOf(ended(conclusion))).toMatchObject({ word, tone });
  expect(isFailure(ended(conclusion))).toBe(bad);
});

it.each([
  [BuildStatus.QUEUED, 'queued'],
  [BuildStatus.REQUESTED, 'queued'],
  [BuildStatus.PENDING, 'queued'],
  [BuildStatus.WAITING, 'waiting'],
  [BuildStatus.IN_PROGRESS, 'running'],
  [BuildStatus.UNKNOWN, 'unknown'],
])('status %i is shown as %s', (status, word) => {
  expect(lookOf({ status, conclusion: BuildConclusion.UNSPECIFIED }).word).toBe(word);
});

it('tells a pass at the first try from one on a retry', () => {
  expect(lookOf(ended(BuildConclusion.SUCCESS, { runAttempt: 1 })).word).toBe('passed');
  expect(lookOf(ended(BuildConclusion.SUCCESS, { runAttempt: 2 })).word).toBe('passed on retry');
  expect(lookOf(ended(BuildConclusion.FAILURE, { runAttempt: 2 })).word).toBe('failed');
});

it('has a shape for every status and conclusion', () => {
  const looks = [
    ...numbers(BuildStatus).map((status) => lookOf({ status, conclusion: 0 })),
    ...numbers(BuildConclusion).map((conclusion) => lookOf(ended(conclusion))),
  ];
  for (const look of looks) expect(icons[look.icon], look.word).toBeDefined();
});

it('needs no colour to tell passed, failed, running and queued apart', () => {
  const shapes = [
    lookOf(ended(BuildConclusion.SUCCESS)),
    lookOf(ended(BuildConclusion.FAILURE)),
    lookOf({ status: BuildStatus.IN_PROGRESS, conclusion: 0 }),
    lookOf({ status: BuildStatus.QUEUED, conclusion: 0 }),
  ].map((look) => look.icon);
  expect(new Set(shapes).size).toBe(4);
});

it("keeps GitHub's word, also one that is new", () => {
  expect(githubWord(ended(BuildConclusion.TIMED_OUT))).toBe('timed_out');
  expect(githubWord({ status: BuildStatus.IN_PROGRESS, conclusion: 0 })).toBe('in_progress');
  const unheard = ended(BuildConclusion.UNKNOWN, { conclusionText: 'exploded' });
  expect(githubWord(unheard)).toBe('exploded');
});
