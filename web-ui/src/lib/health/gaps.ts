import { type AppStatus, GapKind } from '../../gen/lampboard/v1/status_pb.ts';
import type { GapCount } from '../../gen/lampboard/v1/system_service_pb.ts';
import { formatCount } from '../format.ts';
import { canAsk } from './mode.ts';

/** One kind of what is missing, in words. */
export interface GapLine {
  kind: GapKind;
  what: string;
  /** What happens about it. */
  then: string;
}

interface Words {
  one: string;
  many: string;
  then: string;
}

const WORDS: Partial<Record<GapKind, Words>> = {
  [GapKind.DELIVERY]: {
    one: 'webhook that GitHub could not deliver',
    many: 'webhooks that GitHub could not deliver',
    then: 'Fetched from GitHub’s log of deliveries, or what they said is asked for.',
  },
  [GapKind.END]: {
    one: 'build that has not been heard of for long',
    many: 'builds that have not been heard of for long',
    then: 'GitHub is asked what became of them.',
  },
  [GapKind.ATTEMPT]: {
    one: 'attempt that must have been, because a later one is known',
    many: 'attempts that must have been, because later ones are known',
    then: 'GitHub is asked for them.',
  },
  [GapKind.JOBS]: {
    one: 'build that is over and whose jobs may not all be known',
    many: 'builds that are over and whose jobs may not all be known',
    then: 'Fetched as the request budget allows, failed builds first. Until then it is said about when they ended.',
  },
};

const ORDER = [GapKind.DELIVERY, GapKind.END, GapKind.ATTEMPT, GapKind.JOBS];
const WITHOUT_KEY = 'They stay, because the app has no key to ask GitHub with.';

/** How much of one kind is missing. */
export function gapCount(gaps: readonly GapCount[], kind: GapKind): number {
  return Number(gaps.find((gap) => gap.kind === kind)?.count ?? 0);
}

/** What is missing, what concerns most first. */
export function gapLines(gaps: readonly GapCount[], app: AppStatus | undefined): GapLine[] {
  const lines: GapLine[] = [];
  for (const kind of ORDER) {
    const count = gapCount(gaps, kind);
    const words = WORDS[kind];
    // Only GitHub knows which job was the last: without asking, this holds of every build.
    const isNatural = kind === GapKind.JOBS && !canAsk(app);
    if (count === 0 || !words || isNatural) continue;
    const what = `${formatCount(count)} ${count === 1 ? words.one : words.many}`;
    lines.push({ kind, what, then: canAsk(app) ? words.then : WITHOUT_KEY });
  }
  return lines;
}
