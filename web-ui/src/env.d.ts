/// <reference types="svelte" />
/// <reference types="vite/client" />

declare module 'virtual:icons' {
  /** The outlines of each icon, for a view box of 16 by 16. */
  const icons: Record<string, string[]>;
  export default icons;
}
