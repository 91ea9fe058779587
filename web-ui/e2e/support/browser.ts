import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** A desk and a telephone. */
export const DESK = { viewport: { width: 1280, height: 800 } };
export const PHONE = { viewport: { width: 375, height: 812 }, isMobile: true, hasTouch: true };

/** How long anything may take to come onto the screen. */
const PATIENCE = 15_000;

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A tab, and everything in it that a well-behaved page never does. */
export interface Visit {
  page: Page;
  complaints: string[];
  requests: URL[];
}

/** Opens a tab with cookies, storage and an eye of its own. */
export async function visit(browser: Browser, options: BrowserContextOptions): Promise<Visit> {
  const context = await browser.newContext(options);
  const complaints: string[] = [];
  const requests: URL[] = [];
  const complain = (text: string) => void complaints.push(text);

  await context.exposeFunction('complain', complain);
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const { complain } = window as unknown as { complain(text: string): void };
      complain(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('dialog', (dialog) => {
    complain(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => complain(`error: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complain(`console: ${message.text()}`);
  });
  page.on('request', (request) => requests.push(new URL(request.url())));
  return { page, complaints, requests };
}

/** Goes to an address and waits until nothing on it is loading. */
export async function load(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.locator('h1').first().waitFor({ state: 'attached' });
  await settled(page);
}

/** Waits until the page shows what it fetched. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => !document.querySelector('.skeleton, [aria-busy="true"]'));
}

/** What the pill in the header says of the stream. */
export function pill(page: Page) {
  return page.locator('button.pill [role=status]');
}

/** Waits for the pill to begin with a word. */
export async function pillSays(page: Page, word: string): Promise<void> {
  await pill(page).filter({ hasText: word }).waitFor();
}

/**
 * Resolves with the time at which a text is painted, in milliseconds since 1970.
 *
 * Called before the text is there, it waits for it.
 */
export function painted(page: Page, text: string): Promise<number> {
  return page.evaluate(
    ([wanted, patience]) =>
      new Promise<number>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`"${wanted}" did not come`)), patience);
        const look = () => {
          if (!document.body.textContent.replace(/\s+/g, ' ').includes(wanted)) return;
          observer.disconnect();
          clearTimeout(timer);
          // The frame that shows it begins after this callback, and is over in the next task.
          requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => resolve(Date.now());
            port2.postMessage(undefined);
          });
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { subtree: true, childList: true, characterData: true });
        look();
      }),
    [text, PATIENCE] as const,
  );
}
