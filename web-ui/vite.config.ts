import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { compressAssets } from './build/compress.ts';
import { icons } from './build/icons.ts';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), icons(), compressAssets()],
  resolve: {
    alias: {
      // `--mode mock` answers every call in the browser, from seeded data.
      $transport: file(mode === 'mock' ? 'mock/transport.ts' : 'src/api/transport.ts'),
    },
  },
  build: {
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // `data:` URLs would be one more thing to allow, for no gain.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // One chunk for what the first page needs beside itself: many small ones compress worse.
        advancedChunks: {
          groups: [
            {
              name: 'base',
              test: /src[\\/](components[\\/](Section|Ago|Icon|Status|Skeleton|Empty|ProblemNote|WorkflowName|BranchName)\.|lib[\\/](format|status|names|links|prefs|ticker|resource|location|clock|refresher|repeat|live|title|query|span)\.|routes\.ts|gen[\\/].*[\\/](build|repository)_pb|api[\\/](errors|call|transport))/,
            },
          ],
        },
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '^/lampboard\\.v1\\.': {
        target: process.env.LAMPBOARD_URL ?? 'http://127.0.0.1:8080',
        // The server answers pages of its own origin only: it must see the host that the browser sees.
        changeOrigin: false,
      },
    },
  },
}));
