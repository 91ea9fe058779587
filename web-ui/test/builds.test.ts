import { describe, expect, it } from 'vitest';
import { type Build, BuildConclusion, BuildStatus } from '../src/gen/lampboard/v1/build_pb.ts';
import { Batch } from '../src/lib/batch.ts';
import {
  type Changes,
  changesOf,
  insert,
  joinChanges,
  onLoadedPages,
  updateKnown,
} from '../src/lib/builds.ts';
import { isEnded } from '../src/lib/status.ts';
import { build } from './make.ts';

const ids = (builds: readonly Build[]) => builds.map(({ id }) => id);
const changes = (builds: Build[], gone: string[] = []): Changes => ({ builds, gone });
const LIST = [build('c', 30), build('b', 20), build('a', 10)];

describe('a list of builds', () => {
  it('replaces what it knows in place and tells what it does not', () => {
    const newer = build('b', 20, { branch: 'main' });
    const { list, unknown } = updateKnown(LIST, changes([newer, build('d', 40)]));
    expect(ids(list)).toEqual(['c', 'b', 'a']);
    expect(list[1]?.branch).toBe('main');
    expect(ids(unknown)).toEqual(['d']);
  });

  it('takes off what is gone', () => {
    expect(ids(updateKnown(LIST, changes([], ['b'])).list)).toEqual(['c', 'a']);
  });

  it('stays the same object when nothing in it changed', () => {
    expect(updateKnown(LIST, changes([build('d', 40)], ['z'])).list).toBe(LIST);
  });

  it('stays sorted, newest first, whatever order builds come in', () => {
    const list = insert(LIST, [build('x', 5), build('y', 25), build('z', 40)]);
    expect(ids(list)).toEqual(['z', 'c', 'y', 'b', 'a', 'x']);
  });

  it('holds a build once', () => {
    expect(ids(insert(LIST, [build('b', 20)]))).toEqual(['c', 'b', 'a']);
  });

  it('leaves builds of later pages to those pages', () => {
    const old = [build('old', 1), build('new', 50)];
    expect(ids(onLoadedPages(old, LIST, false))).toEqual(['new']);
    expect(ids(onLoadedPages(old, LIST, true))).toEqual(['old', 'new']);
    expect(ids(onLoadedPages(old, [], false))).toEqual(['old', 'new']);
  });
});

describe('changes', () => {
  it('of a kind that a list does not hold are builds that are gone', () => {
    const done = build('b', 20, {
      status: BuildStatus.COMPLETED,
      conclusion: BuildConclusion.SUCCESS,
    });
    const seen = changesOf(changes([done, build('d', 40)], ['e']), (b) => !isEnded(b));
    expect(ids(seen.builds)).toEqual(['d']);
    expect(seen.gone).toEqual(['e', 'b']);
  });

  it('joined, the later ones win', () => {
    const first = changes([build('a', 1), build('b', 2)], ['c']);
    const second = changes([build('c', 3)], ['a']);
    expect(joinChanges(first, second)).toMatchObject({
      builds: [{ id: 'b' }, { id: 'c' }],
      gone: ['a'],
    });
  });
});

describe('a batch', () => {
  function gather() {
    const frames: (() => void)[] = [];
    const delivered: Changes[] = [];
    const batch = new Batch(
      (run) => frames.push(run),
      (seen) => delivered.push(seen),
    );
    return { batch, frames, delivered };
  }

  it('is handed over once a frame, each build in its last version', () => {
    const { batch, frames, delivered } = gather();
    for (let version = 0; version < 500; version++) batch.build(build('a', version));
    batch.build(build('b', 1));
    batch.gone('b');
    expect(frames).toHaveLength(1);
    frames[0]?.();
    expect(delivered).toEqual([{ builds: [build('a', 499)], gone: ['b'] }]);
  });

  it('waits for the next frame after one', () => {
    const { batch, frames, delivered } = gather();
    batch.build(build('a', 1));
    frames[0]?.();
    batch.build(build('a', 2));
    expect(frames).toHaveLength(2);
    expect(delivered).toHaveLength(1);
  });

  it('delivers nothing when it was cleared', () => {
    const { batch, frames, delivered } = gather();
    batch.build(build('a', 1));
    batch.clear();
    frames[0]?.();
    expect(delivered).toEqual([]);
  });
});
