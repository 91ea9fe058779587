/** Names the page that is shown. */
export function entitle(title: () => string): void {
  $effect(() => {
    document.title = `${title()} · Lampboard`;
  });
}
