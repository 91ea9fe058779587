import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { AppMode, GapKind } from '../../gen/lampboard/v1/status_pb.ts';
import type {
  GetSystemResponse,
  InstallationSummary,
} from '../../gen/lampboard/v1/system_service_pb.ts';
import { formatAgo, formatClock, type Zone } from '../format.ts';
import type { Tone } from '../status.ts';
import { are, DOUBTS, notInstalled, silent, since } from './doubts.ts';
import { gapCount } from './gaps.ts';

/** The answer to "can I trust this screen?". */
export interface Verdict {
  icon: string;
  tone: Tone;
  sentence: string;
  detail?: string;
}

/** What the answer is made of. */
export interface Evidence {
  system: GetSystemResponse;
  /** Undefined while they are not known. */
  installations: readonly InstallationSummary[] | undefined;
  /** Backfills that are not over. */
  openBackfills: number;
  now: number;
  zone: Zone;
}

function last(what: string, time: Timestamp | undefined, now: number): string {
  const age = since(time, now);
  return age === undefined ? '' : ` Last ${what} ${formatAgo(age)}.`;
}

function allThatCame({ system, now }: Evidence): Verdict {
  return {
    icon: 'info',
    tone: 'muted',
    sentence: `Everything that came from GitHub is here.${last('webhook', system.lastDeliveryTime, now)}`,
    detail: 'Whether GitHub said more is not known: the app has no key to ask with.',
  };
}

function allThereIs({ system, now }: Evidence): Verdict {
  const { app, gaps, lastDeliveryTime } = system;
  const jobs = gapCount(gaps, GapKind.JOBS);
  const polling = app?.mode === AppMode.POLLING;
  const proof = polling
    ? last('asked', app?.lastRound?.startTime, now)
    : last('webhook', lastDeliveryTime, now);
  const details = [
    polling ? 'Without webhooks, builds show when GitHub is next asked.' : '',
    jobs > 0 ? `The jobs of ${are(jobs, 'build', 'builds')} are still to be fetched.` : '',
  ];
  return {
    icon: 'check-circle-fill',
    tone: 'success',
    sentence: `Everything GitHub said is here.${proof}`,
    detail: details.filter(Boolean).join(' '),
  };
}

/** Answers, with the worst that is known. */
export function verdictOf(evidence: Evidence): Verdict {
  for (const rule of DOUBTS) {
    const verdict = rule(evidence);
    if (verdict) return verdict;
  }
  const onlyListens = evidence.system.app?.mode === AppMode.WEBHOOKS;
  return onlyListens ? allThatCame(evidence) : allThereIs(evidence);
}

/** Whether webhooks should have come and did not, so that people want to know why: where nothing is installed, they do. */
export function isSilent(evidence: Evidence): boolean {
  return silent(evidence) !== undefined && notInstalled(evidence) === undefined;
}

/** What to say when nobody answers: what was true a while ago may not be true any more. */
export function unanswered(asOf: number | undefined, zone: Zone): Verdict {
  return {
    icon: 'question',
    tone: 'attention',
    sentence:
      asOf === undefined
        ? 'Not known: the server does not answer.'
        : `Not known since ${formatClock(asOf, zone)}: the server does not answer.`,
  };
}
