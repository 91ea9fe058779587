import { buildHref } from '../routes.ts';
import { buildsHref } from './query.ts';

const RUN =
  /^\/([^/]+)\/([^/]+)\/actions\/runs\/([1-9][0-9]{0,17})(?:\/attempts\/([1-9][0-9]{0,8}))?(?:\/|$)/;
const COMMIT = /^\/[^/]+\/[^/]+\/commit\/([0-9a-f]{7,40})(?:\/|$)/i;
const PULL = /^\/([^/]+)\/([^/]+)\/pull\/([1-9][0-9]{0,8})(?:\/|$)/;

const ADDRESS = /^https?:/i;

function hrefOfPath(path: string): string | undefined {
  const run = RUN.exec(path);
  if (run)
    return buildHref(`${run[1]}/${run[2]}`, run[3] ?? '', run[4] ? Number(run[4]) : undefined);
  const commit = COMMIT.exec(path);
  if (commit?.[1]) return buildsHref({ shas: [commit[1]] });
  const pull = PULL.exec(path);
  if (pull)
    return buildsHref({ repositories: [`${pull[1]}/${pull[2]}`], pulls: [Number(pull[3])] });
  return undefined;
}

/** Where a search leads: an address on GitHub, a commit, `#7`, a run's id, or some of a repository's name. */
export function searchHref(input: string): string | undefined {
  const text = input.trim();
  if (text === '') return undefined;
  if (ADDRESS.test(text))
    return URL.canParse(text) ? hrefOfPath(new URL(text).pathname) : undefined;
  if (/^#[1-9][0-9]{0,8}$/.test(text)) return buildsHref({ pulls: [Number(text.slice(1))] });
  if (/^[1-9][0-9]{8,17}$/.test(text)) return buildsHref({ runs: [text] });
  if (/^(?=.*[0-9])[0-9a-f]{7,40}$/i.test(text)) return buildsHref({ shas: [text] });
  return buildsHref({ repositories: [text.includes('*') ? text : `*${text}*`] });
}
