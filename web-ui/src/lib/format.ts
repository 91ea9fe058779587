import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const integers = new Intl.NumberFormat('en');

/** The milliseconds of a duration, or of none. */
export function durationMs(duration: Duration | undefined): number | undefined {
  if (!duration) return undefined;
  return Number(duration.seconds) * SECOND + duration.nanos / 1e6;
}

/** The milliseconds since 1970 of a time, or of none. */
export function timestampMs(timestamp: Timestamp | undefined): number | undefined {
  if (!timestamp) return undefined;
  return Number(timestamp.seconds) * SECOND + Math.floor(timestamp.nanos / 1e6);
}

/** `1,204` */
export function formatCount(count: number): string {
  return integers.format(count);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

function formatWhole(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${pad(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h ${pad(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${pad(hours % 24)}h`;
}

/** `0.8 s`, `42 s`, `4m 12s`, `1h 03m`, `3d 04h` */
export function formatDuration(ms: number): string {
  const tenths = Math.round(Math.max(ms, 0) / 100);
  if (tenths > 0 && tenths < 100) {
    return tenths % 10 === 0 ? `${tenths / 10} s` : `${(tenths / 10).toFixed(1)} s`;
  }
  return formatWhole(Math.round(Math.max(ms, 0) / SECOND));
}

/** Like a duration, in whole seconds: for what is still counting. */
export function formatElapsed(ms: number): string {
  return formatWhole(Math.floor(Math.max(ms, 0) / SECOND));
}

/** How long ago something was; beyond a week the caller's date says more. */
export function formatAgo(ms: number): string {
  if (ms < 5 * SECOND) return 'just now';
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  const days = Math.floor(ms / DAY);
  return days === 1 ? '1 day ago' : `${days} days ago`;
}

/** `12 s`, `4 min`, `26 h`, `3 days`: how long something has lasted, roughly. */
export function formatAge(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(Math.max(ms, 0) / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} days`;
}

/** `48.2 MB`, in powers of ten. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 999.95 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** `90.8 %`; with one decimal always, so that a column of them is in line. Never rounded up to 100 % nor down to 0 %. */
export function formatPercent(rate: number): string {
  const tenths = Math.round(rate * 1000);
  const shown = rate < 1 && tenths === 1000 ? 999 : rate > 0 && tenths === 0 ? 1 : tenths;
  return `${(shown / 10).toFixed(1)} %`;
}

export type Zone = 'local' | 'utc';

function timeZone(zone: Zone): string | undefined {
  return zone === 'utc' ? 'UTC' : undefined;
}

/** `21 Nov 2026, 14:02:11` in the zone that the viewer chose, with its name. */
export function formatTime(ms: number, zone: Zone): string {
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    timeZone: timeZone(zone),
  }).format(ms);
}

/** `14:02`, for times of today. */
export function formatClock(ms: number, zone: Zone): string {
  return new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    timeZone: timeZone(zone),
  }).format(ms);
}

/** `14:02` of the last 24 hours, `20 Nov` of before: since when something runs. */
export function formatSince(ms: number, now: number, zone: Zone): string {
  if (now - ms < DAY) return formatClock(ms, zone);
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    timeZone: timeZone(zone),
  }).format(ms);
}

/** The seven characters by which people know a commit. */
export function shortSha(sha: string): string {
  return sha.slice(0, 7);
}

/** `1 build`, `2 builds` */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
