/** The states of a Lampboard that the mock server can be in. */
export const SCENARIOS = [
  'well',
  'jobs-missing',
  'missed',
  'silent',
  'listening',
  'set-up',
  'no-key',
  'polling',
  'problems',
  'read-only',
  'app-gone',
  'loading',
  'hostile',
  'unreachable',
] as const;

export type Scenario = (typeof SCENARIOS)[number];

/** The state that was chosen in this browser: `localStorage.setItem('lampboard.mock', 'missed')`. */
export function scenario(): Scenario {
  const chosen = localStorage.getItem('lampboard.mock');
  return SCENARIOS.find((name) => name === chosen) ?? 'well';
}
