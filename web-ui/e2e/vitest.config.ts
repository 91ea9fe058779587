import { defineConfig } from 'vitest/config';

// One file after the other: they measure time. In one process, which loads the browser's driver once.
export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: 'e2e/support/demo.ts',
    fileParallelism: false,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
    disableConsoleIntercept: true,
  },
});
