import { formatCount, formatDuration } from './format.ts';

/** How a number moved against the window before. */
export interface Delta {
  direction: 'up' | 'down' | 'same';
  text: string;
  /** Whether that is good; unset where it is neither. */
  good?: boolean;
}

const SAME: Delta = { direction: 'same', text: 'unchanged' };

function direction(difference: number): 'up' | 'down' {
  return difference > 0 ? 'up' : 'down';
}

/** Of two shares, in points. */
export function rateDelta(now?: number, before?: number): Delta | undefined {
  if (now === undefined || before === undefined) return undefined;
  const tenths = Math.round((now - before) * 1000);
  if (tenths === 0) return SAME;
  const text = `${(Math.abs(tenths) / 10).toFixed(1)} pt`;
  return { direction: direction(tenths), text, good: tenths > 0 };
}

/** Of two durations in milliseconds; shorter is better. */
export function durationDelta(now?: number, before?: number): Delta | undefined {
  if (now === undefined || before === undefined) return undefined;
  const difference = now - before;
  if (Math.abs(difference) < 500) return SAME;
  const text = formatDuration(Math.abs(difference));
  return { direction: direction(difference), text, good: difference < 0 };
}

/** Of two counts; more is neither good nor bad. */
export function countDelta(now?: number, before?: number): Delta | undefined {
  if (now === undefined || before === undefined) return undefined;
  if (now === before) return SAME;
  return { direction: direction(now - before), text: formatCount(Math.abs(now - before)) };
}
