import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { type AlertRule, AlertRuleSchema } from '../src/gen/lampboard/v1/alert_pb.ts';
import type { RuleInit } from '../src/api/alerts.ts';
import { amountOf, amountWords, secondsOf } from '../src/lib/alerts/amount.ts';
import { dryRunWords } from '../src/lib/alerts/dry-run.ts';
import { faultsOf } from '../src/lib/alerts/rule-faults.ts';
import {
  formOf,
  pathsOf,
  recommended,
  type RuleForm,
  ruleOf,
} from '../src/lib/alerts/rule-form.ts';
import { plainSentence, sentenceOf } from '../src/lib/alerts/sentence.ts';

const NAMES: Record<string, string> = { '1': '#ci', '2': 'ops mail', '3': 'pager' };

function rule(more: RuleInit = {}): AlertRule {
  const trigger = { case: 'change', value: { failures: 1 } } as const;
  return create(AlertRuleSchema, { trigger, channelIds: ['1'], ...more } as RuleInit);
}

const said = (of: AlertRule) => plainSentence(sentenceOf(of, (id) => NAMES[id] ?? '?'));
const minutes = (count: number) => durationFromMs(count * 60_000);

describe('a rule as a sentence', () => {
  it('says all that it has', () => {
    const all = rule({
      filter: { repositories: ['acme/*'], workflows: ['CI'], branches: ['main'] },
      quietHours: { timeZone: 'Europe/Vienna', start: '22:00:00', end: '07:00', days: [] },
      maxPerHour: 10,
    });
    expect(said(all)).toBe(
      'When CI on main of acme/* starts failing or recovers, tell #ci; quiet 22:00–07:00, Europe/Vienna; at most 10 an hour.',
    );
    const strong = sentenceOf(all, () => '#ci').filter((part) => part.strong);
    expect(strong.map(({ text }) => text)).toEqual([
      'CI',
      'main',
      'acme/*',
      'starts failing or recovers',
      '#ci',
      '22:00–07:00, Europe/Vienna',
      '10',
    ]);
  });

  it.each<[string, RuleInit]>([
    ['When any workflow on any branch of any repository starts', { filter: {} }],
    ['When any workflow on the default branch of any', { filter: { defaultBranchOnly: true } }],
    [
      'on main or next as the default branch of',
      { filter: { defaultBranchOnly: true, branches: ['main', 'next'] } },
    ],
    [
      'When CI, lint or workflow 7 on',
      { filter: { workflows: ['CI', 'lint'], workflowIds: ['7'] } },
    ],
    [
      ', run for push or schedule,, started by *[bot],',
      { filter: { events: ['push', 'schedule'], actors: ['*[bot]'] } },
    ],
    ['tell #ci, ops mail and pager.', { channelIds: ['1', '2', '3'] }],
    ['tell nobody yet.', { channelIds: [] }],
    ['quiet on Saturday and Sunday, UTC.', { quietHours: { timeZone: 'UTC', days: [6, 7] } }],
    [
      'quiet 22:00–07:00 and on Sunday, UTC',
      { quietHours: { timeZone: 'UTC', start: '22:00', end: '07:00', days: [7] } },
    ],
  ])('says "%s"', (words, more) => expect(said(rule(more))).toContain(words));

  it.each<[string, RuleInit['trigger']]>([
    ['fails', { case: 'failure', value: {} }],
    ['fails 3 times in a row or recovers', { case: 'change', value: { failures: 3 } }],
    ['stays red longer than 90 min', { case: 'staysRed', value: { longerThan: minutes(90) } }],
    ['waits to start longer than 1 h', { case: 'queue', value: { longerThan: minutes(60) } }],
    [
      'takes longer than 2 days',
      { case: 'duration', value: { limit: { case: 'longerThan', value: minutes(2880) } } },
    ],
    [
      'takes more than 1.5 times as long as usual',
      { case: 'duration', value: { limit: { case: 'timesUsual', value: 1.5 } } },
    ],
  ])('%s', (words, trigger) => expect(said(rule({ trigger }))).toContain(` ${words}, tell`));
});

