import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ListAlertsRequestSchema } from '../../gen/lampboard/v1/alert_service_pb.ts';
import { KIND_NAMES, STATE_NAMES } from './looks.ts';

/** Which alerts, as an address says it. Empty means any. */
export interface HistoryQuery {
  state: string;
  kind: string;
  channel: string;
  rule: string;
  build: string;
  incident: string;
}

const FIELDS = ['state', 'kind', 'channel', 'rule', 'build', 'incident'] as const;

/** Reads which alerts an address asks for. */
export function parseHistory(search: string): HistoryQuery {
  const params = new URLSearchParams(search);
  const read = (name: string) => params.get(name) ?? '';
  const known = (name: string, choices: readonly [unknown, string][]) => {
    const value = read(name);
    return choices.some(([, word]) => word === value) ? value : '';
  };
  return {
    state: known('state', STATE_NAMES),
    kind: known('kind', KIND_NAMES),
    channel: read('channel'),
    rule: read('rule'),
    build: read('build'),
    incident: read('incident'),
  };
}

/** The address that asks for some alerts; the opposite of reading it. */
export function historyHref(query: Partial<HistoryQuery>): string {
  const params = new URLSearchParams();
  for (const field of FIELDS) if (query[field]) params.set(field, query[field]);
  return params.size === 0 ? '/alerts/history' : `/alerts/history?${params}`;
}

/** What the server is asked for. */
export function historyRequest(
  query: HistoryQuery,
): MessageInitShape<typeof ListAlertsRequestSchema> {
  const state = STATE_NAMES.find(([, word]) => word === query.state)?.[0];
  const kind = KIND_NAMES.find(([, word]) => word === query.kind)?.[0];
  return {
    states: state === undefined ? [] : [state],
    kinds: kind === undefined ? [] : [kind],
    channelId: query.channel,
    ruleId: query.rule,
    buildId: query.build,
    incidentId: query.incident,
  };
}
