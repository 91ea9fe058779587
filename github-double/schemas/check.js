// Checks what the simulated GitHub says against GitHub's own descriptions: node check.js FOLDER
//
// FOLDER holds what `cargo run -p lampboard-github-double --example samples -- FOLDER` wrote:
// answers/OPERATION.STATUS~WORD.json and events/EVENT.ACTION~WORD.json, where the word tells several
// samples of the same apart. What is expected and missing is a failure, and so is what nobody
// expects. expected.json also lists where the descriptions are wrong themselves.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Descriptions } from './descriptions.js';

/** All samples below the folder: `{ kind, name, subject, value }`. */
function readSamples(folder) {
  return ['answers', 'events'].flatMap((kind) =>
    readdirSync(join(folder, kind))
      .sort()
      .map((file) => {
        const name = file.replace(/\.json$/, '');
        const [subject] = name.split('~');
        const value = JSON.parse(readFileSync(join(folder, kind, file), 'utf8'));
        return { kind, name, subject, value };
      }),
  );
}

/** What is wrong with the samples, each in one line. */
export function problemsOf(samples, expected, descriptions) {
  return excuse(allProblemsOf(samples, expected, descriptions), expected.deviations);
}

/** Leaves out what is known to differ from the descriptions, and says where that is over. */
function excuse(problems, deviations) {
  const patterns = deviations.map(({ pattern }) => new RegExp(pattern));
  const serious = problems.filter((problem) => !patterns.some((it) => it.test(problem)));
  const over = patterns.filter((it) => !problems.some((problem) => it.test(problem)));
  return [...serious, ...over.map((it) => `expected.json: nothing deviates like ${it} any more`)];
}

function allProblemsOf(samples, expected, descriptions) {
  const problems = [];
  for (const kind of ['answers', 'events']) {
    const there = new Set(samples.filter((it) => it.kind === kind).map((it) => it.subject));
    for (const subject of expected[kind]) {
      if (!there.has(subject)) problems.push(`${kind}/${subject}: there is no sample of it`);
    }
  }
  for (const { kind, name, subject, value } of samples) {
    if (!expected[kind].includes(subject)) {
      problems.push(`${kind}/${name}: nobody expects it; expected.json names what is`);
      continue;
    }
    const schema = descriptions.schemaOf(kind, subject);
    if (schema === undefined) {
      problems.push(`${kind}/${name}: GitHub describes no such thing`);
      continue;
    }
    for (const problem of descriptions.problems(schema, value)) {
      problems.push(`${kind}/${name}: ${problem}`);
    }
  }
  return problems;
}

function main(folder) {
  const expected = JSON.parse(readFileSync(new URL('expected.json', import.meta.url), 'utf8'));
  const samples = readSamples(folder);
  const problems = problemsOf(samples, expected, Descriptions.load());
  for (const problem of problems) console.error(problem);
  const count = problems.length;
  console.log(`${samples.length} samples, ${count} ${count === 1 ? 'problem' : 'problems'}`);
  return count === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = process.argv[2];
  if (folder === undefined) {
    console.error('usage: node check.js FOLDER');
    process.exit(2);
  }
  process.exit(main(folder));
}
