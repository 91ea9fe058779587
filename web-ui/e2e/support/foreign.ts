import type { Page } from 'playwright-core';

/** The links that lead elsewhere than to this server or to GitHub. */
export function strayLinks(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLAnchorElement>('a[href]')]
      .map((link) => link.href)
      .filter((href) => ![location.origin, 'https://github.com'].includes(new URL(href).origin)),
  );
}

/** The numbers that are painted from right to left, because a name before them says so. */
export function turnedNumbers(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const turned: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const place = (node: Node, index: number) => {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + 1);
      return range.getBoundingClientRect();
    };
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const number = /[1-9]\d{2,}/.exec(node.textContent ?? '');
      if (!number || !node.parentElement?.checkVisibility()) continue;
      const first = place(node, number.index);
      const second = place(node, number.index + 1);
      if (second.left < first.left && second.top === first.top) turned.push(node.textContent ?? '');
    }
    return turned;
  });
}

/** What is wider than the screen, unless it is cut off with an ellipsis or can be scrolled. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const isClipped = (element: Element): boolean => {
      for (
        let outer = element;
        outer !== document.body;
        outer = outer.parentElement ?? document.body
      ) {
        const { overflowX, textOverflow, clipPath } = getComputedStyle(outer);
        if (textOverflow === 'ellipsis' || ['auto', 'scroll'].includes(overflowX)) return true;
        // What is for screen readers only.
        if (clipPath !== 'none') return true;
      }
      return false;
    };
    const wide = [...document.body.querySelectorAll('*')].filter(
      (element) => element.getBoundingClientRect().right > width + 0.5 && !isClipped(element),
    );
    const names = wide.map((element) => `${element.tagName}.${element.className}`);
    if (document.documentElement.scrollWidth > width) names.unshift('the page itself');
    return names;
  });
}
