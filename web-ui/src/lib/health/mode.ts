import { type AppStatus, AppMode } from '../../gen/lampboard/v1/status_pb.ts';
import type { GetSystemResponse } from '../../gen/lampboard/v1/system_service_pb.ts';
import { timestampMs } from '../format.ts';

const WORDS: Record<AppMode, string> = {
  [AppMode.UNSPECIFIED]: 'unknown',
  [AppMode.SETUP]: 'not at all: it waits to be set up',
  [AppMode.WEBHOOKS]: 'webhooks alone',
  [AppMode.CONNECTED]: 'webhooks, and asking for what they missed',
  [AppMode.POLLING]: 'asking, without webhooks',
};

/** How the app learns of builds, in words. */
export function modeWords(app: AppStatus | undefined): string {
  return WORDS[app?.mode ?? AppMode.UNSPECIFIED] ?? WORDS[AppMode.UNSPECIFIED];
}

/** Whether it can ask GitHub for what is missing. */
export function canAsk(app: AppStatus | undefined): boolean {
  return app?.mode === AppMode.CONNECTED || app?.mode === AppMode.POLLING;
}

/** Whether webhooks are to be expected. */
export function expectsWebhooks(app: AppStatus | undefined): boolean {
  return app?.mode === AppMode.CONNECTED || app?.mode === AppMode.WEBHOOKS;
}

/** Whether it looks through GitHub's log of deliveries for those that were missed. */
export function examinesLog(app: AppStatus | undefined): boolean {
  return app?.mode === AppMode.CONNECTED;
}

/** Until when GitHub wants to hear nothing from at least one installation, if it does. */
export function limitedUntil({ app }: GetSystemResponse, now: number): number | undefined {
  const ends = (app?.budgets ?? [])
    .map((budget) => timestampMs(budget.limitedUntilTime) ?? 0)
    .filter((end) => end > now);
  return ends.length === 0 ? undefined : Math.max(...ends);
}
