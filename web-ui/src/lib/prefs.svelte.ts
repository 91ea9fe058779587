import type { Zone } from './format.ts';

export type Theme = 'auto' | 'light' | 'dark';

function stored(key: string): string | null {
  try {
    return localStorage.getItem(`lampboard.${key}`);
  } catch {
    return null;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(`lampboard.${key}`, value);
  } catch {
    // Kept for this visit only.
  }
}

function storedTheme(): Theme {
  const theme = stored('theme');
  return theme === 'light' || theme === 'dark' ? theme : 'auto';
}

/** What the viewer chose for this browser. */
class Preferences {
  #theme = $state<Theme>(storedTheme());
  #zone = $state<Zone>(stored('zone') === 'utc' ? 'utc' : 'local');

  get theme(): Theme {
    return this.#theme;
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    store('theme', theme);
    // The same attribute that public/theme.js sets before the first paint.
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  get zone(): Zone {
    return this.#zone;
  }

  set zone(zone: Zone) {
    this.#zone = zone;
    store('zone', zone);
  }
}

export const preferences = new Preferences();
