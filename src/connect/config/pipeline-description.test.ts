import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { realSystem } from '../../system/index.js';
import type { PipeRecord } from '../pipe-record.js';
import { TransformChain, type TransformLike } from '../transform.js';
import { transformShapes } from './named-transforms.js';
import { describedPipeline, parseDescription, readDescription } from './pipeline-description.js';
import { shapes } from './shapes.js';

const system = realSystem();
const read = async (text: string, name = 'pipe.yaml') =>
  describedPipeline(await parseDescription(text, name), { system });

const whole = `
from: { bootstrapServers: localhost:9092, topics: [numtest], groupId: sink, valueFormat: json }
to:   { mongodb: { uri: "mongodb://localhost:27017", database: numtest, collection: numtest } }
errors: { retries: 5, deadLetterTopic: numtest.dlq }
`;

describe('a description', () => {
  test('in YAML and in JSON makes the same options', async () => {
    const { options } = await read(whole);
    expect(options).toMatchObject({
      from: { topics: ['numtest'], groupId: 'sink', bootstrapServers: ['localhost:9092'] },
      to: { name: 'mongodb', guarantee: 'idempotent' },
      errors: { retries: 5, deadLetterTopic: 'numtest.dlq' },
    });
    const parsed = await parseDescription(whole, 'a.yml');
    const same = await parseDescription(JSON.stringify(parsed), 'a.json');
    expect(same).toEqual(parsed);
  });

  test('may describe a source and a topic', async () => {
    const { options } = await read('{ from: { file: { path: in.txt } }, to: { topic: t } }');
    expect(options).toMatchObject({ from: { name: 'file' }, to: { topic: 't' } });
  });

  test('takes secrets from the environment', async () => {
    process.env.KAFKIT_TEST_HOST = 'db.example';
    const text = whole.replace('localhost:27017', '${env:KAFKIT_TEST_HOST}');
    await expect(read(text)).resolves.toBeDefined();
    const missing = whole.replace('localhost:27017', '${env:KAFKIT_TEST_NONE}');
    await expect(read(missing)).rejects.toThrow(
      'to.mongodb.uri: the environment variable KAFKIT_TEST_NONE is not set.',
    );
    const otherwise = whole.replace('localhost:27017', '${env:KAFKIT_TEST_NONE:-h:1}');
    await expect(read(otherwise)).resolves.toBeDefined();
  });

  const mistakes: [string, string, string | RegExp][] = [
    ['no YAML', 'from: [', /^pipe.yaml cannot be read: .* at line 1, column \d+$/],
    [
      'an unknown name',
      whole.replace('collection', 'colection'),
      'to.mongodb: there is no "colection". Did you mean "collection"?',
    ],
    [
      'a wrong kind',
      whole.replace('[numtest]', '7'),
      'from.topics: a list of texts is wanted, not 7.',
    ],
    [
      'a wrong word',
      whole.replace('json', 'jason'),
      'from.valueFormat: one of json, jsonEnvelope, string, bytes is wanted, not "jason".',
    ],
    ['no destination', 'from: { topics: [a] }', 'The pipeline: "to" is missing: where records go.'],
    [
      'no such sink',
      'from: { topics: [a] }\nto: { mongo: {} }',
      'to: there is no "mongo". There are: mongodb, file, sqlite, stdout.',
    ],
    ['no uri', 'from: { topics: [a] }\nto: { mongodb: {} }', /to.mongodb: uri is missing/],
    [
      'a wrong uri',
      'from: { topics: [a] }\nto: { mongodb: { uri: "http://x" } }',
      /'http:\/\/x' is not a uri of MongoDB/,
    ],
    [
      'no such transform',
      `${whole}via: [{ maskFields: {} }]`,
      'via[0]: there is no "maskFields". Did you mean "maskField"?',
    ],
    [
      'a transform without its option',
      `${whole}via: [json, { cast: {} }]`,
      'via[1].cast: fields is missing.',
    ],
  ];
  for (const [what, text, message] of mistakes) {
    test(`with ${what} is refused with the place and what is wanted`, async () => {
      await expect(read(text)).rejects.toThrow(message);
    });
  }
});

