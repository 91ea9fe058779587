// @vitest-environment jsdom
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { render, screen } from '@testing-library/svelte';
import { expect, it } from 'vitest';
import { filterOf } from '../src/api/filter.ts';
import Kpis from '../src/components/Kpis.svelte';
import RepositoryTable from '../src/components/RepositoryTable.svelte';
import SparkBars from '../src/components/SparkBars.svelte';
import {
  BuildConclusion,
  type BuildFilter,
  BuildStatus,
  TimeRangeSchema,
} from '../src/gen/lampboard/v1/build_pb.ts';
import {
  GetSummaryResponseSchema,
  SummarySchema,
} from '../src/gen/lampboard/v1/metrics_service_pb.ts';
import { RecentBuildSchema, RepositorySchema } from '../src/gen/lampboard/v1/repository_pb.ts';
import { parseQuery } from '../src/lib/query.ts';
import { spanOf } from '../src/lib/span.ts';

const summary = create(SummarySchema, {
  buildCount: 12,
  successCount: 9,
  failureCount: 1,
  successRate: 0.9,
});
const window = create(TimeRangeSchema, {
  startTime: timestampFromMs(Date.UTC(2026, 10, 1)),
  endTime: timestampFromMs(Date.UTC(2026, 10, 8, 1, 2, 3, 456)),
});
const DECIDED = [
  BuildConclusion.SUCCESS,
  BuildConclusion.FAILURE,
  BuildConclusion.TIMED_OUT,
  BuildConclusion.STARTUP_FAILURE,
];

/** What the server is asked for on the page that a link leads to. */
function filterBehind(name: RegExp): BuildFilter {
  const link = screen.getByRole<HTMLAnchorElement>('link', { name });
  const { query, problems } = parseQuery(new URL(link.href).searchParams);
  expect(problems).toEqual([]);
  return filterOf(query, Date.now());
}

const RATE = /^90\.0 %/;

it.each([
  ['Build count', /^12/, []],
  ['Success rate', RATE, DECIDED],
  ['Avg time', /^no data/, DECIDED],
])('%s opens exactly its builds', (_name, text, conclusions) => {
  const response = create(GetSummaryResponseSchema, { summary, window });
  render(Kpis, { response, before: '7 days' });
  expect(filterBehind(text)).toMatchObject({
    conclusions,
    statuses: [],
    endTimeRange: window,
    countedOnly: true,
    latestAttemptsOnly: false,
  });
});

it("a repository's rate opens exactly its builds", () => {
  const repository = create(RepositorySchema, { id: '1', name: 'acme/api' });
  const lines = [{ repository, summary }];
  render(RepositoryTable, { lines, sort: 'name', window: '7d', ended: spanOf(window) });
  expect(filterBehind(RATE)).toMatchObject({
    repositories: ['acme/api'],
    conclusions: DECIDED,
    endTimeRange: window,
    countedOnly: true,
  });
});

it('a bar of a spark line leads to its run', () => {
  const recent = create(RecentBuildSchema, { id: 'b', runId: '42', status: BuildStatus.QUEUED });
  render(SparkBars, { repository: 'acme/api', builds: [recent], href: '/builds' });
  const bars = screen.getByRole('link');
  bars.getBoundingClientRect = () => new DOMRect(0, 0, 240, 30);
  bars.dispatchEvent(
    new MouseEvent('click', { clientX: 236, detail: 1, bubbles: true, cancelable: true }),
  );
  expect(location.pathname).toBe('/r/acme/api/runs/42');
});
