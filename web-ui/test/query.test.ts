import { describe, expect, it } from 'vitest';
import { filterOf } from '../src/api/filter.ts';
import { BuildConclusion, BuildStatus } from '../src/gen/lampboard/v1/build_pb.ts';
import { chipsOf } from '../src/lib/chips.ts';
import { addValue, statusChoiceOf } from '../src/lib/choices.ts';
import {
  buildsHref,
  type BuildQuery,
  everything,
  formatQuery,
  parseQuery,
} from '../src/lib/query.ts';
import { formatSpan, parseSpan } from '../src/lib/span.ts';

const FULL: BuildQuery = {
  repositories: ['acme/*', 'other/web'],
  workflows: ['CI, nightly'],
  workflowIds: ['161335'],
  branches: ['release/1&2', '<b>x</b>'],
  actors: ['*[bot]'],
  events: ['pull_request'],
  statuses: [BuildStatus.IN_PROGRESS, BuildStatus.COMPLETED],
  conclusions: [BuildConclusion.TIMED_OUT],
  shas: ['3f2c1ab'],
  runs: ['18000000001'],
  pulls: [42],
  started: { lastHours: 168 },
  ended: { from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 10, 8) },
  countedOnly: true,
  latestOnly: true,
  defaultBranch: true,
};

describe('a query in the address', () => {
  it('comes back as it was written', () => {
    const address = formatQuery(FULL).toString();
    expect(parseQuery(new URLSearchParams(address))).toEqual({ query: FULL, problems: [] });
  });

  it('is empty for everything', () => {
    expect(buildsHref({})).toBe('/builds');
    expect(parseQuery(new URLSearchParams('')).query).toEqual({
      ...everything(),
      started: undefined,
      ended: undefined,
    });
  });

  it('names what it does not understand', () => {
    const { query, problems } = parseQuery(
      new URLSearchParams(
        'status=sleeping&conclusion=failure&sha=xyz&pr=0&started=soon&status=unspecified',
      ),
    );
    expect(problems).toEqual([
      'status=sleeping',
      'status=unspecified',
      'sha=xyz',
      'pr=0',
      'started=soon',
    ]);
    expect(query.conclusions).toEqual([BuildConclusion.FAILURE]);
    expect(query.statuses).toEqual([]);
  });

  it('can be taken apart, part by part', () => {
    let query = FULL;
    const fields: string[] = [];
    for (let [chip] = chipsOf(query, 'utc'); chip; [chip] = chipsOf(query, 'utc')) {
      fields.push(`${chip.field}:${chip.value}`);
      query = chip.without;
    }
    expect(fields).toHaveLength(19);
    expect(fields).toContain('status:timed out');
    expect(fields).toContain('workflow:id 161335');
    expect(fields).toContain('attempts:counted only');
    expect(fields).toContain('started:last 7d');
    expect(formatQuery(query).toString()).toBe('');
  });
});

describe('a span of time', () => {
  it.each(['1h', '24h', '7d', '30d', '2026-11-01T00:00:00.000Z..', '..2026-11-08T00:00:00.000Z'])(
    'reads and writes %s',
    (text) => expect(formatSpan(parseSpan(text)!)).toBe(text),
  );

  it.each(['', '0h', '7', '7y', '..', 'a..b', '2026-11-01', '2026-11-01..nope'])(
    'refuses %s',
    (text) => expect(parseSpan(text)).toBeUndefined(),
  );
});

it('asks the server for a window that ends at no time, when it is a relative one', () => {
  const now = Date.UTC(2026, 10, 21);
  const filter = filterOf({ ended: { lastHours: 24 }, shas: ['3f2c1ab'] }, now);
  expect(filter.endTimeRange?.startTime?.seconds).toBe(BigInt(now / 1000 - 86_400));
  expect(filter.endTimeRange?.endTime).toBeUndefined();
  expect(filter.startTimeRange).toBeUndefined();
  expect(filter.commitShas).toEqual(['3f2c1ab']);
});

describe('choosing filters', () => {
  it('knows which choice a query stands for', () => {
    const failing = [
      BuildConclusion.STARTUP_FAILURE,
      BuildConclusion.FAILURE,
      BuildConclusion.TIMED_OUT,
    ];
    expect(statusChoiceOf(everything())).toBe('');
    expect(statusChoiceOf({ ...everything(), conclusions: failing })).toBe('any failure');
    expect(statusChoiceOf({ ...everything(), conclusions: failing.slice(1) })).toBe('several');
  });

  it('adds a value once, and only one that the field can have', () => {
    const once = addValue(everything(), 'branches', 'main');
    expect(once?.branches).toEqual(['main']);
    expect(addValue(once!, 'branches', 'main')?.branches).toEqual(['main']);
    expect(addValue(everything(), 'shas', 'not-a-sha')).toBeUndefined();
    expect(addValue(everything(), 'pulls', '')).toBeUndefined();
  });
});
