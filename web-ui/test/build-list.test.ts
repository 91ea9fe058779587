// @vitest-environment jsdom
import { create } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type BuildPage, listBuilds } from '../src/api/rpc.ts';
import { type Build, BuildFilterSchema } from '../src/gen/lampboard/v1/build_pb.ts';
import { BuildList } from '../src/lib/build-list.svelte.ts';
import { build, settle } from './make.ts';

vi.mock(import('../src/api/rpc.ts'), async (original) => ({
  ...(await original()),
  listBuilds: vi.fn<typeof listBuilds>(),
}));

const FILTER = create(BuildFilterSchema);
const ids = (builds: readonly Build[]) => builds.map(({ id }) => id).join(' ');
const heard = (...builds: Build[]) => ({ builds, gone: [] });

function answer(builds: Build[], next = ''): BuildPage {
  return { builds, next };
}

let list: BuildList;

beforeEach(async () => {
  vi.mocked(listBuilds).mockReset();
  vi.mocked(listBuilds).mockResolvedValueOnce(answer([build('c', 30), build('b', 20)], 'page 2'));
  list = new BuildList();
  await list.refresh(FILTER, false);
});

it('lists, and grows by the page after', async () => {
  expect(ids(list.builds)).toBe('c b');
  expect(list.complete).toBe(false);
  vi.mocked(listBuilds).mockResolvedValueOnce(answer([build('a', 10)]));
  await list.more(FILTER);
  expect(vi.mocked(listBuilds).mock.lastCall?.[1]).toEqual({ size: 50, token: 'page 2' });
  expect(ids(list.builds)).toBe('c b a');
  expect(list.complete).toBe(true);
});

describe('a new build', () => {
  it('goes to the top while nobody reads', () => {
    list.change(heard(build('d', 40)), false);
    expect(ids(list.builds)).toBe('d c b');
    expect(list.waiting).toEqual([]);
  });

  it('waits while somebody reads, is kept fresh, and comes in when asked for', () => {
    list.change(heard(build('d', 40)), true);
    list.change(heard(build('d', 40, { branch: 'main' }), build('b', 20, { branch: 'x' })), true);
    expect(ids(list.builds)).toBe('c b');
    expect(list.builds[1]?.branch).toBe('x');
    expect(list.waiting[0]?.branch).toBe('main');
    list.release();
    expect(ids(list.builds)).toBe('d c b');
    expect(list.waiting).toEqual([]);
  });

  it('that is old belongs to a later page', () => {
    list.change(heard(build('old', 1)), false);
    expect(ids(list.builds)).toBe('c b');
  });

  it('is one too many after a hundred: then the list is fetched again', () => {
    list.change(heard(...Array.from({ length: 100 }, (_, i) => build(`n${i}`, 100 + i))), false);
    expect(list.overflowing).toBe(false);
    list.change(heard(build('more', 500)), false);
    expect(list.overflowing).toBe(true);
  });
});

describe('listing again', () => {
  it('does not lose what was heard while it went on', async () => {
    let respond: (page: BuildPage) => void = () => undefined;
    vi.mocked(listBuilds).mockReturnValueOnce(new Promise((resolve) => (respond = resolve)));
    const done = list.refresh(FILTER, false);
    list.change(
      { builds: [build('e', 50), build('c', 30, { branch: 'new' })], gone: ['b'] },
      false,
    );
    respond(answer([build('c', 30, { branch: 'stale' }), build('b', 20)]));
    await done;
    expect(ids(list.builds)).toBe('e c');
    expect(list.builds[1]?.branch).toBe('new');
  });

  it('under a reader leaves the rows where they are', async () => {
    vi.mocked(listBuilds).mockResolvedValueOnce(
      answer([build('d', 40), build('c', 30), build('b', 20)]),
    );
    await list.refresh(FILTER, true);
    expect(ids(list.builds)).toBe('c b');
    expect(ids(list.waiting)).toBe('d');
  });

  it('takes the faster answer first and the later one last', async () => {
    const respond: ((page: BuildPage) => void)[] = [];
    vi.mocked(listBuilds).mockImplementation(() => new Promise((done) => respond.push(done)));
    const both = [list.refresh(FILTER, false), list.refresh(FILTER, false)];
    respond[1]?.(answer([build('second', 2)]));
    await settle();
    expect(ids(list.builds)).toBe('second');
    respond[0]?.(answer([build('first', 1)]));
    await Promise.all(both);
    expect(ids(list.builds)).toBe('second');
  });

  it('keeps the rows when it fails, and says so', async () => {
    vi.mocked(listBuilds).mockRejectedValueOnce(new TypeError('Failed to fetch'));
    await expect(list.refresh(FILTER, false)).rejects.toThrow();
    expect(ids(list.builds)).toBe('c b');
    expect(list.listing.problem?.sentence).toBe('The server cannot be reached.');
  });
});

it('of unended builds only drops those that end', () => {
  const unended = new BuildList((one) => one.conclusion === 0);
  unended.change(heard(build('a', 1), build('b', 2)), false);
  unended.change(heard(build('a', 1, { conclusion: 1 })), false);
  expect(ids(unended.builds)).toBe('b');
});
