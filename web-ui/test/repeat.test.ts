// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { repeatWhileVisible } from '../src/lib/repeat.ts';
import { FakeClock } from './make.ts';

let clock: FakeClock;
let starts: number[];
let stop: () => void;
let hidden: boolean;

beforeEach(() => {
  clock = new FakeClock();
  starts = [];
  hidden = false;
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden);
});

afterEach(() => {
  stop();
  vi.restoreAllMocks();
});

function repeat(takes = 0, fails = false): void {
  stop = repeatWhileVisible(
    clock,
    () => 5000,
    () => {
      starts.push(clock.now());
      if (fails) return Promise.reject(new Error('unreachable'));
      return new Promise((resolve) => clock.after(takes, () => resolve(undefined)));
    },
  );
}

function show(visible: boolean): void {
  hidden = !visible;
  document.dispatchEvent(new Event('visibilitychange'));
}

it('begins at once, and pauses after each time', async () => {
  repeat(1000);
  await clock.pass(13_000);
  expect(starts).toEqual([0, 6000, 12_000]);
});

it('goes on when it fails', async () => {
  repeat(0, true);
  await clock.pass(10_000);
  expect(starts).toEqual([0, 5000, 10_000]);
});

it('rests while nobody looks, and is up to date at once when somebody does', async () => {
  repeat();
  await clock.pass(1000);
  show(false);
  await clock.pass(60_000);
  expect(starts).toEqual([0]);
  show(true);
  await clock.pass(0);
  expect(starts).toEqual([0, 61_000]);
  await clock.pass(5000);
  expect(starts).toEqual([0, 61_000, 66_000]);
});

it('never runs twice at a time', async () => {
  repeat(3000);
  show(true);
  await clock.pass(1000);
  show(true);
  await clock.pass(1000);
  expect(starts).toEqual([0]);
});

it('stops', async () => {
  repeat(1000);
  stop();
  await clock.pass(60_000);
  show(true);
  await clock.pass(60_000);
  expect(starts).toEqual([0]);
});
