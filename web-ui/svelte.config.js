/** @type {import('@sveltejs/vite-plugin-svelte').SvelteConfig} */
export default {
  compilerOptions: {
    runes: true,
    // Elements are made one by one instead of parsed from HTML, so no trusted-types policy is needed.
    fragments: 'tree',
  },
};
