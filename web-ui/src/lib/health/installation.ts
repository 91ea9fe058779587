import { InstallationState } from '../../gen/lampboard/v1/repository_pb.ts';
import type { InstallationSummary } from '../../gen/lampboard/v1/system_service_pb.ts';
import { formatCount } from '../format.ts';
import type { Look } from '../status.ts';

const LOOKS: Partial<Record<InstallationState, Look>> = {
  [InstallationState.ACTIVE]: { word: 'active', icon: 'check-circle-fill', tone: 'success' },
  [InstallationState.SUSPENDED]: { word: 'suspended', icon: 'stop', tone: 'attention' },
  [InstallationState.DELETED]: { word: 'uninstalled', icon: 'x-circle-fill', tone: 'muted' },
};
const UNKNOWN: Look = { word: 'unknown', icon: 'question', tone: 'attention' };

/** How to show what became of an installation. */
export function installationLook(state: InstallationState | undefined): Look {
  return LOOKS[state ?? InstallationState.UNSPECIFIED] ?? UNKNOWN;
}

/** The installations that work. */
export function activeOnes(installations: readonly InstallationSummary[]): InstallationSummary[] {
  return installations.filter(
    ({ installation }) => installation?.state === InstallationState.ACTIVE,
  );
}

/** How many repositories the installations that work see. */
export function watchedCount(installations: readonly InstallationSummary[]): number {
  return activeOnes(installations).reduce((sum, { repositoryCount }) => sum + repositoryCount, 0);
}

/** `1 repository`, `42 repositories` */
export function repositories(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'repository' : 'repositories'}`;
}
