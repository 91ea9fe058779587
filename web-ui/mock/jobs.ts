import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Build, BuildConclusion, BuildStatus } from '../src/gen/lampboard/v1/build_pb.ts';
import {
  type Job,
  type Job_Step,
  JobSchema,
  Job_StepSchema,
} from '../src/gen/lampboard/v1/job_pb.ts';
import { timestampMs } from '../src/lib/format.ts';
import { isFailure } from '../src/lib/status.ts';

interface Part {
  name: string;
  from: number;
  to: number;
  steps: string[];
}

const SETUP = ['Set up job', 'Checkout', 'Restore cache'];
const PARTS: Part[] = [
  {
    name: 'lint',
    from: 0,
    to: 0.22,
    steps: [...SETUP, 'cargo fmt', 'cargo clippy', 'Complete job'],
  },
  {
    name: 'build (ubuntu-latest)',
    from: 0.02,
    to: 0.48,
    steps: [...SETUP, 'cargo build', 'Complete job'],
  },
  {
    name: 'build (windows-latest)',
    from: 0.05,
    to: 0.58,
    steps: [...SETUP, 'cargo build', 'Complete job'],
  },
  {
    name: 'test (1, 2)',
    from: 0.5,
    to: 0.86,
    steps: [...SETUP, 'Run tests', 'Upload report', 'Complete job'],
  },
  {
    name: 'test (2, 2)',
    from: 0.52,
    to: 1,
    steps: [...SETUP, 'Run tests', 'Upload report', 'Complete job'],
  },
];

function outcome(from: number, to: number, now: number, conclusion: BuildConclusion) {
  if (now < from) return { status: BuildStatus.QUEUED };
  const startTime = timestampFromMs(from);
  if (now < to) return { status: BuildStatus.IN_PROGRESS, startTime };
  return { status: BuildStatus.COMPLETED, conclusion, startTime, endTime: timestampFromMs(to) };
}

function stepsOf(part: Part, from: number, to: number, now: number, failed: boolean): Job_Step[] {
  const weights: number[] = part.steps.map((name) =>
    SETUP.includes(name) ? 1 : name === 'Complete job' ? 0.3 : 9,
  );
  const culprit = part.steps.length - 3;
  if (failed) weights[culprit + 1] = 0;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let start = from;
  return part.steps.map((name, index) => {
    const skipped = failed && index === culprit + 1;
    const end = start + ((to - from) * (weights[index] ?? 0)) / total;
    const conclusion =
      failed && index === culprit
        ? BuildConclusion.FAILURE
        : skipped
          ? BuildConclusion.SKIPPED
          : BuildConclusion.SUCCESS;
    const step = create(Job_StepSchema, {
      number: index + 1,
      name,
      ...outcome(Math.floor(start), Math.floor(end), now, conclusion),
    });
    start = end;
    return step;
  });
}

/** The jobs of a build of the seeded world, as they stand now. */
export function jobsOf(build: Build, now: number): Job[] {
  const start = timestampMs(build.startTime) ?? now;
  const end = timestampMs(build.endTime) ?? start + 8 * 60_000;
  const length = end - start - 9000;
  const jobs = PARTS.map((part, index) => {
    const from = start + 9000 + Math.max(part.from * length, 0);
    const to = start + 9000 + Math.max(part.to * length, 0);
    const failed = isFailure(build) && part.name === 'test (2, 2)';
    const conclusion = failed ? build.conclusion : BuildConclusion.SUCCESS;
    return create(JobSchema, {
      id: `${build.runId}${index}`,
      runId: build.runId,
      runAttempt: build.runAttempt,
      name: part.name,
      labels: [part.name.includes('windows') ? 'windows-latest' : 'ubuntu-latest'],
      runner: now < from ? '' : `GitHub Actions ${100 + index}`,
      createTime: timestampFromMs(Math.floor(from - (index + 1) * 4000)),
      url: `https://github.com/${build.repository}/actions/runs/${build.runId}/job/${build.runId}${index}`,
      steps: stepsOf(part, from, to, now, failed),
      ...outcome(Math.floor(from), Math.floor(to), now, conclusion),
    });
  });
  const skipped = create(JobSchema, {
    id: `${build.runId}9`,
    name: 'deploy',
    status: build.endTime ? BuildStatus.COMPLETED : BuildStatus.QUEUED,
    conclusion: build.endTime ? BuildConclusion.SKIPPED : BuildConclusion.UNSPECIFIED,
    createTime: timestampFromMs(end),
    endTime: build.endTime,
  });
  return [...jobs, skipped];
}
