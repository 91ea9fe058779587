const WORDS: Record<string, string> = {
  unauthorized: 'not signed with our secret',
  bad_request: 'without GitHub’s headers, or not readable',
  timeout: 'too slow',
  too_large: 'too large',
  unsupported_media_type: 'not JSON',
  busy: 'too many at one time',
  unavailable: 'not recorded, because the server was not available',
};

/** Why a webhook was refused, in words. */
export function refusalWords(reason: string): string {
  return WORDS[reason] ?? reason.replaceAll('_', ' ');
}
