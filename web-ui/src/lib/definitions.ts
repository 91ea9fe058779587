/** How each number is counted, in the words that stand beside it. */
export const DEFINITIONS = {
  successRate:
    'Successes out of successes and failures. Failed, timed out and startup failure are failures; cancelled, ' +
    'skipped and the like are neither. Of each run the highest attempt that has completed counts, in the window in ' +
    'which it finished.',
  avgTime:
    'Wall time of successes and failures, from the start of the attempt to the end of its last job. p50: half of the ' +
    'builds take no longer; p95: 95 in 100 do. The mean stands beside it because a few long builds pull it up.',
  buildCount:
    'Runs that finished in the window, whatever their conclusion, each once: by the highest attempt that has ' +
    'completed. Attempts that a re-run replaced are counted apart.',
} as const;
