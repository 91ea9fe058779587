import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig, mergeConfig } from 'vitest/config';
import viteConfig from './vite.config.ts';

export default defineConfig((env) =>
  mergeConfig(viteConfig({ ...env, mode: 'mock' }), {
    plugins: [svelteTesting()],
    test: { include: ['test/**/*.test.ts'] },
  }),
);
