import type { Duration } from '@bufbuild/protobuf/wkt';

/** The units in which people give a length of time, in seconds. */
export const UNITS = { s: 1, min: 60, h: 3600, d: 86_400 } as const;
export type Unit = keyof typeof UNITS;

/** A length of time, as a form takes it. */
export interface Amount {
  count: number;
  unit: Unit;
}

const DOWNWARDS: readonly Unit[] = ['d', 'h', 'min', 's'];

/** A length in the largest unit that it is a whole number of: 90 minutes stay so. */
export function amountOf(duration: Duration | undefined): Amount {
  const seconds = Number(duration?.seconds ?? 0);
  const unit = DOWNWARDS.find((name) => seconds % UNITS[name] === 0) ?? 's';
  return { count: seconds / UNITS[unit], unit };
}

export function secondsOf({ count, unit }: Amount): number {
  return Math.round(count * UNITS[unit]);
}

/** `90 min`, `1 h`, `2 days` */
export function amountWords({ count, unit }: Amount): string {
  if (unit !== 'd') return `${count} ${unit}`;
  return count === 1 ? '1 day' : `${count} days`;
}
