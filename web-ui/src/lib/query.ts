import { BuildConclusion, BuildStatus } from '../gen/lampboard/v1/build_pb.ts';
import { type Span, formatSpan, parseSpan } from './span.ts';
import { conclusionWord, statusWord } from './status.ts';

/** Which builds a page shows, as its address says it. */
export interface BuildQuery {
  repositories: string[];
  workflows: string[];
  workflowIds: string[];
  branches: string[];
  actors: string[];
  events: string[];
  statuses: BuildStatus[];
  conclusions: BuildConclusion[];
  shas: string[];
  runs: string[];
  pulls: number[];
  started?: Span;
  ended?: Span;
  countedOnly: boolean;
  latestOnly: boolean;
  defaultBranch: boolean;
}

/** A query, and what of the address could not be understood. */
export interface ParsedQuery {
  query: BuildQuery;
  problems: string[];
}

/** Matches every build. */
export function everything(): BuildQuery {
  return {
    repositories: [],
    workflows: [],
    workflowIds: [],
    branches: [],
    actors: [],
    events: [],
    statuses: [],
    conclusions: [],
    shas: [],
    runs: [],
    pulls: [],
    countedOnly: false,
    latestOnly: false,
    defaultBranch: false,
  };
}

const STATUSES = Object.values(BuildStatus).filter((value) => typeof value === 'number');
const CONCLUSIONS = Object.values(BuildConclusion).filter((value) => typeof value === 'number');

type Parser<T> = (text: string) => T | undefined;

const text: Parser<string> = (value) => value.trim() || undefined;
const sha: Parser<string> = (value) => (/^[0-9a-f]{7,40}$/i.test(value) ? value : undefined);
const id: Parser<string> = (value) => (/^[0-9]{1,18}$/.test(value) ? value : undefined);
const pull: Parser<number> = (value) =>
  /^[1-9][0-9]{0,8}$/.test(value) ? Number(value) : undefined;
const status: Parser<BuildStatus> = (value) => STATUSES.find((s) => s && statusWord(s) === value);
const conclusion: Parser<BuildConclusion> = (value) =>
  CONCLUSIONS.find((c) => c && conclusionWord(c) === value);

/** Reads a query out of an address. Nothing is ignored without a word. */
export function parseQuery(params: URLSearchParams): ParsedQuery {
  const problems: string[] = [];

  function read<T>(name: string, parse: Parser<T>): T[] {
    const values = params.getAll(name).map((raw) => {
      const value = parse(raw);
      if (value === undefined && raw !== '') problems.push(`${name}=${raw}`);
      return value;
    });
    return values.filter((value) => value !== undefined);
  }

  const query: BuildQuery = {
    repositories: read('repo', text),
    workflows: read('workflow', text),
    workflowIds: read('workflow_id', id),
    branches: read('branch', text),
    actors: read('actor', text),
    events: read('event', text),
    statuses: read('status', status),
    conclusions: read('conclusion', conclusion),
    shas: read('sha', sha),
    runs: read('run', id),
    pulls: read('pr', pull),
    started: read('started', parseSpan)[0],
    ended: read('ended', parseSpan)[0],
    countedOnly: params.get('counted') === '1',
    latestOnly: params.get('latest') === '1',
    defaultBranch: params.get('default') === '1',
  };
  return { query, problems };
}

/** Writes a query into an address; the opposite of reading it. */
export function formatQuery(query: BuildQuery): URLSearchParams {
  const params = new URLSearchParams();
  const write = (name: string, values: (string | number)[]) => {
    for (const value of values) params.append(name, String(value));
  };
  write('repo', query.repositories);
  write('workflow', query.workflows);
  write('workflow_id', query.workflowIds);
  write('branch', query.branches);
  write('actor', query.actors);
  write('event', query.events);
  write('status', query.statuses.map(statusWord));
  write('conclusion', query.conclusions.map(conclusionWord));
  write('sha', query.shas);
  write('run', query.runs);
  write('pr', query.pulls);
  if (query.started) params.set('started', formatSpan(query.started));
  if (query.ended) params.set('ended', formatSpan(query.ended));
  if (query.countedOnly) params.set('counted', '1');
  if (query.latestOnly) params.set('latest', '1');
  if (query.defaultBranch) params.set('default', '1');
  return params;
}

/** The page that lists the builds of a query. */
export function buildsHref(query: Partial<BuildQuery>): string {
  const params = formatQuery({ ...everything(), ...query });
  return params.size === 0 ? '/builds' : `/builds?${params}`;
}
