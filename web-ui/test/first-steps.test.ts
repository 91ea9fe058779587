// @vitest-environment jsdom
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { getSystem, listBackfills } from '../src/api/system.ts';
import EmptyBoard from '../src/components/health/EmptyBoard.svelte';
import HistoryNote from '../src/components/health/HistoryNote.svelte';
import { BackfillSchema, BackfillStatus } from '../src/gen/lampboard/v1/backfill_pb.ts';
import { RepositorySchema } from '../src/gen/lampboard/v1/repository_pb.ts';
import { AppMode } from '../src/gen/lampboard/v1/status_pb.ts';
import {
  GetSystemResponseSchema,
  ListBackfillsResponseSchema,
} from '../src/gen/lampboard/v1/system_service_pb.ts';
import { Overview } from '../src/lib/overview.svelte.ts';
import { preferences } from '../src/lib/prefs.svelte.ts';

vi.mock(import('../src/api/system.ts'), async (original) => ({
  ...(await original()),
  getSystem: vi.fn<typeof getSystem>(),
  listBackfills: vi.fn<typeof listBackfills>(),
}));

function answer(mode: AppMode, runs?: number): void {
  const startTime = timestampFromMs(Date.parse('2026-11-21T13:58:30Z'));
  vi.mocked(getSystem).mockResolvedValue(
    create(GetSystemResponseSchema, { app: { mode, startTime } }),
  );
  const running = { status: BackfillStatus.RUNNING, runCount: runs };
  vi.mocked(listBackfills).mockResolvedValue(
    create(ListBackfillsResponseSchema, {
      backfills: runs === undefined ? [] : [create(BackfillSchema, running)],
    }),
  );
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  preferences.zone = 'utc';
});

afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

it.each([
  [
    AppMode.SETUP,
    undefined,
    'Not connected to GitHub yet: open the set-up link that the terminal printed.',
  ],
  [AppMode.CONNECTED, undefined, 'Listening since 13:58, nothing received yet.'],
  [AppMode.CONNECTED, 1204, 'Loading history: 1,204 runs so far.'],
])('an empty board says why (mode %i, %s runs), and where to see more', async (mode, runs, why) => {
  answer(mode, runs);
  const { container } = render(EmptyBoard);
  expect(container.textContent?.trim()).toBe('');
  await pass(0);
  expect(screen.getByText(why)).toBeDefined();
  expect(screen.getByRole('link', { name: 'Check health' }).getAttribute('href')).toBe('/system');
});

it('an empty board says what it can where the server does not tell more', async () => {
  const error = new ConnectError('', Code.Unimplemented);
  vi.mocked(getSystem).mockRejectedValue(error);
  vi.mocked(listBackfills).mockRejectedValue(error);
  render(EmptyBoard);
  await pass(0);
  expect(screen.getByText('Nothing received yet.')).toBeDefined();
});

it('the loading of history is said while it lasts, and looked for less often when there is none', async () => {
  answer(AppMode.CONNECTED, 1204);
  const { container } = render(HistoryNote);
  await pass(0);
  expect(screen.getByRole('link').textContent).toBe('Loading history: 1,204 runs so far');
  answer(AppMode.CONNECTED);
  await pass(5000);
  expect(container.textContent).toBe('');
  await pass(29_000);
  expect(vi.mocked(listBackfills)).toHaveBeenCalledTimes(2);
  await pass(1000);
  expect(vi.mocked(listBackfills)).toHaveBeenCalledTimes(3);
});

it('a board is young while a repository has no build', () => {
  const overview = new Overview();
  expect(overview.isYoung).toBe(false);
  const known = create(RepositorySchema, { lastBuildTime: timestampFromMs(1) });
  overview.repositories.data = [{ repository: known }];
  expect(overview.isYoung).toBe(false);
  overview.repositories.data = [{ repository: known }, { repository: create(RepositorySchema) }];
  expect(overview.isYoung).toBe(true);
});
