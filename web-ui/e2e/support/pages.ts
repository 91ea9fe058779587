import type { Page } from 'playwright-core';
import { load } from './browser.ts';

/** The pages that people see, of a Lampboard that knows many builds. */
export async function pagesOf(page: Page, origin: string): Promise<Record<string, string>> {
  await load(page, `${origin}/builds?conclusion=failure&event=push`);
  const failed = page.getByRole('list', { name: 'Builds, newest first' }).getByRole('link').first();
  return {
    overview: origin,
    builds: `${origin}/builds`,
    build: new URL((await failed.getAttribute('href')) ?? '', origin).href,
  };
}
