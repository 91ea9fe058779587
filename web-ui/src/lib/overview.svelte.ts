import { filterOf } from '../api/filter.ts';
import {
  getRepositoryBreakdown,
  getSummary,
  listBrokenWorkflows,
  listRepositories,
} from '../api/rpc.ts';
import type { GetSummaryResponse, Summary } from '../gen/lampboard/v1/metrics_service_pb.ts';
import type { Repository } from '../gen/lampboard/v1/repository_pb.ts';
import type { ListWorkflowsResponse } from '../gen/lampboard/v1/repository_service_pb.ts';
import { BuildList } from './build-list.svelte.ts';
import { Resource } from './resource.svelte.ts';
import { isEnded, UNENDED } from './status.ts';
import { WINDOWS, type WindowName } from './window.ts';

const SPARK_BARS = 30;

/** A repository with its numbers in the window. */
export interface RepositoryLine {
  repository: Repository;
  summary?: Summary;
}

async function repositoryLines(
  filter: Parameters<typeof getRepositoryBreakdown>[0],
  signal: AbortSignal,
): Promise<RepositoryLine[]> {
  const [repositories, rows] = await Promise.all([
    listRepositories(SPARK_BARS, signal),
    getRepositoryBreakdown(filter, signal),
  ]);
  const summaries = new Map(rows.map((row) => [row.repositoryId, row.summary]));
  return repositories.map((repository) => ({
    repository,
    summary: summaries.get(repository.id),
  }));
}

/** Everything that the overview shows, each part fetched by itself. */
export class Overview {
  /** Kept while other pages are shown, so that coming back shows what was left. */
  static readonly shared = new Overview();

  readonly summary = new Resource<GetSummaryResponse>();
  readonly workflows = new Resource<ListWorkflowsResponse>();
  readonly repositories = new Resource<RepositoryLine[]>();
  readonly running = new BuildList((build) => !isEnded(build));

  get problem() {
    const parts = [this.summary, this.workflows, this.repositories, this.running.listing];
    return parts.find((part) => part.problem)?.problem;
  }

  /** Whether each part is here or will not come: what comes one by one makes the page jump. */
  get settled(): boolean {
    const parts = [this.summary, this.workflows, this.repositories, this.running.listing];
    return parts.every((part) => part.data ?? part.problem);
  }

  /** Whether of some repository nothing is known yet, so that history may still be on its way. */
  get isYoung(): boolean {
    return this.repositories.data?.some(({ repository }) => !repository.lastBuildTime) ?? false;
  }

  /** Fetches the numbers; rejects when one of them cannot be had. */
  async refreshNumbers(name: WindowName): Promise<void> {
    // Open at its end, so that a clock that is late hides no build.
    const filter = filterOf({ ended: { lastHours: WINDOWS[name].hours } }, Date.now());
    await Promise.all([
      this.summary.load((signal) => getSummary(filter, signal)),
      this.workflows.load((signal) => listBrokenWorkflows(signal)),
      this.repositories.load((signal) => repositoryLines(filter, signal)),
    ]);
  }

  refreshRunning(): Promise<void> {
    return this.running.refresh(filterOf({ statuses: [...UNENDED] }, Date.now()), false);
  }
}
