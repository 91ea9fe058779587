import { beforeEach, expect, it } from 'vitest';
import { Refresher } from '../src/lib/refresher.ts';
import { FakeClock } from './make.ts';

let clock: FakeClock;
let starts: number[];
let takes: number;
let refresher: Refresher;

beforeEach(() => {
  clock = new FakeClock();
  starts = [];
  takes = 0;
  refresher = new Refresher(clock, () => {
    starts.push(clock.now());
    return new Promise((resolve) => clock.after(takes, () => resolve(undefined)));
  });
});

it('runs at once, then once a second however often it is asked', async () => {
  for (let second = 0; second < 30; second++) {
    refresher.request();
    await clock.pass(100);
  }
  await clock.pass(1000);
  expect(starts).toEqual([0, 1000, 2000, 3000]);
});

it('gives a slow server time, and never asks twice at once', async () => {
  takes = 800;
  for (let second = 0; second < 70; second++) {
    refresher.request();
    await clock.pass(100);
  }
  expect(starts).toEqual([0, 3200, 6400]);
});

it('asks for nothing once it is stopped', async () => {
  refresher.request();
  refresher.stop();
  refresher.request();
  await clock.pass(5000);
  expect(starts).toEqual([]);
});
