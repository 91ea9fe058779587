import { Code, ConnectError } from '@connectrpc/connect';

/** What went wrong, for people. */
export interface Problem {
  sentence: string;
  /** Whether asking again may help. */
  retry: boolean;
  notFound: boolean;
}

const SENTENCES: Partial<Record<Code, string>> = {
  [Code.Unavailable]: 'The server cannot be reached.',
  [Code.DeadlineExceeded]: 'The server took too long to answer.',
  [Code.Unauthenticated]: 'You are not signed in.',
  [Code.PermissionDenied]: 'You may not see this.',
  [Code.NotFound]: 'This does not exist here.',
  [Code.Unimplemented]: 'This server does not know how to answer that.',
};

/** Where the server says what to do. */
const EXPLAINED: Partial<Record<Code, (why: string) => string>> = {
  [Code.InvalidArgument]: (why) => `The server does not understand this: ${why}.`,
  [Code.ResourceExhausted]: (why) => `This is too much for the server: ${why}.`,
};

const FINAL: readonly Code[] = [
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.Unimplemented,
];

/** Whether an error only says that nobody waits for the answer any more. */
export function isCancelled(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Canceled;
}

/** Turns an error into a sentence. */
export function problemOf(error: unknown): Problem {
  const { code, rawMessage } = ConnectError.from(error, Code.Unavailable);
  return {
    sentence:
      EXPLAINED[code]?.(rawMessage) ??
      SENTENCES[code] ??
      `Something went wrong on the server (${Code[code]}).`,
    retry: !FINAL.includes(code),
    notFound: code === Code.NotFound,
  };
}
