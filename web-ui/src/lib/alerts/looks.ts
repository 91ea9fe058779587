import {
  type Alert,
  type AlertChannel,
  AlertKind,
  AlertSkipReason,
  AlertState,
  EmailRecipientState,
} from '../../gen/lampboard/v1/alert_pb.ts';
import type { Look } from '../status.ts';

const UNKNOWN: Look = { word: 'unknown', icon: 'question', tone: 'attention' };

const KINDS: Partial<Record<AlertKind, Look>> = {
  [AlertKind.FAILURE]: { word: 'failed', icon: 'x-circle-fill', tone: 'danger' },
  [AlertKind.RECOVERY]: { word: 'recovered', icon: 'check-circle-fill', tone: 'success' },
  [AlertKind.STAYS_RED]: { word: 'stays red', icon: 'hourglass', tone: 'danger' },
  [AlertKind.SLOW]: { word: 'slow', icon: 'clock', tone: 'attention' },
  [AlertKind.QUEUED]: { word: 'waits long', icon: 'clock', tone: 'attention' },
};

const STATES: Partial<Record<AlertState, Look>> = {
  [AlertState.PENDING]: { word: 'waiting', icon: 'clock', tone: 'attention' },
  [AlertState.SENT]: { word: 'sent', icon: 'check-circle-fill', tone: 'success' },
  [AlertState.FAILED]: { word: 'not sent', icon: 'x-circle-fill', tone: 'danger' },
  [AlertState.SKIPPED]: { word: 'skipped', icon: 'skip', tone: 'muted' },
};

/** Said after "skipped:". */
const SKIPS: Partial<Record<AlertSkipReason, string>> = {
  [AlertSkipReason.DUPLICATE]: 'the channel was told of it already',
  [AlertSkipReason.OVER_WHILE_QUIET]: 'it was over when the quiet hours ended',
  [AlertSkipReason.FAILURE_NOT_SENT]: 'the failure was never told, so the recovery is not either',
  [AlertSkipReason.CHANNEL_GONE]: 'the channel was deleted or disabled',
  [AlertSkipReason.RULE_GONE]: 'the rule was deleted or disabled',
  [AlertSkipReason.REPOSITORY_HIDDEN]: 'the repository is not seen any more',
  [AlertSkipReason.TOO_OLD]: 'it was too old to be told',
};

const RECIPIENTS: Partial<Record<EmailRecipientState, Look>> = {
  [EmailRecipientState.ACTIVE]: { word: 'active', icon: 'check-circle-fill', tone: 'success' },
  [EmailRecipientState.UNSUBSCRIBED]: { word: 'unsubscribed', icon: 'stop', tone: 'muted' },
  [EmailRecipientState.REFUSED]: { word: 'refused', icon: 'x-circle-fill', tone: 'danger' },
};

export function kindLook(kind: AlertKind): Look {
  return KINDS[kind] ?? UNKNOWN;
}

export function stateLook({ state, skipReason }: Pick<Alert, 'state' | 'skipReason'>): Look {
  if (state === AlertState.SKIPPED && skipReason === AlertSkipReason.DUPLICATE) {
    return { word: 'duplicate', icon: 'skip', tone: 'muted' };
  }
  return STATES[state] ?? UNKNOWN;
}

export function skipWords(reason: AlertSkipReason): string {
  return SKIPS[reason] ?? 'for a reason that this version does not know';
}

export function recipientLook(state: EmailRecipientState): Look {
  return RECIPIENTS[state] ?? UNKNOWN;
}

export type ChannelKind = NonNullable<AlertChannel['target']['case']>;

/** The kinds of channels, in the order in which they are offered. */
export const CHANNEL_KINDS: Record<ChannelKind, { name: string; about: string }> = {
  slackWebhook: {
    name: 'Slack webhook',
    about: 'Posts to the one place that the incoming webhook was made for.',
  },
  slackBot: {
    name: 'Slack bot',
    about: 'Tells a recovery in the thread of its failure, and updates the first message.',
  },
  email: { name: 'E-mail', about: 'One message for each recipient, who can unsubscribe.' },
  webhook: { name: 'Webhook', about: 'Signed as Standard Webhooks says, for any other receiver.' },
};

/** What kind of channel it is, in words. */
export function kindName({ target }: AlertChannel): string {
  return target.case === undefined ? 'Unknown kind' : CHANNEL_KINDS[target.case].name;
}

/** Where a channel leads, as far as it is told. */
export function addressOf({ target }: AlertChannel): string {
  switch (target.case) {
    case 'slackWebhook':
    case 'webhook':
      return target.value.redactedUrl;
    case 'slackBot':
      return `${target.value.slackChannel}, token ${target.value.redactedToken}`;
    case 'email':
      return target.value.addresses.join(', ');
    default:
      return '';
  }
}

/** The choices of a filter, by their names in addresses. */
export const KIND_NAMES: readonly [AlertKind, string][] = [
  [AlertKind.FAILURE, 'failure'],
  [AlertKind.RECOVERY, 'recovery'],
  [AlertKind.STAYS_RED, 'stays-red'],
  [AlertKind.SLOW, 'slow'],
  [AlertKind.QUEUED, 'queued'],
];

export const STATE_NAMES: readonly [AlertState, string][] = [
  [AlertState.PENDING, 'pending'],
  [AlertState.SENT, 'sent'],
  [AlertState.FAILED, 'failed'],
  [AlertState.SKIPPED, 'skipped'],
];
