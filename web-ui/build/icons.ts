import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

interface IconNode {
  name: string;
  attributes: Record<string, string>;
  children: IconNode[];
}

type IconData = Record<string, { heights: Record<string, { ast: IconNode }> }>;

/** The icons that the UI uses, from GitHub's Octicons (MIT). */
const NAMES = [
  'alert',
  'bell',
  'check-circle-fill',
  'chevron-right',
  'clock',
  'dash',
  'device-desktop',
  'dot-fill',
  'git-branch',
  'history',
  'hourglass',
  'info',
  'link-external',
  'lock',
  'moon',
  'question',
  'repo-forked',
  'search',
  'skip',
  'stop',
  'sun',
  'sync',
  'workflow',
  'x',
  'x-circle-fill',
] as const;

const VIRTUAL = 'virtual:icons';

function outlines(node: IconNode): string[] {
  const own = node.attributes.d === undefined ? [] : [node.attributes.d];
  return [...own, ...node.children.flatMap(outlines)];
}

/** Offers the outlines of the icons as `virtual:icons`, and nothing else of their package. */
export function icons(): Plugin {
  return {
    name: 'icons',
    resolveId: (id) => (id === VIRTUAL ? `\0${VIRTUAL}` : undefined),
    load(id) {
      if (id !== `\0${VIRTUAL}`) return undefined;
      const load = createRequire(import.meta.url);
      const data = load('@primer/octicons/build/data.json') as IconData;
      const entries = NAMES.map((name) => {
        const icon = data[name]?.heights['16'];
        if (!icon) throw new Error(`no icon is called ${name}`);
        return [name, outlines(icon.ast)];
      });
      return `export default ${JSON.stringify(Object.fromEntries(entries))};`;
    },
  };
}
