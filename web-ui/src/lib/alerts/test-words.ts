import type { TestAlertChannelResponse } from '../../gen/lampboard/v1/alert_service_pb.ts';
import { formatDuration } from '../format.ts';

type Outcome = Pick<TestAlertChannelResponse, 'accepted' | 'answer' | 'error'>;

/** `Delivered in 0.3 s; the provider answered 200.` */
export function testWords({ accepted, answer, error }: Outcome, took: number): string {
  const answered = answer === '' ? '' : ` The provider answered: ${answer.replace(/\.$/, '')}.`;
  if (accepted) return `Delivered in ${formatDuration(took)}.${answered}`;
  const why = error === '' ? 'not by all recipients' : error.replace(/\.$/, '');
  return `Not accepted: ${why}.${answered}`;
}
