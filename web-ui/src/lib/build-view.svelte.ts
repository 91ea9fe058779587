import { type BuildKey, getBuild, listJobs } from '../api/rpc.ts';
import type { Build } from '../gen/lampboard/v1/build_pb.ts';
import type { GetBuildResponse } from '../gen/lampboard/v1/build_service_pb.ts';
import type { Job } from '../gen/lampboard/v1/job_pb.ts';
import type { Changes } from './builds.ts';
import { Resource } from './resource.svelte.ts';

/** One build with its jobs and the other attempts of its run. */
export class BuildView {
  readonly found = new Resource<GetBuildResponse>();
  readonly jobs = new Resource<Job[]>();

  get build(): Build | undefined {
    return this.found.data?.build;
  }

  get attempts(): Build[] {
    return this.found.data?.attempts ?? [];
  }

  get problem() {
    return this.found.problem ?? this.jobs.problem;
  }

  /** Whether the jobs are here or something will not come: what comes one by one makes the page jump. */
  get settled(): boolean {
    return this.jobs.data !== undefined || this.problem !== undefined;
  }

  /** Fetches the build and its jobs; rejects when they cannot be had. */
  async load(key: BuildKey): Promise<void> {
    const before = this.build?.id;
    const id = (await this.found.load((signal) => getBuild(key, signal)))?.build?.id;
    if (id === undefined) return;
    // Of a run without a named attempt the latest is shown: a re-run makes it another build.
    if (before !== undefined && before !== id) this.jobs.clear();
    await this.jobs.load((signal) => listJobs(id, signal));
  }

  /** Shows what the stream reported before it is all fetched again. */
  change({ builds }: Changes): void {
    const data = this.found.data;
    if (!data) return;
    const latest = (old: Build) => builds.find((build) => build.id === old.id) ?? old;
    this.found.data = {
      ...data,
      build: data.build && latest(data.build),
      attempts: data.attempts.map(latest),
    };
  }

  /** Turns to another build: at once to an attempt that is known, so that what leads to others stays. */
  turn(key: BuildKey): void {
    const { data } = this.found;
    const build = data?.attempts.find((known) =>
      'id' in key
        ? known.id === key.id
        : known.runId === key.runId && known.runAttempt === key.attempt,
    );
    this.found.clear();
    this.jobs.clear();
    if (data && build) this.found.data = { ...data, build };
  }
}
