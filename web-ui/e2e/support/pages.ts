import type { Page } from 'playwright-core';
import { load, pillSays } from './browser.ts';

/** The pages that people see, of a Lampboard that knows many builds. */
export async function pagesOf(page: Page, origin: string): Promise<Record<string, string>> {
  await load(page, `${origin}/builds?conclusion=failure&event=push`);
  const failed = page.getByRole('list', { name: 'Builds, newest first' }).getByRole('link').first();
  return {
    overview: origin,
    builds: `${origin}/builds`,
    build: new URL((await failed.getAttribute('href')) ?? '', origin).href,
    health: `${origin}/system`,
  };
}

/** Goes to one of them, and waits until it shows all that there is, and keeps itself fresh. */
export async function openPage(page: Page, name: string, address: string): Promise<void> {
  await load(page, address);
  // The page of health asks again and again instead of watching builds.
  if (name !== 'health') await pillSays(page, 'Live');
}
