import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { BuildConclusion, BuildStatus } from '../src/gen/lampboard/v1/build_pb.ts';
import { JobSchema } from '../src/gen/lampboard/v1/job_pb.ts';
import { RecentBuildSchema } from '../src/gen/lampboard/v1/repository_pb.ts';
import { countDelta, durationDelta, rateDelta } from '../src/lib/delta.ts';
import { headlineOf } from '../src/lib/headline.ts';
import { sparkPaths, sparkSentence } from '../src/lib/spark.ts';
import { failuresOf, timelineOf } from '../src/lib/timeline.ts';
import { build } from './make.ts';

describe('the headline', () => {
  it.each([
    [0, 0, 'No workflow has finished on a default branch yet.'],
    [1, 0, 'The one workflow passes on its default branch.'],
    [42, 0, 'All 42 workflows pass on their default branch.'],
    [42, 1, '1 of 42 workflows is broken on its default branch.'],
    [42, 2, '2 of 42 workflows are broken on their default branch.'],
  ])('answers for %i workflows, %i of them broken', (decided, broken, text) =>
    expect(headlineOf(decided, broken)).toBe(text),
  );
});

describe('a change against the window before', () => {
  it('is good for a rate that rises and a time that falls', () => {
    expect(rateDelta(0.93, 0.908)).toEqual({ direction: 'up', text: '2.2 pt', good: true });
    expect(durationDelta(60_000, 78_000)).toEqual({ direction: 'down', text: '18 s', good: true });
    expect(durationDelta(78_000, 60_000)?.good).toBe(false);
    expect(countDelta(181, 150)).toEqual({ direction: 'up', text: '31' });
  });

  it('is none without a number to compare with', () => {
    expect(rateDelta(0.9, undefined)).toBeUndefined();
    expect(durationDelta(undefined, 3)).toBeUndefined();
    expect(rateDelta(0.9001, 0.9)?.direction).toBe('same');
  });
});

describe('spark bars', () => {
  const recent = (conclusion: BuildConclusion, seconds: number, runAttempt = 1) =>
    create(RecentBuildSchema, {
      status: BuildStatus.COMPLETED,
      conclusion,
      runAttempt,
      duration: durationFromMs(seconds * 1000),
    });

  it('draw one path for each colour, and a mark for all that did not simply pass', () => {
    const paths = sparkPaths([
      recent(BuildConclusion.SUCCESS, 100),
      recent(BuildConclusion.SUCCESS, 25),
      recent(BuildConclusion.FAILURE, 50),
      recent(BuildConclusion.SUCCESS, 50, 2),
    ]);
    expect(paths.map(({ tone, filled }) => `${tone} ${filled ? 'bar' : 'mark'}`)).toEqual([
      'success bar',
      'danger bar',
      'done bar',
      'danger mark',
      'done mark',
    ]);
    expect(paths[0]?.d).toBe('M1 1.0h6V21h-6zM9 11.0h6V21h-6z');
  });

  it('are said in words', () => {
    const builds = [
      recent(BuildConclusion.SUCCESS, 1),
      recent(BuildConclusion.SUCCESS, 1),
      recent(BuildConclusion.FAILURE, 1),
    ];
    expect(sparkSentence(builds)).toBe('Last 3 builds: 2 passed, 1 failed; the last to end failed');
    expect(sparkSentence([])).toBe('No builds on the default branch yet');
  });
});

describe('the timeline', () => {
  const at = (seconds: number) => timestampFromMs(seconds * 1000);
  const whole = build('b', 100, { status: BuildStatus.COMPLETED, endTime: at(200) });
  const job = (id: string, created: number, start?: number, end?: number) =>
    create(JobSchema, {
      id,
      name: id,
      status: end === undefined ? BuildStatus.IN_PROGRESS : BuildStatus.COMPLETED,
      createTime: at(created),
      startTime: start === undefined ? undefined : at(start),
      endTime: end === undefined ? undefined : at(end),
    });

  it('shows how long each job waited and ran, in order of start', () => {
    const { lines, length } = timelineOf(
      whole,
      [job('late', 110, 150, 200), job('early', 100, 110, 160)],
      0,
    );
    expect(length).toBe(100_000);
    expect(lines.map(({ item }) => item.name)).toEqual(['early', 'late']);
    expect(lines[0]).toMatchObject({
      queue: { left: 0, width: 10 },
      run: { left: 10, width: 50 },
      queueMs: 10_000,
      runMs: 50_000,
    });
  });

  it('grows with the time of day while a job runs', () => {
    const running = build('b', 100);
    const [line] = timelineOf(running, [job('a', 100, 120)], 140_000).lines;
    expect(line).toMatchObject({ run: { left: 50, width: 50 }, runMs: 20_000 });
  });

  it('does not draw what lies before the attempt', () => {
    const [line] = timelineOf(whole, [job('old', 10, 20, 60)], 0).lines;
    expect(line?.run).toBeUndefined();
    expect(line?.runMs).toBe(40_000);
  });

  it('has few and round ticks', () => {
    expect(timelineOf(whole, [], 0).ticks.map(({ ms }) => ms)).toEqual([0, 30_000, 60_000, 90_000]);
  });

  it('finds the first step that failed', () => {
    const failed = { status: BuildStatus.COMPLETED, conclusion: BuildConclusion.FAILURE };
    const passed = { status: BuildStatus.COMPLETED, conclusion: BuildConclusion.SUCCESS };
    const bad = create(JobSchema, {
      ...failed,
      name: 'test',
      steps: [
        { ...passed, number: 1, name: 'Checkout' },
        { ...failed, number: 2, name: 'Run tests' },
        { ...failed, number: 3, name: 'Report' },
      ],
    });
    const [failure, ...others] = failuresOf([create(JobSchema, passed), bad]);
    expect(failure?.step?.name).toBe('Run tests');
    expect(others).toEqual([]);
  });
});
