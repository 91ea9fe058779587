import { location } from './location.svelte.ts';

/** Gives a heading the focus where another one has just gone, and the focus with it. */
export function takeFocus(heading: HTMLElement): void {
  if (location.moved && document.activeElement === document.body) {
    heading.focus({ preventScroll: true });
  }
}
