import type { AlertRule, QuietHours } from '../../gen/lampboard/v1/alert_pb.ts';
import type { BuildFilter } from '../../gen/lampboard/v1/build_pb.ts';
import { amountOf, amountWords } from './amount.ts';

/** A piece of a sentence; what a rule chose is strong. */
export interface Part {
  text: string;
  strong?: boolean;
}

const DAYS = ['', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

const plain = (text: string): Part => ({ text });
const strong = (text: string): Part => ({ text, strong: true });

/** `a`, `a or b`, `a, b or c`, each strong. */
function listed(values: readonly string[], word: string): Part[] {
  return values.flatMap((value, index) => {
    if (index === 0) return [strong(value)];
    return [plain(index === values.length - 1 ? ` ${word} ` : ', '), strong(value)];
  });
}

function branches({ branches, defaultBranchOnly }: BuildFilter): Part[] {
  if (defaultBranchOnly && branches.length === 0) return [strong('the default branch')];
  const named = branches.length === 0 ? [strong('any branch')] : listed(branches, 'or');
  return defaultBranchOnly ? [...named, plain(' as the default branch')] : named;
}

function workflows({ workflows, workflowIds }: BuildFilter): Part[] {
  const named = [...workflows, ...workflowIds.map((id) => `workflow ${id}`)];
  return named.length === 0 ? [strong('any workflow')] : listed(named, 'or');
}

function builds(filter: BuildFilter | undefined): Part[] {
  if (!filter) return [strong('any workflow'), plain(' of '), strong('any repository')];
  const { repositories, actors, events } = filter;
  const parts = [...workflows(filter), plain(' on '), ...branches(filter), plain(' of ')];
  parts.push(
    ...(repositories.length === 0 ? [strong('any repository')] : listed(repositories, 'or')),
  );
  if (events.length > 0) parts.push(plain(', run for '), ...listed(events, 'or'), plain(','));
  if (actors.length > 0) parts.push(plain(', started by '), ...listed(actors, 'or'), plain(','));
  return parts;
}

/** What has to happen, as it follows "When CI on main". */
export function triggerWords({ trigger }: Pick<AlertRule, 'trigger'>): string {
  switch (trigger.case) {
    case 'failure':
      return 'fails';
    case 'change':
      return trigger.value.failures > 1
        ? `fails ${trigger.value.failures} times in a row or recovers`
        : 'starts failing or recovers';
    case 'staysRed':
      return `stays red longer than ${amountWords(amountOf(trigger.value.longerThan))}`;
    case 'duration': {
      const { limit } = trigger.value;
      return limit.case === 'timesUsual'
        ? `takes more than ${limit.value} times as long as usual`
        : `takes longer than ${amountWords(amountOf(limit.value))}`;
    }
    case 'queue':
      return `waits to start longer than ${amountWords(amountOf(trigger.value.longerThan))}`;
    default:
      return 'does something that this version does not know';
  }
}

/** `22:00–07:00 and on Saturday and Sunday, Europe/Vienna` */
export function quietWords({ start, end, days, timeZone }: QuietHours): string {
  const hours = start && end ? `${start.slice(0, 5)}–${end.slice(0, 5)}` : '';
  const names = days.map((day) => DAYS[day] ?? String(day));
  const last = names.pop();
  const whole = last === undefined ? '' : [names.join(', '), last].filter(Boolean).join(' and ');
  const when = [hours, whole && `${hours ? 'and ' : ''}on ${whole}`].filter(Boolean).join(' ');
  return `${when}, ${timeZone}`;
}

/** A rule as a sentence, with the names of its channels. */
export function sentenceOf(
  rule: Pick<AlertRule, 'filter' | 'trigger' | 'channelIds' | 'quietHours' | 'maxPerHour'>,
  channelName: (id: string) => string,
): Part[] {
  const names = rule.channelIds.map(channelName);
  const parts = [
    plain('When '),
    ...builds(rule.filter),
    plain(' '),
    strong(triggerWords(rule)),
    plain(', tell '),
    ...(names.length === 0 ? [strong('nobody yet')] : listed(names, 'and')),
  ];
  if (rule.quietHours) parts.push(plain('; quiet '), strong(quietWords(rule.quietHours)));
  if (rule.maxPerHour > 0) {
    parts.push(plain('; at most '), strong(String(rule.maxPerHour)), plain(' an hour'));
  }
  return [...parts, plain('.')];
}

/** The sentence as text. */
export function plainSentence(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).join('');
}
