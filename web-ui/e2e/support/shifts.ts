import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { say } from './figures.ts';

/** Something that moved without a person having asked for it. */
interface Shift {
  value: number;
  moved: string[];
}

/** Lets the page gather its shifts. */
export async function countShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    interface LayoutShift extends PerformanceEntry {
      value: number;
      hadRecentInput: boolean;
      sources: { node: Node | null }[];
    }
    const shifts: Shift[] = [];
    Object.assign(window, { shifts });
    const nameOf = (node: Node | null) =>
      node instanceof Element ? `${node.nodeName}.${node.className}` : '(text)';
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries() as LayoutShift[]) {
        if (!hadRecentInput) shifts.push({ value, moved: sources.map(({ node }) => nameOf(node)) });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

/** Fails when anything moved. */
export async function nothingMoved(page: Page, what: string): Promise<void> {
  const shifts = await page.evaluate(() => (window as unknown as { shifts: Shift[] }).shifts);
  const sum = shifts.reduce((sum, { value }) => sum + value, 0).toFixed(3);
  say(`layout shift of ${what}`, sum);
  expect(sum, JSON.stringify(shifts, undefined, 1)).toBe('0.000');
}
