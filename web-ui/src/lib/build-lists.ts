import { BuildList } from './build-list.svelte.ts';

const KEPT = 5;
const lists = new Map<string, BuildList>();

/** The list for an address: the same one again for a while, so that going back shows what was left. */
export function listFor(search: string): BuildList {
  const list = lists.get(search) ?? new BuildList();
  lists.delete(search);
  lists.set(search, list);
  const [oldest] = lists.keys();
  if (lists.size > KEPT && oldest !== undefined) lists.delete(oldest);
  return list;
}
