import type { TestProject } from 'vitest/node';
import { type Lampboard, startDemo } from './lampboard.ts';

/** How long a debug build on a busy machine may take to tell the demo's month of history. */
const MONTH = 100_000;

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the demo is that all tests share, its history complete. */
    demo: string;
  }
}

let demo: Lampboard;

/** Runs before all tests: they start when the machine is quiet again. */
export async function setup(project: TestProject): Promise<void> {
  demo = await startDemo();
  await demo.says(/the month of history is told/, MONTH);
  project.provide('demo', demo.origin);
}

/** Runs after all tests. */
export async function teardown(): Promise<void> {
  await demo.kill();
}
