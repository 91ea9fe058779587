// @vitest-environment jsdom
import { create } from '@bufbuild/protobuf';
import { render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { getBuild, listJobs, watchBuilds } from '../src/api/rpc.ts';
import { BuildFilterSchema, BuildStatus } from '../src/gen/lampboard/v1/build_pb.ts';
import { GetBuildResponseSchema } from '../src/gen/lampboard/v1/build_service_pb.ts';
import { type Job, JobSchema } from '../src/gen/lampboard/v1/job_pb.ts';
import type { LiveEvent } from '../src/lib/live.ts';
import { live } from '../src/lib/live.svelte.ts';
import BuildPage from '../src/pages/Build.svelte';
import { build } from './make.ts';

vi.mock(import('../src/api/rpc.ts'), async (original) => ({
  ...(await original()),
  getBuild: vi.fn<typeof getBuild>(),
  listJobs: vi.fn<typeof listJobs>(),
  watchBuilds: vi.fn<typeof watchBuilds>(),
}));

/** Says to whoever watches what the test says. */
let say: (event: LiveEvent) => void;

async function* streamed(): AsyncGenerator<LiveEvent> {
  const events: LiveEvent[] = [];
  let wake: () => void = () => undefined;
  say = (event) => {
    events.push(event);
    wake();
  };
  for (;;) {
    const event = events.shift();
    if (event) yield event;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

const running = build('b', 10, { runId: '7', runAttempt: 1, repository: 'acme/api', title: 'Fix' });
const job = create(JobSchema, { id: '1', name: 'compile', status: BuildStatus.QUEUED });

beforeEach(() => {
  vi.useFakeTimers();
  vi.mocked(watchBuilds).mockImplementation(streamed);
  vi.mocked(listJobs).mockResolvedValue([]);
  vi.mocked(getBuild).mockResolvedValue(
    create(GetBuildResponseSchema, { build: running, attempts: [running] }),
  );
});

afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('the page of a build', () => {
  it('shows a queued job that was reported alone', async () => {
    render(BuildPage, { which: { runId: '7' } });
    await pass(0);
    say({ kind: 'sync' });
    await pass(2000);
    expect(screen.getByText('No job is known yet.')).toBeDefined();

    vi.mocked(listJobs).mockResolvedValue([job]);
    say({ kind: 'build', build: running });
    await pass(2000);
    expect(screen.getByText('compile')).toBeDefined();
  });

  it('streams once, however often its status changes', async () => {
    render(BuildPage, { which: { runId: '7' } });
    await pass(0);
    say({ kind: 'sync' });
    say({ kind: 'heartbeat' });
    await pass(5000);
    expect(vi.mocked(watchBuilds)).toHaveBeenCalledTimes(1);
  });

  it('keeps its heading, which has the focus, when the build arrives', async () => {
    let arrive: (jobs: Job[]) => void = () => undefined;
    vi.mocked(listJobs).mockReturnValue(new Promise((resolve) => (arrive = resolve)));
    const { container } = render(BuildPage, { which: { runId: '7' } });
    const heading = container.querySelector('h1')!;
    heading.focus();
    await pass(0);
    expect(document.activeElement).toBe(heading);
    expect(heading.textContent).toContain('Fix');
    expect(screen.queryByText('Facts')).toBeNull();
    arrive([job]);
    await pass(0);
    expect(screen.getByText('Facts')).toBeDefined();
    expect(document.activeElement).toBe(heading);
  });

  it('of which the id is given has the address of its run', async () => {
    render(BuildPage, { which: { id: 'b' } });
    await pass(0);
    expect(vi.mocked(getBuild).mock.lastCall?.[0]).toEqual({ id: 'b' });
    expect(window.location.pathname).toBe('/r/acme/api/runs/7/attempts/1');
    expect(vi.mocked(watchBuilds)).not.toHaveBeenCalled();
  });

  it('turns to another attempt without losing the way to it', async () => {
    const first = build('a', 1, { ...running, id: 'a', title: 'First', runAttempt: 1 });
    const second = build('b', 10, { ...running, id: 'b', runAttempt: 2 });
    const attempts = [first, second];
    vi.mocked(getBuild).mockResolvedValue(
      create(GetBuildResponseSchema, { build: second, attempts }),
    );
    const page = render(BuildPage, { which: { runId: '7', attempt: 2 } });
    await pass(0);
    const link = screen.getByRole('link', { name: /Attempt 1/ });
    link.focus();
    vi.mocked(getBuild).mockReturnValue(new Promise(() => undefined));
    await page.rerender({ which: { runId: '7', attempt: 1 } });
    await pass(0);
    expect(page.container.querySelector('h1')?.textContent).toContain('First');
    expect(document.activeElement).toBe(link);
  });
});

describe('the pill', () => {
  const watcher = {
    filter: create(BuildFilterSchema),
    refresh: () => Promise.resolve(),
    change: () => undefined,
  };

  async function goLive() {
    const stop = live.watch(watcher);
    await pass(0);
    say({ kind: 'sync' });
    await pass(0);
    return stop;
  }

  it('goes on saying live from one page to the next', async () => {
    const leave = await goLive();
    leave();
    expect(live.status?.kind).toBe('live');
    const stop = live.watch(watcher);
    await pass(500);
    expect(live.status?.kind).toBe('live');
    say({ kind: 'sync' });
    await pass(5000);
    expect(live.status?.kind).toBe('live');
    stop();
  });

  it('says that it connects where that takes long, and nothing where nothing is followed', async () => {
    const leave = await goLive();
    leave();
    const stop = live.watch(watcher);
    await pass(1100);
    expect(live.status?.kind).toBe('connecting');
    stop();
    await pass(1100);
    expect(live.status).toBeUndefined();
  });

  it('connects in words at once when resumed', async () => {
    const stop = await goLive();
    live.togglePause();
    expect(live.status?.kind).toBe('paused');
    live.togglePause();
    expect(live.status?.kind).toBe('connecting');
    stop();
    await pass(1100);
  });
});
