import { type Amount, amountWords, secondsOf } from './amount.ts';
import type { RuleForm } from './rule-form.ts';

const MINUTE: Amount = { count: 1, unit: 'min' };
const SECOND: Amount = { count: 1, unit: 's' };

/** The shortest and the longest that the server takes. */
const SPANS: Record<'staysRed' | 'longer' | 'queue', [Amount, Amount]> = {
  staysRed: [MINUTE, { count: 30, unit: 'd' }],
  longer: [SECOND, { count: 35, unit: 'd' }],
  queue: [MINUTE, { count: 24, unit: 'h' }],
};

export type Faults = Partial<Record<'name' | 'trigger' | 'channels' | 'quiet' | 'limit', string>>;

function outside(value: number, least: number, most: number): boolean {
  return !(value >= least && value <= most);
}

function whole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && !outside(value, least, most);
}

function triggerFault(form: RuleForm): string | undefined {
  switch (form.trigger) {
    case 'failure':
      return undefined;
    case 'change':
      return whole(form.failures, 1, 100) ? undefined : 'Say 1 to 100 failures in a row.';
    case 'usual':
      return outside(form.times, 1.1, 100) ? 'Say from 1.1 to 100 times.' : undefined;
    default: {
      const [least, most] = SPANS[form.trigger];
      const asked = secondsOf(form[form.trigger]);
      return outside(asked, secondsOf(least), secondsOf(most))
        ? `Say from ${amountWords(least)} to ${amountWords(most)}.`
        : undefined;
    }
  }
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name !== '';
  } catch {
    return false;
  }
}

function quietFault({ quiet, zone, hours, start, end, days }: RuleForm): string | undefined {
  if (!quiet) return undefined;
  if (!isZone(zone.trim())) return 'Name a time zone such as Europe/Vienna.';
  if (!hours && days.length === 0) return 'Choose hours or days.';
  if (hours && (start === '' || end === '')) return 'Say when the quiet hours start and end.';
  if (hours && start === end) return 'The quiet hours must not end when they start.';
  return days.length === 7 ? 'Not every day can be quiet: disable the rule instead.' : undefined;
}

/** What has to be mended before a rule can be saved; in the order of the form. */
export function faultsOf(form: RuleForm): Faults {
  const name = form.name.trim();
  const faults: Faults = {
    trigger: triggerFault(form),
    channels:
      form.channelIds.length === 0
        ? 'Choose who is told.'
        : form.channelIds.length > 20
          ? 'Choose at most 20 channels.'
          : undefined,
    quiet: quietFault(form),
    limit: form.limited && !whole(form.maxPerHour, 1, 1000) ? 'Say 1 to 1000 messages.' : undefined,
    name:
      name === ''
        ? 'Give it a name.'
        : [...name].length > 100
          ? 'At most 100 characters.'
          : undefined,
  };
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== undefined));
}
