import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { type Build, BuildConclusion } from '../src/gen/lampboard/v1/build_pb.ts';
import {
  ConclusionCountSchema,
  DurationStatisticsSchema,
  type Summary,
  SummarySchema,
} from '../src/gen/lampboard/v1/metrics_service_pb.ts';
import { durationMs } from '../src/lib/format.ts';
import { isEnded, isFailure } from '../src/lib/status.ts';

function statistics(lengths: number[]) {
  const sorted = [...lengths].sort((a, b) => a - b);
  const count = sorted.length;
  if (count === 0) return create(DurationStatisticsSchema);
  const at = (share: number) => durationFromMs(sorted[Math.ceil(share * count) - 1] ?? 0);
  const mean = sorted.reduce((sum, length) => sum + length, 0) / count;
  return create(DurationStatisticsSchema, {
    count,
    mean: durationFromMs(Math.round(mean)),
    p50: at(0.5),
    p95: at(0.95),
  });
}

function ratio(good: number, bad: number): number | undefined {
  return good + bad === 0 ? undefined : good / (good + bad);
}

/** Sums builds up as the server does: over the attempts that count. */
export function summarise(builds: Build[], running: number): Summary {
  const ended = builds.filter(isEnded);
  const counted = ended.filter((build) => build.counted);
  const succeeded = counted.filter((build) => build.conclusion === BuildConclusion.SUCCESS);
  const failed = counted.filter(isFailure);
  const first = ended.filter((build) => build.runAttempt === 1);
  const firstGood = first.filter((build) => build.conclusion === BuildConclusion.SUCCESS).length;
  const firstBad = first.filter(isFailure).length;
  const conclusions = new Set(counted.map((build) => build.conclusion));
  return create(SummarySchema, {
    buildCount: counted.length,
    successCount: succeeded.length,
    failureCount: failed.length,
    runningCount: running,
    replacedCount: ended.length - counted.length,
    successRate: ratio(succeeded.length, failed.length),
    firstTrySuccessCount: firstGood,
    firstTryFailureCount: firstBad,
    firstTryRate: ratio(firstGood, firstBad),
    wallDuration: statistics(
      [...succeeded, ...failed].map((build) => durationMs(build.duration) ?? 0),
    ),
    conclusionCounts: [...conclusions].map((conclusion) =>
      create(ConclusionCountSchema, {
        conclusion,
        count: counted.filter((build) => build.conclusion === conclusion).length,
      }),
    ),
  });
}
