import type { Workflow } from '../gen/lampboard/v1/repository_pb.ts';
import { timestampMs } from './format.ts';

/** Since when the default branch of a workflow is red. */
export function brokenSince(workflow: Workflow): number | undefined {
  const first = workflow.firstFailure ?? workflow.decisiveBuild;
  return timestampMs(first?.endTime) ?? timestampMs(first?.startTime);
}
