import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatAgo,
  formatBytes,
  formatDuration,
  formatElapsed,
  formatPercent,
  formatSince,
  formatTime,
  plural,
} from '../src/lib/format.ts';

describe('durations', () => {
  it.each([
    [0, '0 s'],
    [40, '0 s'],
    [800, '0.8 s'],
    [1000, '1 s'],
    [9940, '9.9 s'],
    [9960, '10 s'],
    [42_300, '42 s'],
    [59_600, '1m 00s'],
    [252_000, '4m 12s'],
    [3_599_600, '1h 00m'],
    [3_780_000, '1h 03m'],
    [47.9 * 3_600_000, '47h 54m'],
    [76 * 3_600_000, '3d 04h'],
    [-5000, '0 s'],
  ])('writes %d ms as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it('counts whole seconds while something runs', () => {
    expect(formatElapsed(999)).toBe('0 s');
    expect(formatElapsed(59_999)).toBe('59 s');
    expect(formatElapsed(61_500)).toBe('1m 01s');
  });
});

describe('ages', () => {
  it.each([
    [-2000, 'just now'],
    [4999, 'just now'],
    [5000, '5 s ago'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [3_600_000, '1 h ago'],
    [86_400_000, '1 day ago'],
    [172_800_000, '2 days ago'],
  ])('says %d ms as %s', (ms, text) => expect(formatAgo(ms)).toBe(text));
});

describe('shares', () => {
  it.each([
    [0.908, '90.8 %'],
    [1, '100.0 %'],
    [0, '0.0 %'],
    [0.9999, '99.9 %'],
    [0.0001, '0.1 %'],
    [0.5, '50.0 %'],
  ])('writes %d as %s', (rate, text) => expect(formatPercent(rate)).toBe(text));
});

it('shows a time in UTC with its zone', () => {
  expect(formatTime(Date.UTC(2026, 10, 21, 14, 2, 11), 'utc')).toBe('21 Nov 2026, 14:02:11 UTC');
});

it('says since when something runs', () => {
  const now = Date.UTC(2026, 10, 21, 14, 2);
  expect(formatSince(now - 3_600_000, now, 'utc')).toBe('13:02');
  expect(formatSince(now - 30 * 3_600_000, now, 'utc')).toBe('20 Nov');
});

it('counts things', () => {
  expect(plural(1, 'build')).toBe('1 build');
  expect(plural(1204, 'build')).toBe('1,204 builds');
});

it.each([
  [-5, '0 s'],
  [59_999, '59 s'],
  [12 * 60_000, '12 min'],
  [26.9 * 3_600_000, '26 h'],
  [48 * 3_600_000, '2 days'],
])('what has lasted %d ms has lasted %s', (ms, text) => expect(formatAge(ms)).toBe(text));

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [48_213_504, '48.2 MB'],
  [999_960, '1.0 MB'],
  [5e15, '5000.0 TB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