describe('a mistake in a file', () => {
  const lines = [
    'from:',
    '  topics: [numtest]',
    '  valueFormat: json',
    'via:',
    '  - json',
    '  - filter: { field: n, matches: "^a" }',
    'to:',
    '  file: { path: out.jsonl }',
    'errors:',
    '  retries: 5',
  ];
  const mistakes: [string, string, RegExp][] = [
    ['  topics: [numtest]', '  topics: 7', /^pipe.yaml:2:3: from.topics: a list/],
    ['  topics: [numtest]', '  topic: a', /^pipe.yaml:2:3: from: there is no "topic"/],
    ['  - json', '  - jason', /^pipe.yaml:5:5: via\[0\]: there is no "jason"/],
    [
      '  - filter: { field: n, matches: "^a" }',
      '  - filter: { matches: "^a" }',
      /^pipe.yaml:6:5: via/,
    ],
    ['"^a"', '"^("', /^pipe.yaml:6:5: via\[1\]: Invalid regular expression/],
    ['  retries: 5', '  retries: -1', /^pipe.yaml:10:3: errors.retries is -1/],
    ['  retries: 5', '  retrys: 1', /^pipe.yaml:10:3: errors: there is no "retrys"/],
    [
      'path: out.jsonl',
      'path: "${env:KAFKIT_TEST_NONE}"',
      /^pipe.yaml:8:11: to.file.path: the env/,
    ],
    ['  file: { path: out.jsonl }', '  file: { format: csv }', /^pipe.yaml:8:3: file: either/],
    ['to:', 'two:', /^pipe.yaml:7:1: The pipeline: there is no "two". Did you mean "to"/],
  ];
  for (const [right, wrong, message] of mistakes) {
    test(`is told with its line: ${wrong.trim()}`, async () => {
      const text = lines.join('\n').replace(right, wrong);
      await expect(readDescription(text, 'pipe.yaml', { system })).rejects.toThrow(message);
    });
  }

  test('in JSON, too, also where it is no JSON', async () => {
    const text = '{\n  "from": { "topics": 7 },\n  "to": "stdout"\n}';
    await expect(readDescription(text, 'a.json', { system })).rejects.toThrow(
      /^a.json:2:13: from.topics: a list of texts is wanted, not 7/,
    );
    await expect(readDescription('{\n  "from": x }', 'a.json', { system })).rejects.toThrow(
      /^a.json cannot be read: .*/,
    );
  });
});

