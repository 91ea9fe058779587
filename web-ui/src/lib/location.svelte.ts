import { flushSync } from 'svelte';

/** Where the page is, as the address bar says it. */
class Location {
  #url = $state.raw(new URL(window.location.href));
  /** Whether a person has gone anywhere since the page was loaded. */
  moved = false;

  get path(): string {
    return this.#url.pathname;
  }

  get search(): string {
    return this.#url.search;
  }

  /** Reads the address bar again. */
  read(): void {
    this.#url = new URL(window.location.href);
    this.moved = true;
  }
}

export const location = new Location();

/** Goes to another address of this UI. */
export function navigate(href: string, how: { replace?: boolean } = {}): void {
  const { pathname } = window.location;
  window.history[how.replace ? 'replaceState' : 'pushState'](null, '', href);
  location.read();
  if (!how.replace && window.location.pathname !== pathname) window.scrollTo(0, 0);
}

function isOurs(event: MouseEvent, link: HTMLAnchorElement): boolean {
  const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  return plain && event.button === 0 && !link.target && link.origin === window.location.origin;
}

/** Makes links and the browser's Back work without loading the page again. */
export function followLinks(): () => void {
  const click = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link?.hasAttribute('href') || event.defaultPrevented || !isOurs(event, link)) return;
    if (link.hash && link.pathname === window.location.pathname) return;
    event.preventDefault();
    navigate(link.href);
  };
  // Drawn at once, so that the browser can bring the scroll position back.
  const back = () => flushSync(() => location.read());
  document.addEventListener('click', click);
  window.addEventListener('popstate', back);
  return () => {
    document.removeEventListener('click', click);
    window.removeEventListener('popstate', back);
  };
}
