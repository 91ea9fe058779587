import { create } from '@bufbuild/protobuf';
import { InstallationState } from '../src/gen/lampboard/v1/repository_pb.ts';
import {
  type InstallationSummary,
  InstallationSummarySchema,
} from '../src/gen/lampboard/v1/system_service_pb.ts';
import { ELSEWHERE, HOSTILE } from './hostile.ts';
import type { Scenario } from './scenario.ts';

const ACME = {
  id: '11',
  account: 'acme',
  state: InstallationState.ACTIVE,
  allRepositories: true,
  url: 'https://github.com/organizations/acme/settings/installations/11',
};
const MONA = {
  id: '12',
  account: 'mona',
  state: InstallationState.ACTIVE,
  url: 'https://github.com/settings/installations/12',
};

/** Where the app is installed. */
export function installationsOf(scenario: Scenario): InstallationSummary[] {
  const make = (installation: object, repositoryCount: number) =>
    create(InstallationSummarySchema, { installation, repositoryCount });
  switch (scenario) {
    case 'set-up':
    case 'no-key':
      return [];
    case 'problems':
      return [
        make({ ...ACME, missingPermissions: ['actions: read', 'workflow_job'] }, 40),
        make({ ...MONA, state: InstallationState.SUSPENDED }, 2),
        make({ ...MONA, id: '13', account: 'oldco', state: InstallationState.DELETED }, 0),
      ];
    case 'hostile':
      return [
        make({ ...ACME, account: HOSTILE, missingPermissions: [HOSTILE], url: ELSEWHERE }, 7),
        make({ ...MONA, url: ELSEWHERE }, 2),
      ];
    default:
      return [make(ACME, 40), make(MONA, 2)];
  }
}
