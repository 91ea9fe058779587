// The check itself fails where it should.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { problemsOf } from './check.js';
import { Descriptions } from './descriptions.js';

const thing = {
  type: 'object',
  required: ['id', 'name'],
  properties: {
    id: { type: 'integer' },
    name: { type: 'string', nullable: true },
    owner: { nullable: true, allOf: [{ $ref: '#/components/schemas/owner' }] },
    labels: { type: 'array', items: { $ref: '#/components/schemas/owner' } },
    permissions: { type: 'object', additionalProperties: { type: 'string' } },
    time: { type: 'string', format: 'date-time' },
  },
};
const owner = { type: 'object', properties: { login: { type: 'string' } } };

const response = {
  content: { 'application/json': { schema: { $ref: '#/components/schemas/thing' } } },
};
const descriptions = new Descriptions(
  {
    paths: { '/things/{id}': { get: { operationId: 'things/get', responses: { 200: response } } } },
    components: { schemas: { thing, owner } },
  },
  {
    webhooks: {
      'big-thing-in-progress': {
        post: {
          requestBody: {
            content: { 'application/json': { schema: { $ref: '#/components/schemas/event' } } },
          },
        },
      },
    },
    components: { schemas: { event: { type: 'object', required: ['action'] } } },
  },
);
const expected = { answers: ['things-get.200'], events: ['big_thing.in_progress'], deviations: [] };
const event = {
  kind: 'events',
  name: 'big_thing.in_progress',
  subject: 'big_thing.in_progress',
  value: { action: 'in_progress' },
};

function problemsWith(value) {
  const answer = { kind: 'answers', name: 'things-get.200', subject: 'things-get.200', value };
  return problemsOf([answer, event], expected, descriptions);
}

test('what is as described passes', () => {
  const full = {
    id: 1,
    name: null,
    owner: null,
    labels: [{ login: 'ada' }],
    permissions: { anything: 'read' },
    time: '2026-03-02T09:00:00Z',
  };
  assert.deepEqual(problemsWith(full), []);
  assert.deepEqual(problemsWith({ ...full, owner: { login: 'ada' } }), []);
});

test('what is not as described is named with its path', () => {
  for (const [value, problem] of [
    [{ name: 'x' }, "answers/things-get.200: / must have required property 'id'"],
    [{ id: '1', name: 'x' }, 'answers/things-get.200: /id must be integer'],
    [{ id: null, name: 'x' }, 'answers/things-get.200: /id must be integer'],
    [
      { id: 1, name: 'x', time: 'noon' },
      'answers/things-get.200: /time must match format "date-time"',
    ],
    [{ id: 1, name: 'x', nmae: 'y' }, 'answers/things-get.200: /nmae is not described'],
    [
      { id: 1, name: 'x', labels: [{ a: 1 }] },
      'answers/things-get.200: /labels/0/a is not described',
    ],
    [{ id: 1, name: 'x', owner: { a: 1 } }, 'answers/things-get.200: /owner/a is not described'],
  ]) {
    assert.deepEqual(problemsWith(value), [problem]);
  }
});

test('what is missing, unexpected or not described at all is a problem', () => {
  assert.deepEqual(problemsOf([event], expected, descriptions), [
    'answers/things-get.200: there is no sample of it',
  ]);
  const more = { ...event, name: 'thing.made', subject: 'thing.made' };
  const answer = {
    kind: 'answers',
    name: 'x',
    subject: 'things-get.200',
    value: { id: 1, name: '' },
  };
  assert.deepEqual(problemsOf([answer, event, more], expected, descriptions), [
    'events/thing.made: nobody expects it; expected.json names what is',
  ]);
  const wider = { ...expected, events: [...expected.events, 'thing.made'] };
  assert.deepEqual(problemsOf([answer, event, more], wider, descriptions), [
    'events/thing.made: GitHub describes no such thing',
  ]);
});

test('a known deviation is let pass, and told of when it is over', () => {
  const deviation = { pattern: '^answers/things-get.*: /id must be integer$', because: 'x' };
  const tolerant = { ...expected, deviations: [deviation] };
  const answer = { kind: 'answers', name: 'things-get.200~1', subject: 'things-get.200' };
  const problems = (value) => problemsOf([{ ...answer, value }, event], tolerant, descriptions);
  assert.deepEqual(problems({ id: '1', name: 'x' }), []);
  assert.deepEqual(problems({ id: 1, name: 'x' }), [
    'expected.json: nothing deviates like /^answers\\/things-get.*: \\/id must be integer$/ any more',
  ]);
});
