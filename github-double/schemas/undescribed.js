// Finds what a value has and its description does not mention. GitHub's schemas let everything else
// through: a misspelt optional field would never be noticed.

/** The paths of all properties that no alternative of the schema at the pointer knows. */
export function undescribed(document, pointer, value) {
  return [...walk(document, [lookUp(document, pointer)], value, '')];
}

function* walk(document, schemas, value, path) {
  const alternatives = schemas.flatMap((schema) => [...flatten(document, schema)]);
  if (Array.isArray(value)) {
    const items = alternatives.map((schema) => schema.items).filter(Boolean);
    if (items.length === 0) return;
    for (const [index, item] of value.entries()) {
      yield* walk(document, items, item, `${path}/${index}`);
    }
  } else if (value !== null && typeof value === 'object') {
    yield* walkObject(document, alternatives, value, path);
  }
}

function* walkObject(document, alternatives, value, path) {
  const objects = alternatives.filter((schema) => schema.properties || isMap(schema));
  if (objects.length === 0 || objects.some(isMap)) return;
  for (const [name, item] of Object.entries(value)) {
    const described = objects.map((schema) => schema.properties[name]).filter(Boolean);
    if (described.length === 0) yield `${path}/${name}`;
    else yield* walk(document, described, item, `${path}/${name}`);
  }
}

/** An object of which only the values are described, if they are. */
function isMap(schema) {
  const { additionalProperties: rest, properties } = schema;
  return rest === true || typeof rest === 'object' || (schema.type === 'object' && !properties);
}

/** The schema and all that it refers to or is put together from. */
function* flatten(document, schema) {
  if (schema.$ref) {
    yield* flatten(document, lookUp(document, schema.$ref.replace(/^.*#/, '')));
    return;
  }
  yield schema;
  for (const part of [schema.allOf, schema.anyOf, schema.oneOf].flatMap((it) => it ?? [])) {
    yield* flatten(document, part);
  }
}

function lookUp(document, pointer) {
  const words = pointer.replace(/^#?\//, '').split('/').map(decodeURIComponent);
  return words.reduce(
    (node, word) => node[word.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  );
}
