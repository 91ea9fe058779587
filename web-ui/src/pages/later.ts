import { parseRoute } from '../routes.ts';

/** The pages that are not part of the first download: each is fetched when it is wanted, and once. */
export const loadAlerts = () => import('./Alerts.svelte');
export const loadBuild = () => import('./Build.svelte');
export const loadHealth = () => import('./Health.svelte');

const OF: Partial<Record<ReturnType<typeof parseRoute>['page'], () => Promise<unknown>>> = {
  alerts: loadAlerts,
  build: loadBuild,
  'build-by-id': loadBuild,
  system: loadHealth,
};

/** Fetches what a path leads to, so that it is here when somebody goes there. */
export function prepare(path: string): void {
  // That it could not be had is said to whoever goes there.
  OF[parseRoute(path).page]?.().catch(() => undefined);
}
