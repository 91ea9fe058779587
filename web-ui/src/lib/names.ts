import type { Build } from '../gen/lampboard/v1/build_pb.ts';

const WORKFLOWS = '.github/workflows/';

/** The name of a workflow. Where GitHub could read none it gives the path of the file, of which the end says more. */
export function workflowName(name: string): string {
  return name.startsWith(WORKFLOWS) ? name.slice(WORKFLOWS.length) : name;
}

/** What a build is called. */
export function buildTitle({ title, commitTitle, workflow }: Build): string {
  return title || commitTitle || workflowName(workflow) || 'Untitled';
}

/** The branch as a filter names it: a fork's goes by the fork's name too. Empty for a deleted branch. */
export function branchName({ branch, headRepository }: Build): string {
  return headRepository === '' || branch === '' ? branch : `${headRepository}:${branch}`;
}

/** Keeps a foreign text from turning its surroundings around, where there is no markup to say so. */
export function isolate(text: string): string {
  return `\u2068${text}\u2069`;
}
