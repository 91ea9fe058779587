import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const COMPRESSIBLE = /\.(js|css|svg|json|webmanifest)$/;
const WORTH_IT = 1024;

/** What each copy is compressed by, as well as it can: that is done once. */
const COPIES = {
  gz: (source: Buffer) => gzipSync(source, { level: 9 }),
  br: (source: Buffer) =>
    brotliCompressSync(source, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: source.length,
      },
    }),
};

/** Puts a `.gz` and a `.br` beside every hashed asset, so that the server never compresses one. */
export function compressAssets(): Plugin {
  return {
    name: 'compress-assets',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const output of Object.values(bundle)) {
          if (!COMPRESSIBLE.test(output.fileName)) continue;
          const source = Buffer.from(output.type === 'chunk' ? output.code : output.source);
          if (source.length < WORTH_IT) continue;
          for (const [ending, compress] of Object.entries(COPIES)) {
            this.emitFile({
              type: 'asset',
              fileName: `${output.fileName}.${ending}`,
              source: compress(source),
            });
          }
        }
      },
    },
  };
}
