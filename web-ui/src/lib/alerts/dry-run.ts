import type { DryRunAlertRuleResponse } from '../../gen/lampboard/v1/alert_service_pb.ts';
import { formatCount, plural } from '../format.ts';

type Counts = Pick<DryRunAlertRuleResponse, 'messageCount' | 'suppressedCount'>;

/** `Last 14 days: 9 messages to each channel, 31 failures suppressed.` */
export function dryRunWords({ messageCount, suppressedCount }: Counts): string {
  const messages =
    messageCount === 0 ? 'no message' : `${plural(messageCount, 'message')} to each channel`;
  const suppressed =
    suppressedCount === 0
      ? ''
      : `, ${formatCount(suppressedCount)} further ${suppressedCount === 1 ? 'failure' : 'failures'} suppressed`;
  return `Last 14 days: ${messages}${suppressed}.`;
}
