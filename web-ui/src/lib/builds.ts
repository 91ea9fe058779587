import type { Build } from '../gen/lampboard/v1/build_pb.ts';
import { timestampMs } from './format.ts';

/** What a stream reported since the last look at it. */
export interface Changes {
  builds: Build[];
  gone: string[];
}

function startOf(build: Build): number {
  return timestampMs(build.startTime) ?? timestampMs(build.createTime) ?? 0;
}

/** Newest first, by start; builds that started together keep one order. */
export function newestFirst(a: Build, b: Build): number {
  return startOf(b) - startOf(a) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/** The list with known builds replaced and those taken off that are gone; and the builds it did not know. */
export function updateKnown(
  list: readonly Build[],
  changes: Changes,
): { list: readonly Build[]; unknown: Build[] } {
  const changed = new Map(changes.builds.map((build) => [build.id, build]));
  const gone = new Set(changes.gone);
  const known = new Set(list.map((build) => build.id));
  const unknown = [...changed.values()].filter((build) => !known.has(build.id));
  if (unknown.length === changed.size && !changes.gone.some((id) => known.has(id))) {
    return { list, unknown };
  }
  const updated = list
    .filter((build) => !gone.has(build.id))
    .map((build) => changed.get(build.id) ?? build);
  return { list: updated, unknown };
}

/** Puts builds where they belong in a list that is sorted newest first, each once. */
export function insert(list: readonly Build[], builds: readonly Build[]): readonly Build[] {
  if (builds.length === 0) return list;
  const merged = new Map(list.map((build) => [build.id, build]));
  for (const build of builds) merged.set(build.id, build);
  return [...merged.values()].sort(newestFirst);
}

/** Leaves out builds that belong to a page which has not been asked for. */
export function onLoadedPages(
  builds: readonly Build[],
  list: readonly Build[],
  complete: boolean,
): Build[] {
  const last = list.at(-1);
  if (complete || !last) return [...builds];
  return builds.filter((build) => newestFirst(build, last) <= 0);
}

/** The changes as a list sees them that holds only builds of one kind: the others are gone. */
export function changesOf(changes: Changes, accepts: (build: Build) => boolean): Changes {
  const others = changes.builds.filter((build) => !accepts(build)).map((build) => build.id);
  return { builds: changes.builds.filter(accepts), gone: [...changes.gone, ...others] };
}

/** Both changes, the later ones last, so that they win. */
export function joinChanges(earlier: Changes, later: Changes): Changes {
  const overtaken = new Set([...later.gone, ...later.builds.map((build) => build.id)]);
  return {
    builds: [...earlier.builds.filter((build) => !overtaken.has(build.id)), ...later.builds],
    gone: [...earlier.gone.filter((id) => !overtaken.has(id)), ...later.gone],
  };
}