describe('a length of time', () => {
  it.each([
    [90, { count: 90, unit: 's' }, '90 s'],
    [5400, { count: 90, unit: 'min' }, '90 min'],
    [86_400, { count: 1, unit: 'd' }, '1 day'],
  ] as const)('of %d seconds is in its largest unit', (seconds, amount, words) => {
    expect(amountOf(durationFromMs(seconds * 1000))).toEqual(amount);
    expect(amountWords(amount)).toBe(words);
    expect(secondsOf(amount)).toBe(seconds);
  });
});

describe('the form of a rule', () => {
  it.each<RuleInit>([
    {},
    { trigger: { case: 'failure', value: {} } },
    { trigger: { case: 'staysRed', value: { longerThan: minutes(90) } } },
    { trigger: { case: 'queue', value: { longerThan: minutes(10) } } },
    { trigger: { case: 'duration', value: { limit: { case: 'timesUsual', value: 2.5 } } } },
    { trigger: { case: 'duration', value: { limit: { case: 'longerThan', value: minutes(1) } } } },
    { quietHours: { timeZone: 'Europe/Vienna', start: '22:00', end: '07:00', days: [7] } },
    { quietHours: { timeZone: 'UTC', days: [6, 7] }, maxPerHour: 3, disabled: true },
    { filter: { repositories: ['a/*', 'b/c'], workflowIds: ['7'], defaultBranchOnly: true } },
  ])('gives back what it was given %#', (more) => {
    const filter = more.filter ?? {};
    const stored = rule({ id: '9', etag: 'e', displayName: 'Name', ...more, filter } as RuleInit);
    expect(ruleOf(formOf(stored), stored)).toEqual(stored);
  });

  it('clears what is switched off, and names every field that it sets', () => {
    const stored = rule({ maxPerHour: 3, quietHours: { timeZone: 'UTC', days: [7] } });
    const form: RuleForm = { ...formOf(stored), quiet: false, limited: false, trigger: 'usual' };
    expect(ruleOf(form, stored)).toMatchObject({ maxPerHour: 0 });
    expect(ruleOf(form, stored).quietHours).toBeUndefined();
    expect(pathsOf(form)).toEqual(
      expect.arrayContaining(['quiet_hours', 'max_per_hour', 'filter', 'channel_ids', 'duration']),
    );
    expect(pathsOf(form)).not.toContain('disabled');
  });

  it.each<[Partial<RuleForm>, string]>([
    [{ name: ' ' }, 'name'],
    [{ channelIds: [] }, 'channels'],
    [{ failures: 1.5 }, 'trigger'],
    [{ failures: NaN }, 'trigger'],
    [{ trigger: 'staysRed', staysRed: { count: 59, unit: 's' } }, 'trigger'],
    [{ trigger: 'queue', queue: { count: 25, unit: 'h' } }, 'trigger'],
    [{ trigger: 'usual', times: 1 }, 'trigger'],
    [{ quiet: true, zone: 'Vienna' }, 'quiet'],
    [{ quiet: true, end: '22:00' }, 'quiet'],
    [{ quiet: true, hours: false }, 'quiet'],
    [{ quiet: true, days: [1, 2, 3, 4, 5, 6, 7] }, 'quiet'],
    [{ limited: true, maxPerHour: 0 }, 'limit'],
  ])('%j is mended first', (more, field) => {
    expect(Object.keys(faultsOf({ ...recommended(['1']), ...more }))).toEqual([field]);
  });

  it('takes what is recommended as it is', () => {
    expect(faultsOf(recommended(['1']))).toEqual({});
    expect(said(ruleOf(recommended(['1'])))).toBe(
      'When any workflow on the default branch of any repository starts failing or recovers, tell #ci.',
    );
  });
});

it.each([
  [9, 31, 'Last 14 days: 9 messages to each channel, 31 further failures suppressed.'],
  [1, 1, 'Last 14 days: 1 message to each channel, 1 further failure suppressed.'],
  [0, 0, 'Last 14 days: no message.'],
])('a dry run of %d and %d', (messageCount, suppressedCount, words) => {
  expect(dryRunWords({ messageCount, suppressedCount })).toBe(words);
});
