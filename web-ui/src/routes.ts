/** A part of the alerts; of rules and channels also one of them, or `new`. */
export interface AlertsRoute {
  page: 'alerts';
  tab: 'rules' | 'channels' | 'incidents' | 'history';
  id?: string;
}

/** What a path leads to. */
export type Route =
  | { page: 'overview' }
  | { page: 'builds' }
  | { page: 'build'; repository: string; runId: string; attempt?: number }
  | { page: 'build-by-id'; id: string }
  | { page: 'system' }
  | AlertsRoute
  | { page: 'not-found' };

const NUMBER = /^[1-9][0-9]{0,17}$/;

function segmentsOf(path: string): string[] | undefined {
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function runRoute(repository: string, rest: string[]): Route {
  const [runId, attempts, attempt, ...more] = rest;
  if (runId === undefined || !NUMBER.test(runId) || more.length > 0) return { page: 'not-found' };
  if (attempts === undefined) return { page: 'build', repository, runId };
  if (attempts !== 'attempts' || attempt === undefined || !NUMBER.test(attempt)) {
    return { page: 'not-found' };
  }
  return { page: 'build', repository, runId, attempt: Number(attempt) };
}

function alertsRoute([tab = 'rules', id, ...more]: string[]): Route {
  if (more.length > 0) return { page: 'not-found' };
  if (tab === 'rules' || tab === 'channels') return { page: 'alerts', tab, id };
  const whole = id === undefined && (tab === 'incidents' || tab === 'history');
  return whole ? { page: 'alerts', tab } : { page: 'not-found' };
}

/**
 * Finds out where a path leads. A run's path on GitHub leads to the same run here, so that swapping the host in an
 * address is enough.
 */
export function parseRoute(path: string): Route {
  const segments = segmentsOf(path);
  if (!segments) return { page: 'not-found' };
  if (segments.length === 0) return { page: 'overview' };

  const [first, second, third, fourth, ...rest] = segments;
  if (first === 'builds' && segments.length === 1) return { page: 'builds' };
  if (first === 'system' && segments.length === 1) return { page: 'system' };
  // An account may be called so too: its runs are found below.
  if (first === 'alerts' && third !== 'actions') return alertsRoute(segments.slice(1));
  if (first === 'builds' && second && segments.length === 2) {
    return { page: 'build-by-id', id: second };
  }
  if (first === 'r' && second && third && fourth === 'runs') {
    return runRoute(`${second}/${third}`, rest);
  }
  if (second && third === 'actions' && fourth === 'runs') {
    // The link of a job leads to its run.
    const run = rest[1] === 'job' ? rest.slice(0, 1) : rest;
    return runRoute(`${first}/${second}`, run);
  }
  return { page: 'not-found' };
}

/** The page of a run, or of one attempt of it. */
export function buildHref(repository: string, runId: string, attempt?: number): string {
  const [owner = '', name = ''] = repository.split('/');
  const run = `/r/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/runs/${runId}`;
  return attempt === undefined ? run : `${run}/attempts/${attempt}`;
}
