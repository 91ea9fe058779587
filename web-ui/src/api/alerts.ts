// Apart from rpc.ts: only pages that are loaded when they are asked for need it.
import { type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { transport } from '$transport';
import type {
  Alert,
  AlertChannel,
  AlertChannelSchema,
  AlertKind,
  AlertRule,
  AlertRuleSchema,
} from '../gen/lampboard/v1/alert_pb.ts';
import {
  AlertService,
  type CreateAlertChannelResponse,
  type DryRunAlertRuleResponse,
  type GetIncidentResponse,
  type ListAlertsRequestSchema,
  type ListAlertsResponse,
  type ListIncidentsRequestSchema,
  type ListIncidentsResponse,
  type PreviewAlertResponse,
  type TestAlertChannelResponse,
} from '../gen/lampboard/v1/alert_service_pb.ts';
import { options } from './call.ts';
import { problemOf } from './errors.ts';

const alerts = createClient(AlertService, transport);

/** The most that the server gives at once. */
const ALL = 1000;

export type RuleInit = MessageInitShape<typeof AlertRuleSchema>;
export type ChannelInit = MessageInitShape<typeof AlertChannelSchema>;

export async function listRules(signal?: AbortSignal): Promise<AlertRule[]> {
  return (await alerts.listAlertRules({ pageSize: ALL }, options(signal))).rules;
}

export async function listChannels(signal?: AbortSignal): Promise<AlertChannel[]> {
  return (await alerts.listAlertChannels({ pageSize: ALL }, options(signal))).channels;
}

/** Where what was sent can be looked at: nowhere, which is empty, but in the demo. */
export async function findOutbox(signal?: AbortSignal): Promise<string> {
  return (await alerts.listAlertChannels({ pageSize: 1 }, options(signal))).outboxPath;
}

export async function createRule(rule: RuleInit): Promise<void> {
  await alerts.createAlertRule({ rule }, options());
}

/** Changes the fields that are named, of the rule with the etag that it names. */
export async function updateRule(rule: RuleInit, paths: string[]): Promise<void> {
  await alerts.updateAlertRule({ rule, updateMask: { paths } }, options());
}

export async function deleteRule({ id, etag }: AlertRule): Promise<void> {
  await alerts.deleteAlertRule({ id, etag }, options());
}

export function dryRun(rule: RuleInit, signal?: AbortSignal): Promise<DryRunAlertRuleResponse> {
  return alerts.dryRunAlertRule({ rule }, options(signal));
}

export function createChannel(channel: ChannelInit): Promise<CreateAlertChannelResponse> {
  return alerts.createAlertChannel({ channel }, options());
}

/** Changes the fields that are named, of the channel with the etag that it names. */
export async function updateChannel(channel: ChannelInit, paths: string[]): Promise<void> {
  await alerts.updateAlertChannel({ channel, updateMask: { paths } }, options());
}

export async function deleteChannel({ id, etag }: AlertChannel): Promise<void> {
  await alerts.deleteAlertChannel({ id, etag }, options());
}

export function testChannel(id: string): Promise<TestAlertChannelResponse> {
  return alerts.testAlertChannel({ id }, options());
}

export function listIncidents(
  request: MessageInitShape<typeof ListIncidentsRequestSchema>,
  signal?: AbortSignal,
): Promise<ListIncidentsResponse> {
  return alerts.listIncidents(request, options(signal));
}

export function getIncident(id: string, signal?: AbortSignal): Promise<GetIncidentResponse> {
  return alerts.getIncident({ id }, options(signal));
}

export function listAlerts(
  request: MessageInitShape<typeof ListAlertsRequestSchema>,
  signal?: AbortSignal,
): Promise<ListAlertsResponse> {
  return alerts.listAlerts(request, options(signal));
}

/** What is told of one build. A server that knows nothing of alerts tells nothing. */
export async function alertsOfBuild(buildId: string, signal?: AbortSignal): Promise<Alert[]> {
  try {
    return (await listAlerts({ buildId, pageSize: 200 }, signal)).alerts;
  } catch (error) {
    if (ConnectError.from(error).code === Code.Unimplemented) return [];
    throw error;
  }
}

export async function retryAlert(id: string): Promise<Alert | undefined> {
  return (await alerts.retryAlert({ id }, options())).alert;
}

export function previewAlert(
  buildId: string,
  kind: AlertKind,
  signal?: AbortSignal,
): Promise<PreviewAlertResponse> {
  return alerts.previewAlert({ buildId, kind }, options(signal));
}

/** Whether somebody else changed what is being changed. */
export function isConflict(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Aborted;
}

/** Why something was not done, with what the server says one can do about it. */
export function refusal(error: unknown): string {
  const { code, rawMessage } = ConnectError.from(error, Code.Unavailable);
  if (code === Code.NotFound) return 'It is gone: somebody deleted it.';
  const explained = code === Code.InvalidArgument || code === Code.FailedPrecondition;
  if (!explained) return problemOf(error).sentence;
  return `Not accepted: ${rawMessage.replace(/[.\s]+$/, '')}.`;
}
