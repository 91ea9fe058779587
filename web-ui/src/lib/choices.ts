import { type Build, BuildConclusion, BuildStatus } from '../gen/lampboard/v1/build_pb.ts';
import { branchName } from './names.ts';
import { type BuildQuery, formatQuery, parseQuery } from './query.ts';
import { conclusionLook, FAILURES, UNENDED } from './status.ts';

/** A status as people choose it: GitHub's statuses, or its conclusions. */
export interface StatusChoice {
  name: string;
  statuses: BuildStatus[];
  conclusions: BuildConclusion[];
}

function ended(conclusion: BuildConclusion): StatusChoice {
  return { name: conclusionLook(conclusion).word, statuses: [], conclusions: [conclusion] };
}

export const STATUS_CHOICES: StatusChoice[] = [
  { name: 'any failure', statuses: [], conclusions: [...FAILURES] },
  { name: 'not ended', statuses: [...UNENDED], conclusions: [] },
  { name: 'running', statuses: [BuildStatus.IN_PROGRESS], conclusions: [] },
  ...[
    BuildConclusion.SUCCESS,
    BuildConclusion.FAILURE,
    BuildConclusion.TIMED_OUT,
    BuildConclusion.STARTUP_FAILURE,
    BuildConclusion.ACTION_REQUIRED,
    BuildConclusion.CANCELLED,
    BuildConclusion.SKIPPED,
    BuildConclusion.NEUTRAL,
    BuildConclusion.STALE,
  ].map(ended),
];

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((value) => b.includes(value));
}

/** The choice that a query stands for: none, one, or `several` where none fits. */
export function statusChoiceOf({ statuses, conclusions }: BuildQuery): string {
  if (statuses.length === 0 && conclusions.length === 0) return '';
  const choice = STATUS_CHOICES.find(
    (known) => same(known.statuses, statuses) && same(known.conclusions, conclusions),
  );
  return choice?.name ?? 'several';
}

type FieldKey =
  'repositories' | 'workflows' | 'branches' | 'actors' | 'events' | 'shas' | 'pulls' | 'runs';

/** The fields that take any value. */
export const FIELDS: { key: FieldKey; name: string; param: string; hint: string }[] = [
  { key: 'repositories', name: 'Repository', param: 'repo', hint: 'acme/api or acme/*' },
  { key: 'workflows', name: 'Workflow', param: 'workflow', hint: 'CI or Release*' },
  { key: 'branches', name: 'Branch', param: 'branch', hint: 'main or release/*' },
  { key: 'actors', name: 'Actor', param: 'actor', hint: 'mona or *[bot]' },
  { key: 'events', name: 'Event', param: 'event', hint: 'push' },
  { key: 'shas', name: 'Commit', param: 'sha', hint: '7 to 40 hexadecimal digits' },
  { key: 'pulls', name: 'Pull request', param: 'pr', hint: '42' },
  { key: 'runs', name: 'Run', param: 'run', hint: 'id of a run' },
];

/** The query with one value more, unless the field cannot have it. */
export function addValue(query: BuildQuery, key: FieldKey, text: string): BuildQuery | undefined {
  const param = FIELDS.find((field) => field.key === key)?.param;
  if (param === undefined || text === '') return undefined;
  const params = formatQuery(query);
  if (!params.has(param, text)) params.append(param, text);
  const parsed = parseQuery(params);
  return parsed.problems.length === 0 ? parsed.query : undefined;
}

const VALUES: Partial<Record<FieldKey, (build: Build) => string>> = {
  repositories: (build) => build.repository,
  workflows: (build) => build.workflow,
  branches: branchName,
  actors: (build) => build.triggeringActor,
  events: (build) => build.event,
};

/** Values of a field that some builds have. */
export function suggestions(builds: readonly Build[], key: FieldKey): string[] {
  const value = VALUES[key];
  return value ? [...new Set(builds.map(value))].filter(Boolean).sort() : [];
}
