import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Build, type BuildFilter, BuildConclusion } from '../src/gen/lampboard/v1/build_pb.ts';
import {
  RecentBuildSchema,
  type Repository,
  RepositorySchema,
  type Workflow,
  WorkflowSchema,
} from '../src/gen/lampboard/v1/repository_pb.ts';
import { newestFirst } from '../src/lib/builds.ts';
import { isEnded, isFailure } from '../src/lib/status.ts';
import { seeded } from './random.ts';
import { begin, finish, PLANS, seedBuilds } from './seed.ts';
import type { Scenario } from './scenario.ts';
import { selects } from './select.ts';

type Listener = (build: Build) => void;

const DECISIVE = (build: Build) => isFailure(build) || build.conclusion === BuildConclusion.SUCCESS;

/** Where history is being loaded, one repository has none yet. */
function hasHistory(build: Build): boolean {
  return build.repository !== 'acme/docs';
}

function recentOf(build: Build) {
  const { id, status, conclusion, runId, runNumber, runAttempt } = build;
  const { workflow, startTime, duration } = build;
  return { id, status, conclusion, runId, runNumber, runAttempt, workflow, startTime, duration };
}

/** Everything that the mock server knows, and what happens in it. */
export class World {
  builds: Build[];
  #listeners = new Set<Listener>();
  #random = seeded(7);

  constructor(now: number, scenario: Scenario) {
    this.builds = [];
    if (scenario === 'set-up' || scenario === 'listening') return;
    this.builds = seedBuilds(now).sort(newestFirst);
    for (const ago of [260_000, 95_000, 12_000]) this.step(now - ago);
    if (scenario === 'loading') this.builds = this.builds.filter(hasHistory);
  }

  select(filter: BuildFilter | undefined): Build[] {
    return this.builds.filter((build) => selects(filter, build));
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts a build, or ends one that runs. */
  step(now: number): void {
    const running = this.builds.filter((build) => !isEnded(build));
    const done = running.length > 4 ? running.at(-1) : undefined;
    const failed = this.#random() < 0.15;
    const conclusion = failed ? BuildConclusion.FAILURE : BuildConclusion.SUCCESS;
    this.#report(done ? finish(done, conclusion, now) : this.#begin(now));
  }

  repositories(recent: number): Repository[] {
    if (this.builds.length === 0) return [];
    const names = [...new Set(PLANS.map((plan) => plan.repository))].sort();
    return names.map((name) => this.#repository(name, recent));
  }

  /** The workflows, those that are broken first. */
  workflows(): Workflow[] {
    const all = PLANS.map((plan) => this.#workflow(plan.repository, plan.workflow));
    const decided = all.filter((workflow) => workflow.decisiveBuild);
    return decided.sort((a, b) => Number(b.broken) - Number(a.broken));
  }

  #begin(now: number): Build {
    const plan = PLANS[Math.floor(this.#random() * PLANS.length)] ?? PLANS[0]!;
    return begin(plan, 2000 + this.builds.length, now - 3000, this.#random);
  }

  #report(build: Build): void {
    const others = this.builds.filter((known) => known.id !== build.id);
    this.builds = [build, ...others].sort(newestFirst);
    for (const listener of this.#listeners) listener(build);
  }

  #onMain(repository: string): Build[] {
    return this.builds.filter((b) => b.repository === repository && b.branch === 'main');
  }

  #repository(name: string, recent: number): Repository {
    const builds = this.#onMain(name).filter((build) => build.latestAttempt);
    return create(RepositorySchema, {
      id: String(1000 + PLANS.findIndex((plan) => plan.repository === name)),
      name,
      defaultBranch: 'main',
      private: name === 'acme/infrastructure',
      lastBuildTime: this.builds.find((build) => build.repository === name)?.startTime,
      updateTime: timestampFromMs(0),
      recentBuilds: builds
        .slice(0, recent)
        .reverse()
        .map((build) => create(RecentBuildSchema, recentOf(build))),
    });
  }

  #workflow(repository: string, name: string): Workflow {
    const decided = this.#onMain(repository).filter((b) => b.workflow === name && DECISIVE(b));
    const decisive = decided[0];
    const broken = decisive !== undefined && isFailure(decisive);
    const lastGood = decided.findIndex((build) => !isFailure(build));
    return create(WorkflowSchema, {
      repository,
      name,
      decisiveBuild: decisive,
      broken,
      firstFailure: broken ? decided.at(lastGood === -1 ? -1 : lastGood - 1) : undefined,
      failedJobs: broken ? ['test (2, 2) > Run tests'] : [],
    });
  }
}
