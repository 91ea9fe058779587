// GitHub's own descriptions of its API and its webhooks, as JSON Schema.
import { readFileSync } from 'node:fs';

import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import { undescribed } from './undescribed.js';

/** Takes the descriptions from their packages. Not by `import`: that loads ten of them. */
function read(name) {
  const url = new URL(
    `node_modules/@octokit/${name}/generated/api.github.com.json`,
    import.meta.url,
  );
  return JSON.parse(readFileSync(url, 'utf8'));
}

/** OpenAPI 3.0 says `nullable` where JSON Schema has a type of its own. */
function withNulls(node) {
  if (Array.isArray(node)) return node.map(withNulls);
  if (node === null || typeof node !== 'object') return node;
  const { nullable, ...rest } = node;
  // A property may have that name.
  const kept = typeof nullable === 'boolean' ? rest : node;
  const entries = Object.entries(kept).map(([key, value]) => [key, withNulls(value)]);
  const schema = Object.fromEntries(entries);
  return nullable === true ? { anyOf: [{ type: 'null' }, schema] } : schema;
}

export class Descriptions {
  #ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, logger: false });
  #documents = {};

  /** From documents of OpenAPI: 3.0 of the API, 3.1 of the webhooks. */
  constructor(api, webhooks) {
    addFormats(this.#ajv);
    this.#documents = { answers: withNulls(api), events: webhooks };
    for (const [kind, document] of Object.entries(this.#documents)) {
      this.#ajv.addSchema({ $id: `github:${kind}`, ...document });
    }
  }

  static load() {
    return new Descriptions(read('openapi'), read('openapi-webhooks'));
  }

  /** Where the schema of an answer (`apps-get-installation.200`) or an event (`ping`) is. */
  schemaOf(kind, subject) {
    const document = this.#documents[kind];
    return kind === 'answers' ? answerSchema(document, subject) : eventSchema(document, subject);
  }

  /** What is wrong with a value, each with the path to it. */
  problems(pointer, value) {
    const reference = `github:${pointer}`;
    const validate = this.#ajv.getSchema(reference) ?? this.#ajv.compile({ $ref: reference });
    const problems = validate(value) ? [] : validate.errors.map(explain);
    const [kind, path] = pointer.split('#');
    const unknown = undescribed(this.#documents[kind], path, value);
    return [...problems, ...unknown.map((path) => `${path} is not described`)];
  }
}

function explain({ instancePath, message, params }) {
  const detail = params.allowedValues ? `: ${params.allowedValues.join(', ')}` : '';
  return `${instancePath || '/'} ${message}${detail}`;
}

/** `apps-get-installation.200`: the operation with a dash for its slash, and the status. */
function answerSchema(document, subject) {
  const [operation, status] = subject.split('.');
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, it] of Object.entries(methods)) {
      if (it.operationId?.replace('/', '-') !== operation) continue;
      const response = it.responses[status];
      if (response?.$ref) return `answers${response.$ref}/content/application~1json/schema`;
      const pointer = ['paths', path, method, 'responses', status].map(escape).join('/');
      const described = response?.content?.['application/json'];
      return described && `answers#/${pointer}/content/application~1json/schema`;
    }
  }
  return undefined;
}

/** `workflow_job.in_progress`, or `ping` alone. */
function eventSchema(document, subject) {
  const name = subject.replaceAll('_', '-').replace('.', '-');
  const schema = document.webhooks[name]?.post.requestBody.content['application/json'].schema;
  return schema && `events${schema.$ref}`;
}

/** A word of a JSON pointer within a URI. */
function escape(word) {
  return encodeURIComponent(word.replaceAll('~', '~0').replaceAll('/', '~1'));
}
