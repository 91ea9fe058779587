/** The address, when it is one that a link may open: https and nothing else. */
export function safeLink(address: string): string | undefined {
  try {
    const url = new URL(address);
    return url.protocol === 'https:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** The address of the GitHub that a build's page is on. */
function githubOrigin(buildUrl: string): string | undefined {
  const link = safeLink(buildUrl);
  return link === undefined ? undefined : new URL(link).origin;
}

/** The page of a repository's commit, branch or pull request on the GitHub that the build came from. */
export function githubLink(buildUrl: string, repository: string, ...path: string[]) {
  const origin = githubOrigin(buildUrl);
  if (origin === undefined) return undefined;
  const parts = [...repository.split('/'), ...path.flatMap((part) => part.split('/'))];
  return `${origin}/${parts.map(encodeURIComponent).join('/')}`;
}

/**
 * A page on the GitHub that the app belongs to, and nowhere else: on the host of the app's own page, or on github.com
 * while that is unknown.
 */
export function githubPage(address: string, appUrl: string): string | undefined {
  const link = safeLink(address);
  const home = safeLink(appUrl) ?? 'https://github.com';
  return link !== undefined && new URL(link).host === new URL(home).host ? link : undefined;
}
