import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type Build,
  BuildConclusion,
  BuildSchema,
  BuildStatus,
  Provider,
} from '../src/gen/lampboard/v1/build_pb.ts';
import { seeded } from './random.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A workflow that the seeded world runs. */
export interface Plan {
  repository: string;
  workflow: string;
  file: string;
  everyHours: number;
  minutes: number;
  failing: number;
  /** Red on main since so many hours. */
  brokenFor?: number;
}

export const PLANS: Plan[] = [
  {
    repository: 'acme/api',
    workflow: 'CI',
    file: 'ci.yml',
    everyHours: 2,
    minutes: 6,
    failing: 0.08,
  },
  {
    repository: 'acme/api',
    workflow: 'Release',
    file: 'release.yml',
    everyHours: 20,
    minutes: 11,
    failing: 0.05,
    brokenFor: 30,
  },
  {
    repository: 'acme/web',
    workflow: 'CI',
    file: 'ci.yml',
    everyHours: 1.5,
    minutes: 9,
    failing: 0.2,
    brokenFor: 3,
  },
  {
    repository: 'acme/web',
    workflow: 'Lighthouse',
    file: 'lighthouse.yml',
    everyHours: 9,
    minutes: 3,
    failing: 0.02,
  },
  {
    repository: 'acme/infrastructure',
    workflow: 'Plan',
    file: 'plan.yml',
    everyHours: 12,
    minutes: 2,
    failing: 0.04,
  },
  {
    repository: 'acme/mobile-application-for-field-engineers',
    workflow: 'Build and test on every device',
    file: 'devices.yml',
    everyHours: 8,
    minutes: 34,
    failing: 0.3,
  },
  {
    repository: 'acme/docs',
    workflow: 'Publish',
    file: 'publish.yml',
    everyHours: 30,
    minutes: 1,
    failing: 0.01,
  },
];

const PEOPLE = ['mona', 'hubot', 'ada-l', 'grace', 'linus', 'dependabot[bot]'];
const TITLES = [
  'Fix token cache expiry',
  'Bump serde from 1.0.227 to 1.0.228',
  'Render the timeline without layout shifts',
  'Retry uploads that time out',
  'Use keyset paging for the list of builds, because offsets get slow after a few hundred pages',
  'Say which step failed',
  '<img src=x onerror=alert(1)> & "quotes"',
];
const BRANCHES = [
  'feature/timeline',
  'fix/cache',
  'dependabot/cargo/serde-1.0.228',
  '<b>bold</b>/x',
];

function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)] as T;
}

function hex(random: () => number): string {
  return Array.from({ length: 40 }, () => Math.floor(random() * 16).toString(16)).join('');
}

function conclude(plan: Plan, main: boolean, age: number, random: () => number) {
  const broken = main && plan.brokenFor !== undefined && age < plan.brokenFor * HOUR;
  if (broken || random() < plan.failing) {
    return random() < 0.15 ? BuildConclusion.TIMED_OUT : BuildConclusion.FAILURE;
  }
  return random() < 0.06 ? BuildConclusion.CANCELLED : BuildConclusion.SUCCESS;
}

/** Marks a build as finished. */
export function finish(build: Build, conclusion: BuildConclusion, end: number): Build {
  const start = Number(build.startTime?.seconds ?? 0n) * 1000;
  return create(BuildSchema, {
    ...build,
    status: BuildStatus.COMPLETED,
    conclusion,
    counted: true,
    endTime: timestampFromMs(end),
    endTimeApproximate: build.runNumber % 9 === 0,
    updateTime: timestampFromMs(end),
    duration: durationFromMs(end - start),
    runDuration: durationFromMs(Math.max(end - start - 9000, 0)),
    queueDuration: durationFromMs(9000),
  });
}

let lastRun = 18_000_000_000;

/** One build, running since its start. */
export function begin(plan: Plan, number: number, start: number, random: () => number): Build {
  const main = random() < 0.6;
  const actor = pick(PEOPLE, random);
  const title = pick(TITLES, random);
  const run = String((lastRun += 1 + Math.floor(random() * 90)));
  const branch = main ? 'main' : pick(BRANCHES, random);
  return create(BuildSchema, {
    id: `b${run}-1`,
    repository: plan.repository,
    repositoryId: String(1000 + PLANS.findIndex((p) => p.repository === plan.repository)),
    workflow: plan.workflow,
    workflowId: String(PLANS.indexOf(plan) + 1),
    workflowPath: `.github/workflows/${plan.file}`,
    runId: run,
    runNumber: number,
    runAttempt: 1,
    status: BuildStatus.IN_PROGRESS,
    event: main ? 'push' : 'pull_request',
    branch,
    commitSha: hex(random),
    commitTitle: title,
    commitAuthor: actor,
    title,
    actor,
    triggeringActor: actor,
    pullRequests: main ? [] : [100 + Math.floor(random() * 400)],
    url: `https://github.com/${plan.repository}/actions/runs/${run}/attempts/1`,
    provider: Provider.GITHUB_ACTIONS,
    createTime: timestampFromMs(start - 2000),
    startTime: timestampFromMs(start),
    updateTime: timestampFromMs(start),
    latestAttempt: true,
  });
}

function retried(build: Build, end: number): Build {
  const again = create(BuildSchema, {
    ...build,
    id: `b${build.runId}-2`,
    runAttempt: 2,
    startTime: timestampFromMs(end + 5 * MINUTE),
    url: build.url.replace('attempts/1', 'attempts/2'),
  });
  build.latestAttempt = false;
  build.counted = false;
  return finish(again, BuildConclusion.SUCCESS, end + 11 * MINUTE);
}

function history(plan: Plan, now: number, random: () => number): Build[] {
  const builds: Build[] = [];
  let start = now - 40 * 24 * HOUR;
  for (let number = 1; ; number++) {
    start += plan.everyHours * HOUR * (0.3 + 1.4 * random());
    const length = plan.minutes * MINUTE * (0.7 + 0.6 * random() + (random() < 0.06 ? 1.5 : 0));
    const build = begin(plan, number, Math.floor(start), random);
    if (start > now - 20_000) return builds;
    if (start + length > now) {
      builds.push(build);
      continue;
    }
    const end = Math.floor(start + length);
    const done = finish(build, conclude(plan, build.branch === 'main', now - start, random), end);
    builds.push(done);
    const flaky = done.conclusion === BuildConclusion.FAILURE && random() < 0.25;
    if (flaky && now - end > 12 * HOUR && plan.brokenFor === undefined)
      builds.push(retried(done, end));
  }
}

/** Forty days of builds, the same every time but for when they end: now. */
export function seedBuilds(now: number): Build[] {
  const random = seeded(20_261_121);
  return PLANS.flatMap((plan) => history(plan, now, random));
}
