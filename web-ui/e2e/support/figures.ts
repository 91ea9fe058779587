/** The value below which a share of the others lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** Prints what was measured, for people to read. */
export function say(what: string, figure: string): void {
  console.info(`    ${what}: ${figure}`);
}
