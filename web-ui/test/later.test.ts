// @vitest-environment jsdom
import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import Later from '../src/components/Later.svelte';
import { foreseeLinks } from '../src/lib/intent.ts';
import NotFound from '../src/pages/NotFound.svelte';

const PROPS = { title: 'A late page', text: 'It came.' };
const heading = () => screen.getByRole('heading', { level: 1 });

/** A page whose code comes when it is told to. */
function show() {
  type Code = { default: typeof NotFound };
  let resolve: (code: Code) => void = () => {};
  let reject: (why: Error) => void = () => {};
  const code = new Promise<Code>((...settle) => ([resolve, reject] = settle));
  const target = document.body.appendChild(document.createElement('main'));
  onTestFinished(() => target.remove());
  render(Later, { target, props: { name: 'Late', load: () => code, props: PROPS } });
  return { resolve, reject };
}

describe('a page that is fetched when it is wanted', () => {
  it('has a heading before, whose focus goes on to its own', async () => {
    const code = show();
    expect(heading().textContent).toBe('Late');
    heading().focus();
    code.resolve({ default: NotFound });
    await vi.waitFor(() => expect(heading().textContent).toContain('A late page'));
    expect(document.activeElement).toBe(heading());
  });

  it('takes the focus from nobody', async () => {
    const code = show();
    code.resolve({ default: NotFound });
    await vi.waitFor(() => expect(heading().textContent).toContain('A late page'));
    expect(document.activeElement).toBe(document.body);
  });

  it('says when it cannot be had', async () => {
    const code = show();
    code.reject(new TypeError('404'));
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('This page could not be loaded.');
    expect(heading().textContent).toBe('Late');
  });
});

describe('a link that is about to be followed', () => {
  function listen() {
    const tell = vi.fn<(path: string) => void>();
    onTestFinished(foreseeLinks(tell));
    return tell;
  }

  function link(href: string) {
    const link = document.body.appendChild(document.createElement('a'));
    onTestFinished(() => link.remove());
    link.href = href;
    return link.appendChild(document.createElement('span'));
  }

  it('is told when it is pointed at, touched or has the focus', async () => {
    const tell = listen();
    const inside = link('/r/acme/web/runs/7?x=1');
    await fireEvent.pointerOver(inside);
    await fireEvent.touchStart(inside);
    await fireEvent.focusIn(inside);
    expect(tell.mock.calls).toEqual(Array(3).fill(['/r/acme/web/runs/7']));
  });

  it('is not told when it leads elsewhere', async () => {
    const tell = listen();
    await fireEvent.pointerOver(link('https://github.com/system'));
    await fireEvent.pointerOver(document.body);
    expect(tell).not.toHaveBeenCalled();
  });
});
