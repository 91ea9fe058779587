import type { CallOptions } from '@connectrpc/connect';

const DEADLINE = 20_000;

/** How every unary call is made. */
export function options(signal?: AbortSignal): CallOptions {
  return { signal, timeoutMs: DEADLINE };
}
