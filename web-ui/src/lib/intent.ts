const SIGNS = ['pointerover', 'touchstart', 'focusin'] as const;

/** Tells the path of every link of ours that somebody is about to follow: it is pointed at, touched or has the focus. */
export function foreseeLinks(tell: (path: string) => void): () => void {
  const look = ({ target }: Event) => {
    const link = target instanceof Element ? target.closest('a') : null;
    if (link?.hasAttribute('href') && link.origin === window.location.origin) tell(link.pathname);
  };
  for (const sign of SIGNS) document.addEventListener(sign, look, { passive: true });
  return () => {
    for (const sign of SIGNS) document.removeEventListener(sign, look);
  };
}
