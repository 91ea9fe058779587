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
  [Code.ResourceExhausted]: 'The server has too much to do right now.',
  [Code.Unauthenticated]: 'You are not signed in.',
  [Code.PermissionDenied]: 'You may not see this.',
  [Code.NotFound]: 'This does not exist here.',
  [Code.Unimplemented]: 'This server does not know how to answer that.',
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
  const invalid = code === Code.InvalidArgument;
  return {
    sentence: invalid
      ? `The server does not understand this: ${rawMessage}.`
      : (SENTENCES[code] ?? `Something went wrong on the server (${Code[code]}).`),
    retry: !FINAL.includes(code),
    notFound: code === Code.NotFound,
  };
}
