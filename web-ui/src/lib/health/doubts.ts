import { AppMode, GapKind } from '../../gen/lampboard/v1/status_pb.ts';
import { formatAge, formatClock, formatCount, timestampMs } from '../format.ts';
import { isolate } from '../names.ts';
import { gapCount } from './gaps.ts';
import { activeOnes, repositories, watchedCount } from './installation.ts';
import { canAsk, examinesLog, expectsWebhooks, limitedUntil } from './mode.ts';
import type { Evidence, Verdict } from './verdict.ts';

const MINUTE = 60_000;
/** The app tells how it is at least every minute. */
const APP_IS_LATE = 3 * MINUTE;
const ASKING_IS_LATE = 15 * MINUTE;
/** So long without a webhook is worth a look. */
const SILENCE = 24 * 60 * MINUTE;

const doubt = { icon: 'alert', tone: 'attention' } as const;
const bad = { icon: 'x-circle-fill', tone: 'danger' } as const;

/** A count with the words that go with it. */
export function are(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** How long ago something was. */
export function since(time: Parameters<typeof timestampMs>[0], now: number): number | undefined {
  const ms = timestampMs(time);
  return ms === undefined ? undefined : now - ms;
}

function cannotWrite({ system }: Evidence): Verdict | undefined {
  if (system.databaseProblem === '') return undefined;
  return {
    ...bad,
    sentence: 'The database cannot be written, so nothing new is shown.',
    detail: `${isolate(system.databaseProblem)}. Until it is mended, webhooks are refused.`,
  };
}

function neverTold({ system }: Evidence): Verdict | undefined {
  if (system.app) return undefined;
  return {
    ...bad,
    sentence: 'The GitHub App has not connected to this server yet.',
    detail: 'If it runs as a process of its own, see whether it is up and has the write key.',
  };
}

function inSetup({ system }: Evidence): Verdict | undefined {
  if (system.app?.mode !== AppMode.SETUP) return undefined;
  return {
    icon: 'info',
    tone: 'attention',
    sentence: 'Not connected to GitHub yet: open the set-up link that the terminal printed.',
  };
}

function toldLongAgo({ system, now }: Evidence): Verdict | undefined {
  const age = since(system.appReportTime, now);
  if (age !== undefined && age <= APP_IS_LATE) return undefined;
  const told = age === undefined ? 'ever' : `for ${formatAge(age)}`;
  return {
    ...bad,
    sentence: `The GitHub App has not been heard of ${told}: it may take in no webhooks.`,
    detail: 'See whether its process is up and reaches this server.',
  };
}

function hasProblems({ system }: Evidence): Verdict | undefined {
  const count = system.app?.problems.length ?? 0;
  if (count === 0) return undefined;
  return {
    ...bad,
    sentence: `${are(count, 'thing keeps', 'things keep')} the app from doing its work.`,
    detail:
      count === 1 ? 'It is named below, with what to do.' : 'Each is named below, with what to do.',
  };
}

/** No account lets the app see anything. */
export function notInstalled({ system, installations }: Evidence): Verdict | undefined {
  if (!canAsk(system.app) || !installations || activeOnes(installations).length > 0) {
    return undefined;
  }
  return installations.length === 0
    ? {
        ...doubt,
        sentence: 'The app is installed on no account yet.',
        detail: 'Builds come once an owner has installed it: the way there stands below.',
      }
    : {
        ...doubt,
        sentence: 'No installation works: each was suspended or uninstalled.',
        detail: 'Nothing new comes until an owner lifts the suspension or installs it again.',
      };
}

function limitWords({ system, now, zone }: Evidence): string | undefined {
  const end = limitedUntil(system, now);
  return end === undefined
    ? undefined
    : `GitHub takes no more requests until ${formatClock(end, zone)}; then it goes on.`;
}

function missed(evidence: Evidence): Verdict | undefined {
  const { system } = evidence;
  const count = gapCount(system.gaps, GapKind.DELIVERY);
  if (count === 0) return undefined;
  if (!canAsk(system.app)) {
    const what = are(count, 'webhook was', 'webhooks were');
    return { ...doubt, sentence: `${what} missed, and the app has no key to fetch what was said.` };
  }
  const what =
    count === 1
      ? '1 webhook was missed and is'
      : `${formatCount(count)} webhooks were missed and are`;
  return {
    ...doubt,
    sentence: `${what} being fetched.`,
    detail: limitWords(evidence) ?? 'Until then, builds may be missing or look unfinished.',
  };
}

/** No webhook came where some should have. */
export function silent({ system, installations, now }: Evidence): Verdict | undefined {
  if (!expectsWebhooks(system.app)) return undefined;
  const silence = since(system.lastDeliveryTime, now);
  if (silence === undefined) {
    const listening = since(system.app?.startTime, now) ?? 0;
    return {
      ...doubt,
      sentence: `No webhook has come yet, in ${formatAge(listening)} of listening.`,
      detail: 'What may be the reason stands below, with what to do.',
    };
  }
  if (silence < SILENCE) return undefined;
  const watched = watchedCount(installations ?? []);
  const meanwhile =
    watched === 0 ? '' : ` while ${repositories(watched)} ${watched === 1 ? 'is' : 'are'} watched`;
  return {
    ...doubt,
    sentence: `GitHub has been silent for ${formatAge(silence)}${meanwhile}.`,
    detail:
      'That is as it should be only if nothing ran. Other reasons stand below, with what to do.',
  };
}

function wentWrong(evidence: Evidence): Verdict | undefined {
  const problem = evidence.system.app?.lastRound?.problem ?? '';
  if (problem === '') return undefined;
  const limit = limitWords(evidence);
  if (limit !== undefined) {
    return { ...doubt, sentence: limit, detail: 'What webhooks have missed since is not known.' };
  }
  return {
    ...doubt,
    sentence: 'Asking GitHub for what is missing went wrong the last time.',
    detail: isolate(problem),
  };
}

function askedLongAgo(evidence: Evidence): Verdict | undefined {
  const { system, now } = evidence;
  const up = since(system.app?.startTime, now) ?? 0;
  const age = since(system.app?.lastRound?.startTime, now) ?? up;
  if (!canAsk(system.app) || age <= ASKING_IS_LATE) return undefined;
  return {
    ...doubt,
    sentence: `GitHub has not been asked for what is missing for ${formatAge(age)}.`,
    detail: limitWords(evidence),
  };
}

function notExamined(evidence: Evidence): Verdict | undefined {
  const { system, now } = evidence;
  if (!examinesLog(system.app)) return undefined;
  const up = since(system.app?.startTime, now) ?? 0;
  const age = since(system.examinedUntilTime, now) ?? up;
  if (age <= ASKING_IS_LATE) return undefined;
  return {
    ...doubt,
    sentence: `Whether webhooks were missed in the last ${formatAge(age)} is not known yet.`,
    detail: limitWords(evidence) ?? 'GitHub’s log of deliveries was not examined in that time.',
  };
}

function lost({ system }: Evidence): Verdict | undefined {
  const count = Number(system.deliveries?.lost ?? 0);
  if (count === 0) return undefined;
  return {
    ...doubt,
    sentence: `${are(count, 'webhook', 'webhooks')} of the last 24 hours cannot be had any more.`,
    detail: 'GitHub does not keep them. What they said of builds is asked for where it can be.',
  };
}

function unsure({ system, openBackfills }: Evidence): Verdict | undefined {
  const { gaps, app } = system;
  // What history is made of comes with it.
  const attempts = openBackfills === 0 ? gapCount(gaps, GapKind.ATTEMPT) : 0;
  const count = gapCount(gaps, GapKind.END) + attempts;
  if (count === 0) return undefined;
  const what = `What became of ${are(count, 'build', 'builds')} is not known`;
  return {
    ...doubt,
    sentence: canAsk(app) ? `${what} yet; GitHub is being asked.` : `${what}.`,
  };
}

function loading({ openBackfills }: Evidence): Verdict | undefined {
  if (openBackfills === 0) return undefined;
  return {
    icon: 'history',
    tone: 'muted',
    sentence: `The history of ${are(openBackfills, 'repository', 'repositories')} is still being loaded.`,
    detail: 'What happens now is here. Of what happened before, builds and jobs may be missing.',
  };
}

function notUnderstood({ system }: Evidence): Verdict | undefined {
  const count = Number(system.deliveries?.quarantined ?? 0);
  if (count === 0) return undefined;
  return {
    ...doubt,
    sentence: `Everything is here, but ${are(count, 'webhook was', 'webhooks were')} not understood.`,
    detail: `${count === 1 ? 'It is' : 'They are'} kept, with the reason, among the deliveries below.`,
  };
}

/** Why more may be missing than is known. Empty if that cannot be. */
export function doubtOfGaps(evidence: Evidence): string {
  if (!canAsk(evidence.system.app)) {
    return 'Without its key, the app cannot ask GitHub for builds, or for jobs that webhooks left out.';
  }
  const blind = [
    cannotWrite,
    toldLongAgo,
    hasProblems,
    notInstalled,
    wentWrong,
    askedLongAgo,
    notExamined,
  ];
  return blind.some((rule) => rule(evidence)) ? 'More may be: see above for why.' : '';
}

/** What keeps this screen from being trusted, the worst first. */
export const DOUBTS = [
  cannotWrite,
  neverTold,
  inSetup,
  toldLongAgo,
  hasProblems,
  notInstalled,
  missed,
  silent,
  wentWrong,
  askedLongAgo,
  notExamined,
  lost,
  unsure,
  loading,
  notUnderstood,
];
