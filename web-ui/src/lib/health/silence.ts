import { timestampMs, formatAgo, formatCount } from '../format.ts';
import { InstallationState } from '../../gen/lampboard/v1/repository_pb.ts';
import { activeOnes } from './installation.ts';
import type { Evidence } from './verdict.ts';

/** Why no webhook may come. */
export interface Cause {
  title: string;
  fix: string;
  /** What speaks for it. */
  evidence?: string;
}

function refused({ system, now }: Evidence, reason: string): string | undefined {
  const found = system.app?.refused.find((one) => one.reason === reason && Number(one.count) > 0);
  if (!found) return undefined;
  const last = timestampMs(found.lastTime);
  const taken = timestampMs(system.lastDeliveryTime);
  // What was mended meanwhile is not the cause.
  if (last !== undefined && taken !== undefined && last < taken) return undefined;
  const when = last === undefined ? '' : `, the last ${formatAgo(now - last)}`;
  const count = Number(found.count);
  return `${formatCount(count)} ${count === 1 ? 'was' : 'were'} refused for that since the app started${when}.`;
}

function inactive({ installations }: Evidence): string | undefined {
  if (!installations || activeOnes(installations).length > 0) return undefined;
  return installations.length === 0
    ? 'It is installed on no account.'
    : 'No installation is active.';
}

function ungranted({ installations = [] }: Evidence): string | undefined {
  const lacking = installations.filter(
    ({ installation }) =>
      installation?.state === InstallationState.ACTIVE &&
      installation.missingPermissions.length > 0,
  ).length;
  if (lacking === 0) return undefined;
  return `${formatCount(lacking)} ${lacking === 1 ? 'account has' : 'accounts have'} not granted everything.`;
}

/** Every cause with its fix; those that something speaks for come first. */
export function causesOf(evidence: Evidence, webhook: string): Cause[] {
  const causes: Cause[] = [
    {
      title: 'GitHub signs with another secret.',
      fix: 'Give the App on GitHub the secret that is in LAMPBOARD_WEBHOOK_SECRET, or the other way round.',
      evidence: refused(evidence, 'unauthorized'),
    },
    {
      title: 'GitHub sends forms.',
      fix: 'In the settings of the App’s webhook, choose the content type application/json.',
      evidence: refused(evidence, 'unsupported_media_type'),
    },
    {
      title: 'The app is not installed, or suspended.',
      fix: 'Install it on the accounts whose builds are to be seen here; an owner can lift a suspension.',
      evidence: inactive(evidence),
    },
    {
      title: 'The app may not see builds.',
      fix: 'It needs the permission actions: read, and the events workflow_run and workflow_job, as app-manifest.json says.',
      evidence: ungranted(evidence),
    },
    {
      title: 'GitHub cannot reach this server.',
      fix: `The App’s webhook must be active, and its URL lead from the internet to ${webhook}`,
    },
    {
      title: 'Nothing ran.',
      fix: 'Then all is well. To make sure, run any workflow again: its webhook comes within seconds.',
    },
  ];
  return causes.sort((a, b) => Number(b.evidence !== undefined) - Number(a.evidence !== undefined));
}
