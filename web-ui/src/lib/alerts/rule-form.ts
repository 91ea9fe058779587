import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { type AlertRule, AlertRuleSchema } from '../../gen/lampboard/v1/alert_pb.ts';
import { BuildFilterSchema } from '../../gen/lampboard/v1/build_pb.ts';
import { type Amount, amountOf, secondsOf } from './amount.ts';

type Trigger = NonNullable<MessageInitShape<typeof AlertRuleSchema>['trigger']>;
export type TriggerKind = 'change' | 'failure' | 'staysRed' | 'longer' | 'usual' | 'queue';

/** The triggers as they are offered. */
export const TRIGGERS: Record<TriggerKind, string> = {
  change: 'starts failing or recovers',
  failure: 'fails, each time',
  staysRed: 'stays red longer than',
  longer: 'takes longer than',
  usual: 'takes longer than usual',
  queue: 'waits to start longer than',
};

/** A rule as a form holds it: lists as texts, each trigger's figures kept while another is chosen. */
export interface RuleForm {
  name: string;
  repositories: string;
  workflows: string;
  branches: string;
  defaultBranchOnly: boolean;
  events: string;
  actors: string;
  trigger: TriggerKind;
  failures: number;
  staysRed: Amount;
  longer: Amount;
  times: number;
  queue: Amount;
  channelIds: string[];
  quiet: boolean;
  zone: string;
  /** Whether hours are quiet, and not only days. */
  hours: boolean;
  start: string;
  end: string;
  days: number[];
  limited: boolean;
  maxPerHour: number;
}

/** The zone of whoever looks at the page. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** What is recommended: default branches, the first failure and the recovery. */
export function recommended(channelIds: string[]): RuleForm {
  return {
    name: 'A default branch breaks or recovers',
    repositories: '',
    workflows: '',
    branches: '',
    defaultBranchOnly: true,
    events: '',
    actors: '',
    trigger: 'change',
    failures: 1,
    staysRed: { count: 1, unit: 'h' },
    longer: { count: 30, unit: 'min' },
    times: 2,
    queue: { count: 10, unit: 'min' },
    channelIds,
    quiet: false,
    zone: ownZone(),
    hours: true,
    start: '22:00',
    end: '07:00',
    days: [],
    limited: false,
    maxPerHour: 10,
  };
}

function triggerOf({ trigger }: AlertRule): Partial<RuleForm> {
  switch (trigger.case) {
    case 'failure':
      return { trigger: 'failure' };
    case 'staysRed':
      return { trigger: 'staysRed', staysRed: amountOf(trigger.value.longerThan) };
    case 'queue':
      return { trigger: 'queue', queue: amountOf(trigger.value.longerThan) };
    case 'duration': {
      const { limit } = trigger.value;
      return limit.case === 'timesUsual'
        ? { trigger: 'usual', times: limit.value }
        : { trigger: 'longer', longer: amountOf(limit.value) };
    }
    default:
      return { trigger: 'change', failures: Math.max(trigger.value?.failures ?? 1, 1) };
  }
}

/** A stored rule, to be changed. */
export function formOf(rule: AlertRule): RuleForm {
  const { filter, quietHours, maxPerHour } = rule;
  const form = recommended([...rule.channelIds]);
  const texts = (values: string[] = []) => values.join(', ');
  Object.assign(form, triggerOf(rule), {
    name: rule.displayName,
    repositories: texts(filter?.repositories),
    workflows: texts(filter?.workflows),
    branches: texts(filter?.branches),
    defaultBranchOnly: filter?.defaultBranchOnly ?? false,
    events: texts(filter?.events),
    actors: texts(filter?.actors),
    limited: maxPerHour > 0,
    maxPerHour: maxPerHour || form.maxPerHour,
  });
  if (!quietHours) return form;
  const hours = quietHours.start !== '';
  return {
    ...form,
    quiet: true,
    zone: quietHours.timeZone,
    hours,
    start: hours ? quietHours.start.slice(0, 5) : form.start,
    end: hours ? quietHours.end.slice(0, 5) : form.end,
    days: [...quietHours.days],
  };
}

/** `a, b` as `['a', 'b']`. */
function list(text: string): string[] {
  return text
    .split(/[,\n]/)
    .map((value) => value.trim())
    .filter(Boolean);
}

function longerThan(amount: Amount) {
  return { longerThan: durationFromMs(secondsOf(amount) * 1000) };
}

function trigger(form: RuleForm): Trigger {
  switch (form.trigger) {
    case 'change':
      return { case: 'change', value: { failures: form.failures } };
    case 'failure':
      return { case: 'failure', value: {} };
    case 'staysRed':
      return { case: 'staysRed', value: longerThan(form.staysRed) };
    case 'queue':
      return { case: 'queue', value: longerThan(form.queue) };
    case 'usual':
      return {
        case: 'duration',
        value: { limit: { case: 'timesUsual', value: form.times } },
      };
    case 'longer':
      return {
        case: 'duration',
        value: {
          limit: { case: 'longerThan', value: longerThan(form.longer).longerThan },
        },
      };
  }
}

/** What a form says, over the rule that it changes: its etag, and what the form has no field for. */
export function ruleOf(form: RuleForm, stored?: AlertRule): AlertRule {
  const quiet = {
    timeZone: form.zone.trim(),
    start: form.hours ? form.start : '',
    end: form.hours ? form.end : '',
    days: [...form.days].sort(),
  };
  return create(AlertRuleSchema, {
    id: stored?.id,
    etag: stored?.etag,
    disabled: stored?.disabled,
    displayName: form.name.trim(),
    filter: create(BuildFilterSchema, {
      repositories: list(form.repositories),
      workflows: list(form.workflows),
      workflowIds: stored?.filter?.workflowIds,
      branches: list(form.branches),
      defaultBranchOnly: form.defaultBranchOnly,
      events: list(form.events),
      actors: list(form.actors),
    }),
    trigger: trigger(form),
    channelIds: form.channelIds,
    quietHours: form.quiet ? quiet : undefined,
    maxPerHour: form.limited ? form.maxPerHour : 0,
  });
}

const TRIGGER_PATHS: Record<TriggerKind, string> = {
  change: 'change',
  failure: 'failure',
  staysRed: 'stays_red',
  longer: 'duration',
  usual: 'duration',
  queue: 'queue',
};

/** The fields of a rule that a form sets. */
export function pathsOf(form: RuleForm): string[] {
  const rest = ['display_name', 'filter', 'channel_ids', 'quiet_hours', 'max_per_hour'];
  return [...rest, TRIGGER_PATHS[form.trigger]];
}