describe('transforms by name', () => {
  const record = (value: unknown, key: unknown = null): PipeRecord => ({
    topic: 'orders',
    key,
    value,
    headers: [],
    timestamp: Date.UTC(2024, 1, 29, 13, 5, 9),
    source: { topic: 'orders', partition: 2, offset: 7 },
    part: 0,
  });
  const through = async (via: unknown[], value: unknown, key?: unknown) => {
    const { options } = await read(
      JSON.stringify({ from: { topics: ['a'] }, to: { file: { path: 'x' } }, via }),
      'a.json',
    );
    const chain = new TransformChain((options.via ?? []) as TransformLike[]);
    const result = await chain.apply(record(value, key));
    if (result.failed !== undefined) throw result.failed.error;
    return result.records[0];
  };
  const valueOf = async (via: unknown[], value: unknown) => (await through(via, value))?.value;

  test('change fields', async () => {
    expect(
      await valueOf([{ cast: { fields: { n: 'int', b: 'boolean', s: 'string' } } }], {
        n: '7.9',
        b: 'true',
        s: 1,
      }),
    ).toEqual({ n: 7, b: true, s: '1' });
    expect(await valueOf([{ extractField: { field: 'a' } }], { a: { b: 1 } })).toEqual({ b: 1 });
    expect(await valueOf([{ hoistField: { field: 'x' } }], 5)).toEqual({ x: 5 });
    expect(await valueOf(['flatten'], { a: { b: { c: 1 } }, d: 2 })).toEqual({ 'a.b.c': 1, d: 2 });
    expect(
      await valueOf([{ insertField: { offset: 'o', topic: 't', static: { x: 1 } } }], { a: 1 }),
    ).toEqual({ a: 1, o: 7, t: 'orders', x: 1 });
    expect(await valueOf([{ maskField: { fields: ['p', 'q'] } }], { p: 'secret', q: 5 })).toEqual({
      p: '',
      q: 0,
    });
    expect(
      await valueOf([{ replaceField: { exclude: 'a', renames: { b: 'c' } } }], { a: 1, b: 2 }),
    ).toEqual({ c: 2 });
    const address = { address: { city: 'Ulm', zip: 1 }, name: 'a', 'x-id': 5 };
    expect(
      await valueOf([{ replaceField: { include: ['address.city', 'x-id'] } }], address),
    ).toEqual({ address: { city: 'Ulm' }, 'x-id': 5 });
    const renames = { 'address.zip': 'code' };
    const renamePattern = { regex: '^x-', replacement: '' };
    expect(
      await valueOf([{ replaceField: { exclude: 'name', renames, renamePattern } }], address),
    ).toEqual({ address: { city: 'Ulm', code: 1 }, id: 5 });
    const timestamps = [
      { timestampConverter: { field: 'at', to: 'string', format: 'yyyy-MM-dd' } },
    ];
    expect(await valueOf(timestamps, { at: 0 })).toEqual({ at: '1970-01-01' });
  });

  test('choose, key and route records', async () => {
    expect(await valueOf([{ filter: { field: 'a', equals: 1 } }], { a: 2 })).toBeUndefined();
    expect(
      await valueOf([{ filter: { field: 'a', matches: '^x', not: true } }], { a: 'y' }),
    ).toEqual({ a: 'y' });
    expect((await through([{ valueToKey: { fields: ['a'] } }], { a: 2 }))?.key).toBe(2);
    expect((await through([{ valueToKey: { fields: ['a', 'b'] } }], { a: 2, b: 3 }))?.key).toEqual({
      a: 2,
      b: 3,
    });
    expect(
      (await through([{ regexRouter: { regex: 'ord(.*)', replacement: 'x-$1' } }], 1))?.topic,
    ).toBe('x-ers');
    expect((await through(['timestampRouter'], 1))?.topic).toBe('orders-20240229');
  });

  test('take change events apart', async () => {
    const event = (op: string, after: unknown) => ({
      schema: {},
      payload: { op, before: null, after },
    });
    const key = { schema: {}, payload: { id: 5 } };
    expect(await through(['debeziumUnwrap'], event('u', { id: 5, n: 1 }), key)).toMatchObject({
      key: 5,
      value: { id: 5, n: 1 },
    });
    expect(await through(['debeziumUnwrap'], event('d', null), key)).toMatchObject({
      key: 5,
      value: null,
    });
    await expect(through(['debeziumUnwrap'], { a: 1 })).rejects.toThrow(/no change event/);
  });

  test('refuse what they cannot work on', async () => {
    await expect(valueOf([{ cast: { fields: { n: 'int' } } }], { n: 'x' })).rejects.toThrow(
      'The field n is "x", which is no int.',
    );
    await expect(valueOf([{ maskField: { fields: ['p'] } }], 5)).rejects.toThrow(/wants an object/);
  });
});

describe('docs/reference/pipelines.md', () => {
  const reference = new URL('../../../docs/reference/pipelines.md', import.meta.url);
  const sections = readFileSync(reference, 'utf8').split(/^## /m);
  const rowsOf = (heading: string) => {
    const found = sections.find((each) => each.startsWith(`${heading}\n`)) ?? '';
    return [...found.matchAll(/^\| (`.*?)\|(.*)\|$/gm)].map(([, name = '', text = '']) => {
      const names = (cell: string) => [...cell.matchAll(/`(\w+)`/g)].map(([, each = '']) => each);
      return { names: names(name), mentioned: names(text) };
    });
  };

  test.each(Object.entries(shapes))('names every option of "%s", and no other', (path, shape) => {
    const named = rowsOf(path === '' ? 'At the top' : path).flatMap(({ names }) => names);
    expect(named.sort()).toEqual(Object.keys(shape).sort());
  });

  test('names every transform with its options', () => {
    const rows = rowsOf('via');
    const named = rows.flatMap(({ names }) => names);
    expect(named.sort()).toEqual(Object.keys(transformShapes).sort());
    for (const [name, shape] of Object.entries(transformShapes)) {
      const row = rows.find(({ names }) => names.includes(name));
      expect(row?.mentioned.sort(), name).toEqual(Object.keys(shape).sort());
    }
  });
});

test('a description may name retry topics and a SQLite source', async () => {
  const retried = await read(whole.replace('retries: 5', 'retryTopics: [1s]'));
  expect(retried.options.errors).toMatchObject({ retryTopics: ['1s'] });
  const rows = '{ from: { sqlite: { path: a.db, table: t, follow: false } }, to: { topic: t } }';
  expect((await read(rows)).options.from).toMatchObject({ name: 'sqlite' });
  await expect(read(rows.replace(', table: t', ''))).rejects.toThrow(
    'from.sqlite: table is missing',
  );
  await expect(read(rows.replace('table', 'tabl'))).rejects.toThrow('Did you mean "table"?');
});
