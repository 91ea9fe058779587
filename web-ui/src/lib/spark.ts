import type { RecentBuild } from '../gen/lampboard/v1/repository_pb.ts';
import { durationMs, plural } from './format.ts';
import { isolate, workflowName } from './names.ts';
import { githubWord, isEnded, lookOf, type Tone } from './status.ts';

export const STEP = 8;
export const BAR = 6;
const TOP = 1;
/** Where bars stand; below it are the marks of all that did not simply pass. */
const BASE = 21;
const MARK = 26;
const SHORTEST = 3;

/** The lines of one colour. */
export interface SparkPath {
  tone: Tone;
  filled: boolean;
  d: string;
}

function height(build: RecentBuild, longest: number): number {
  const length = durationMs(build.duration);
  if (length === undefined || longest === 0) return SHORTEST;
  // A root lets one very long build not flatten all others.
  return Math.max(SHORTEST, Math.sqrt(length / longest) * (BASE - TOP));
}

function bar(index: number, tall: number): string {
  return `M${index * STEP + 1} ${(BASE - tall).toFixed(1)}h${BAR}V${BASE}h-${BAR}z`;
}

function mark(index: number, tone: Tone): string {
  const middle = index * STEP + 1 + BAR / 2;
  if (tone === 'danger') {
    return `M${middle - 2} ${MARK - 2}l4 4m0 -4l-4 4`;
  }
  if (tone === 'done') return `M${middle - 2} ${MARK}a2 2 0 1 1 4 0a2 2 0 1 1 -4 0`;
  if (tone === 'attention') return `M${middle} ${MARK - 2.5}v5`;
  return `M${middle - 2} ${MARK}h4`;
}

/** One bar for each build, as high as it took long, gathered into a path for each colour. */
export function sparkPaths(builds: readonly RecentBuild[]): SparkPath[] {
  const longest = Math.max(0, ...builds.map((build) => durationMs(build.duration) ?? 0));
  const bars = new Map<Tone, string>();
  const marks = new Map<Tone, string>();
  builds.forEach((build, index) => {
    const { tone } = lookOf(build);
    bars.set(tone, (bars.get(tone) ?? '') + bar(index, height(build, longest)));
    if (tone !== 'success') marks.set(tone, (marks.get(tone) ?? '') + mark(index, tone));
  });
  const paths = (of: Map<Tone, string>, filled: boolean) =>
    [...of].map(([tone, d]): SparkPath => ({ tone, filled, d }));
  return [...paths(bars, true), ...paths(marks, false)];
}

/** The same in words. */
export function sparkSentence(builds: readonly RecentBuild[]): string {
  if (builds.length === 0) return 'No builds on the default branch yet';
  const counts = new Map<string, number>();
  for (const build of builds) {
    const { word } = lookOf(build);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([word, count]) => `${count} ${word}`);
  const last = builds.findLast((build) => isEnded(build));
  const ending = last ? `; the last to end ${lookOf(last).word}` : '';
  return `Last ${plural(builds.length, 'build')}: ${parts.join(', ')}${ending}`;
}

/** What a pointer on one bar is told. */
export function sparkTip(build: RecentBuild): string {
  const { word } = lookOf(build);
  const said = word === 'unknown' ? githubWord(build) : word;
  return `${isolate(workflowName(build.workflow))} #${build.runNumber} ${isolate(said)}`;
}
