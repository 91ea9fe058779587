import type { TimeRange } from '../gen/lampboard/v1/build_pb.ts';
import { timestampMs } from './format.ts';

/** A stretch of time: up to now, or between two moments in milliseconds. */
export type Span = { lastHours: number } | { from?: number; to?: number };

const UNITS: Record<string, number> = { h: 1, d: 24, w: 168 };

function parseMoment(text: string): number | undefined {
  if (text === '') return undefined;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment;
}

/** Reads `24h`, `7d`, `2w`, `2026-11-01..2026-11-08` or a range open at one end. */
export function parseSpan(text: string): Span | undefined {
  const last = /^([1-9][0-9]{0,3})([hdw])$/.exec(text);
  if (last) return { lastHours: Number(last[1]) * (UNITS[last[2] ?? ''] ?? 1) };

  const ends = text.split('..');
  if (ends.length !== 2) return undefined;
  const [from, to] = ends.map(parseMoment);
  const readable = ends.every((end) => end === '' || parseMoment(end) !== undefined);
  if (!readable || (from === undefined && to === undefined)) return undefined;
  return { from, to };
}

function formatMoment(moment: number | undefined): string {
  return moment === undefined ? '' : new Date(moment).toISOString();
}

/** Writes what `parseSpan` reads. */
export function formatSpan(span: Span): string {
  if (!('lastHours' in span)) return `${formatMoment(span.from)}..${formatMoment(span.to)}`;
  const { lastHours } = span;
  return lastHours % 24 === 0 && lastHours > 24 ? `${lastHours / 24}d` : `${lastHours}h`;
}

/** The span that the server calls a range. */
export function spanOf(range: TimeRange | undefined): Span {
  return { from: timestampMs(range?.startTime), to: timestampMs(range?.endTime) };
}

/** Where a span starts and ends, seen from now. */
export function spanBounds(span: Span, now: number): { from?: number; to?: number } {
  return 'lastHours' in span ? { from: now - span.lastHours * 3_600_000 } : span;
}
