import type { BuildQuery } from './query.ts';
import { formatTime, type Zone } from './format.ts';
import { formatSpan, type Span } from './span.ts';
import { conclusionLook, lookOf } from './status.ts';
import { BuildConclusion, type BuildStatus } from '../gen/lampboard/v1/build_pb.ts';

/** One part of a query, and the query without it. */
export interface Chip {
  field: string;
  value: string;
  without: BuildQuery;
}

type ListField = {
  [K in keyof BuildQuery]: BuildQuery[K] extends (string | number)[] ? K : never;
}[keyof BuildQuery] &
  string;

const LISTS: [ListField, string, (value: never) => string][] = [
  ['repositories', 'repository', String],
  ['workflows', 'workflow', String],
  ['workflowIds', 'workflow', (value: string) => `id ${value}`],
  ['branches', 'branch', String],
  ['actors', 'actor', String],
  ['events', 'event', String],
  ['statuses', 'status', statusLabel],
  ['conclusions', 'status', (value: BuildConclusion) => conclusionLook(value).word],
  ['shas', 'commit', (value: string) => value.slice(0, 10)],
  ['runs', 'run', String],
  ['pulls', 'pull request', (value: number) => `#${value}`],
];

function statusLabel(status: BuildStatus): string {
  return lookOf({ status, conclusion: BuildConclusion.UNSPECIFIED }).word;
}

function spanLabel(span: Span, zone: Zone): string {
  if ('lastHours' in span) return `last ${formatSpan(span)}`;
  const from = span.from === undefined ? '' : `from ${formatTime(span.from, zone)}`;
  const to = span.to === undefined ? '' : `to ${formatTime(span.to, zone)}`;
  return `${from} ${to}`.trim();
}

function listChips(query: BuildQuery): Chip[] {
  return LISTS.flatMap(([key, field, label]) =>
    query[key].map((value, index) => ({
      field,
      value: label(value as never),
      without: { ...query, [key]: query[key].filter((_, other) => other !== index) },
    })),
  );
}

/** Takes a query apart, so that each part can be removed alone. */
export function chipsOf(query: BuildQuery, zone: Zone): Chip[] {
  const chips = listChips(query);
  const { started, ended } = query;
  if (started) {
    const without = { ...query, started: undefined };
    chips.push({ field: 'started', value: spanLabel(started, zone), without });
  }
  if (ended) {
    const without = { ...query, ended: undefined };
    chips.push({ field: 'finished', value: spanLabel(ended, zone), without });
  }
  if (query.countedOnly) {
    const without = { ...query, countedOnly: false };
    chips.push({ field: 'attempts', value: 'counted only', without });
  }
  if (query.latestOnly) {
    chips.push({
      field: 'attempts',
      value: 'latest only',
      without: { ...query, latestOnly: false },
    });
  }
  if (query.defaultBranch) {
    const without = { ...query, defaultBranch: false };
    chips.push({ field: 'branch', value: 'default only', without });
  }
  return chips;
}
