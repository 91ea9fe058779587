/** The windows that numbers are shown for. */
export const WINDOWS = {
  '24h': { hours: 24, days: '24 hours' },
  '7d': { hours: 168, days: '7 days' },
  '30d': { hours: 720, days: '30 days' },
} as const;

export type WindowName = keyof typeof WINDOWS;

/** The window that an address asks for; 7 days unless it does. */
export function windowOf(params: URLSearchParams): WindowName {
  const name = params.get('t') ?? '';
  return name in WINDOWS ? (name as WindowName) : '7d';
}

/** The overview with a window and an order. */
export function overviewHref(window: WindowName, sort: string): string {
  const params = new URLSearchParams();
  if (window !== '7d') params.set('t', window);
  if (sort !== 'name') params.set('sort', sort);
  return params.size === 0 ? '/' : `/?${params}`;
}
