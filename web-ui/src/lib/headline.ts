import { plural } from './format.ts';

/** The answer to "is anything broken now?", as one sentence. */
export function headlineOf(decided: number, broken: number): string {
  if (decided === 0) return 'No workflow has finished on a default branch yet.';
  if (broken === 0) {
    return decided === 1
      ? 'The one workflow passes on its default branch.'
      : `All ${plural(decided, 'workflow')} pass on their default branch.`;
  }
  const [verb, their] = broken === 1 ? ['is', 'its'] : ['are', 'their'];
  return `${broken} of ${plural(decided, 'workflow')} ${verb} broken on ${their} default branch.`;
}
