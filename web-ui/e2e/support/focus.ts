import type { Page } from 'playwright-core';

const MOST_STOPS = 200;

/** Where the focus stops. */
export interface Stop {
  name: string;
  path: string;
  region: string;
  /** What keeps a person from seeing where the focus is. */
  fault: string;
}

/** Where the focus is, and whether a person can see it. */
export function focused(page: Page): Promise<Stop> {
  return page.evaluate(async () => {
    // What appears on focus needs a frame for it.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const element = document.activeElement;
    if (!element || element === document.body) {
      return { name: 'nothing', path: '', region: '', fault: 'has no focus' };
    }
    const box = element.getClientRects()[0] ?? new DOMRect();
    const middle = [box.x + box.width / 2, box.y + Math.min(box.height / 2, 12)] as const;
    const top = document.elementFromPoint(...middle);
    const ring = [element, element.closest('form')].some((shown) => {
      const style = shown && getComputedStyle(shown);
      return style && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    });
    const faults = [
      ring ? '' : 'has no ring',
      top && (element.contains(top) || top.contains(element)) ? '' : 'is covered or off the screen',
    ];
    return {
      name: element.getAttribute('aria-label') ?? element.textContent.trim(),
      path: element instanceof HTMLAnchorElement ? element.pathname : '',
      region: element.closest('section')?.querySelector('h2')?.textContent ?? '',
      fault: faults.filter(Boolean).join(', '),
    };
  });
}

/** Presses Tab until the focus is where it is wanted. */
export async function tabTo(
  page: Page,
  wanted: (stop: Stop) => boolean,
  faults: string[],
): Promise<Stop> {
  for (let stops = 0; stops < MOST_STOPS; stops++) {
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    if (stop.fault) faults.push(`${stop.name} ${stop.fault}`);
    if (wanted(stop)) return stop;
  }
  throw new Error(`${MOST_STOPS} stops did not lead there`);
}
