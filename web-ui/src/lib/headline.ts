import { formatElapsed, plural } from './format.ts';

/** How the default branches stand. */
export interface Standing {
  decided: number;
  broken: number;
  oldest?: { workflow: string; repository: string; since: number };
}

/** The answer to "is anything broken now?", as one sentence and what to know beside it. */
export function headlineOf(standing: Standing, now: number): { text: string; detail: string } {
  const { decided, broken, oldest } = standing;
  if (decided === 0)
    return { text: 'No workflow has finished on a default branch yet.', detail: '' };
  if (broken === 0) {
    const text =
      decided === 1
        ? 'The one workflow passes on its default branch.'
        : `All ${plural(decided, 'workflow')} pass on their default branch.`;
    return { text, detail: '' };
  }
  const verb = broken === 1 ? 'is' : 'are';
  const their = broken === 1 ? 'its' : 'their';
  return {
    text: `${broken} of ${plural(decided, 'workflow')} ${verb} broken on ${their} default branch.`,
    detail: oldest
      ? `Oldest: ${oldest.repository} ${oldest.workflow}, red for ${formatElapsed(now - oldest.since)}.`
      : '',
  };
}
