import { defineConfig } from 'vitest/config';

// One file after the other: they measure time. In one process, which loads the browser's driver once.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: 'support/demo.ts',
    fileParallelism: false,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
    disableConsoleIntercept: true,
  },
});
