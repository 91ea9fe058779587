// @vitest-environment jsdom
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { render } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import BrokenNow from '../src/components/BrokenNow.svelte';
import BuildHead from '../src/components/BuildHead.svelte';
import BuildRow from '../src/components/BuildRow.svelte';
import Chips from '../src/components/Chips.svelte';
import Facts from '../src/components/Facts.svelte';
import Failures from '../src/components/Failures.svelte';
import Headline from '../src/components/Headline.svelte';
import RepositoryTable from '../src/components/RepositoryTable.svelte';
import TimelineChart from '../src/components/TimelineChart.svelte';
import { BuildConclusion, BuildStatus } from '../src/gen/lampboard/v1/build_pb.ts';
import { JobSchema } from '../src/gen/lampboard/v1/job_pb.ts';
import { RepositorySchema, WorkflowSchema } from '../src/gen/lampboard/v1/repository_pb.ts';
import { ListWorkflowsResponseSchema } from '../src/gen/lampboard/v1/repository_service_pb.ts';
import { sparkTip } from '../src/lib/spark.ts';
import { everything } from '../src/lib/query.ts';
import { build } from './make.ts';

/** Turns everything after it around that is not kept apart from it. */
const FOREIGN = '\u202Egnp.exe';
const failure = { status: BuildStatus.COMPLETED, conclusion: BuildConclusion.FAILURE };
const at = (seconds: number) => timestampFromMs(seconds * 1000);

const one = build('b', 10, {
  ...failure,
  repository: FOREIGN,
  workflow: FOREIGN,
  workflowPath: FOREIGN,
  branch: FOREIGN,
  event: FOREIGN,
  title: FOREIGN,
  commitTitle: FOREIGN,
  commitAuthor: FOREIGN,
  actor: FOREIGN,
  triggeringActor: `${FOREIGN}2`,
  runId: '7',
});
const job = create(JobSchema, {
  ...failure,
  id: '1',
  name: FOREIGN,
  runner: FOREIGN,
  labels: [FOREIGN],
  steps: [{ ...failure, number: 1, name: FOREIGN, startTime: at(20), endTime: at(20) }],
});
const workflow = create(WorkflowSchema, {
  repository: FOREIGN,
  name: FOREIGN,
  broken: true,
  decisiveBuild: one,
  failedJobs: [FOREIGN],
});
const standing = create(ListWorkflowsResponseSchema, {
  workflows: [workflow],
  decidedCount: 1,
  brokenCount: 1,
});
const repository = create(RepositorySchema, { id: '1', name: FOREIGN });
const table = {
  lines: [{ repository }],
  sort: 'name' as const,
  window: '7d' as const,
  ended: { lastHours: 168 },
};
const query = { ...everything(), branches: [FOREIGN], actors: [FOREIGN], workflows: [FOREIGN] };

describe('a foreign text turns nothing around but itself', () => {
  it.each([
    ['in a row of builds', () => render(BuildRow, { build: one }), 6],
    ['in the head of a build', () => render(BuildHead, { build: one }), 5],
    ['in the facts of a build', () => render(Facts, { build: one }), 7],
    ['among what failed', () => render(Failures, { build: one, jobs: [job] }), 2],
    ['on the timeline', () => render(TimelineChart, { build: one, jobs: [job] }), 4],
    ['in the headline', () => render(Headline, { response: standing }), 2],
    ['among what is broken', () => render(BrokenNow, { workflows: [workflow], total: 1 }), 4],
    ['in the table of repositories', () => render(RepositoryTable, table), 1],
    ['in chips', () => render(Chips, { query }), 3],
  ])('%s', (_name, show, count) => {
    const { container } = show();
    const walker = document.createTreeWalker(container, NodeFilter.SHOW_TEXT);
    const found: (Element | null | undefined)[] = [];
    while (walker.nextNode()) {
      const { textContent, parentElement } = walker.currentNode;
      if (textContent?.includes(FOREIGN)) found.push(parentElement?.closest('bdi, code'));
    }
    expect(found).toHaveLength(count);
    expect(found).not.toContain(null);
  });

  it('in the tip of a spark bar', () => {
    const tip = sparkTip({ ...one, $typeName: 'lampboard.v1.RecentBuild', runNumber: 3 });
    expect(tip).toBe(`\u2068${FOREIGN}\u2069 #3 \u2068failed\u2069`);
  });
});

it('a workflow that has no name goes by its file, and keeps the path for whoever asks', () => {
  const path = '.github/workflows/nightly.yml';
  const { container } = render(BuildRow, { build: build('b', 10, { ...failure, workflow: path }) });
  const name = [...container.querySelectorAll('bdi')].find((bdi) => bdi.title === path);
  expect(name?.textContent).toBe('nightly.yml');
});

it('says once how long a build has been running', () => {
  const started = timestampFromMs(Date.now() - 9000);
  const running = build('b', 0, { startTime: started });
  const { container } = render(BuildRow, { build: running });
  expect(container.querySelector('.time')?.textContent.trim()).toMatch(/^\d+ s$/);
  expect(container.querySelector('.ago')?.textContent.trim()).toMatch(/^since \d\d:\d\d$/);
});
