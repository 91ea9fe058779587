const MARGIN = 12;

/** Puts an explanation under what it explains, on the screen as a whole. */
export function placeBelow(anchor: HTMLElement, panel: HTMLElement, width: number): void {
  const { bottom, left } = anchor.getBoundingClientRect();
  const rightmost = document.documentElement.clientWidth - width - MARGIN;
  panel.style.top = `${bottom + 8}px`;
  panel.style.left = `${Math.max(MARGIN, Math.min(left - 16, rightmost))}px`;
}
