import { durationMs, timestampMs } from './format.ts';
import type { RepositoryLine } from './overview.svelte.ts';

/** What the repositories can be sorted by. */
export const SORTS = ['name', 'success', 'p50', 'p95', 'running', 'updated'] as const;

export type Sort = (typeof SORTS)[number];

const KEYS: Record<Exclude<Sort, 'name'>, (line: RepositoryLine) => number | undefined> = {
  // The worst first.
  success: ({ summary }) => (summary?.successRate === undefined ? undefined : -summary.successRate),
  p50: ({ summary }) => durationMs(summary?.wallDuration?.p50),
  p95: ({ summary }) => durationMs(summary?.wallDuration?.p95),
  running: ({ summary }) => summary?.runningCount,
  updated: ({ repository }) => timestampMs(repository.lastBuildTime),
};

/** The order that an address asks for; by name unless it does. */
export function sortOf(params: URLSearchParams): Sort {
  return SORTS.find((sort) => sort === params.get('sort')) ?? 'name';
}

/** The lines in an order; those without a value come last. */
export function sorted(lines: readonly RepositoryLine[], sort: Sort): RepositoryLine[] {
  if (sort === 'name') return [...lines];
  const key = KEYS[sort];
  return lines.toSorted((a, b) => (key(b) ?? -Infinity) - (key(a) ?? -Infinity) || 0);
}
