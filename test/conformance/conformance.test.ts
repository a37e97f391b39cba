import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ApiName, apis } from '../../src/protocol/index.js';
import {
  type AnyField,
  defaultOfKind,
  type FieldMap,
  type Message,
} from '../../src/schema/index.js';
import { apiMessages, internalMessages } from './every-message.js';

/** A message as the table of facts or a definition describes it, in comparable lines. */
interface Described {
  readonly name: string;
  readonly key: string;
  readonly versions: readonly [number, number];
  readonly flexible: number | null;
  readonly fields: readonly string[];
}

interface TableMessage extends Described {
  readonly listeners: string;
  readonly unstable: boolean;
}

type Range = readonly [min: number, max: number];

function rangeOf(text: string): Range | undefined {
  if (text === '-' || text === 'none') return undefined;
  const [first, last] = text.split('-');
  if (text.endsWith('+')) return [Number.parseInt(text, 10), Number.POSITIVE_INFINITY];
  return [Number(first), Number(last ?? first)];
}

function meet(a: Range | undefined, b: Range): Range | undefined {
  if (a === undefined) return undefined;
  const [min, max] = [Math.max(a[0], b[0]), Math.min(a[1], b[1])];
  return min > max ? undefined : [min, max];
}

function describeField(parts: {
  path: string;
  type: string;
  range: Range;
  whole: Range;
  tag: string;
  nullable: Range | undefined;
  fallback: string;
  ignorable: boolean;
}): string {
  const limited = parts.range[0] > parts.whole[0] || parts.range[1] < parts.whole[1];
  const ignorable = parts.ignorable && (limited || parts.tag !== '-');
  const nullable = parts.nullable?.join('-') ?? '-';
  const facts = [parts.path, parts.type, parts.range.join('-'), `tag ${parts.tag}`];
  return [...facts, `null ${nullable}`, `= ${parts.fallback}`, ignorable ? 'ignorable' : '']
    .join(' ')
    .trimEnd();
}

function readTable(): TableMessage[] {
  const text = readFileSync(new URL('protocol-facts.tsv', import.meta.url), 'utf8');
  const messages: TableMessage[] = [];
  let fields: string[] = [];
  let ranges: (Range | undefined)[] = [];
  let path: string[] = [];
  for (const line of text.trimEnd().split('\n')) {
    const columns = line.split('\t');
    const cell = (at: number): string => columns[at] ?? '';
    if (!line.startsWith(' ')) {
      const versions = rangeOf(cell(2)) ?? [0, 0];
      fields = [];
      ranges = [versions];
      path = [];
      messages.push({
        name: cell(0),
        key: cell(1),
        versions,
        flexible: cell(3) === 'none' ? null : Number(cell(3)),
        listeners: cell(4),
        unstable: cell(5) === 'unstable',
        fields,
      });
      continue;
    }
    const depth = line.length - line.trimStart().length;
    path = [...path.slice(0, depth - 1), cell(0).trim()];
    const parent = ranges[depth - 1];
    const range = parent && meet(rangeOf(cell(2)), parent);
    ranges = [...ranges.slice(0, depth), range];
    const whole = ranges[0] ?? [0, 0];
    if (range === undefined) continue;
    fields.push(
      describeField({
        path: path.join('.'),
        type: cell(1),
        range,
        whole,
        tag: cell(3),
        nullable: meet(rangeOf(cell(4)), range),
        fallback: tableDefault(cell(1), cell(5)),
        ignorable: cell(6) === 'ignorable',
      }),
    );
  }
  return messages;
}

function tableDefault(type: string, text: string): string {
  if (text === '=null') return 'null';
  if (type.startsWith('[]')) return '[]';
  const given = text === '-' ? undefined : text.slice(1);
  switch (type) {
    case 'string':
      return JSON.stringify(given ?? '');
    case 'bool':
      return given ?? 'false';
    case 'uuid':
      return JSON.stringify(defaultOfKind('uuid'));
    case 'struct':
      return '{}';
    case 'bytes':
    case 'records':
      return 'empty';
    case 'float64':
      return String(Number(given ?? 0));
    default:
      return String(BigInt(given ?? 0));
  }
}

function describeMessage(message: Message): Described {
  const fields: string[] = [];
  addFields(fields, message.fields, message.versions, message.versions, '');
  return {
    name: message.name,
    key: String(message.key),
    versions: message.versions,
    flexible: message.flexible,
    fields,
  };
}

function addFields(
  lines: string[],
  fields: FieldMap,
  parent: Range,
  whole: Range,
  prefix: string,
): void {
  for (const [name, field] of Object.entries(fields)) {
    const { facts } = field;
    const path = prefix + name;
    const range = meet([facts.since, facts.until], parent);
    expect(range, `${path} is in no version`).toBeDefined();
    if (range === undefined) continue;
    lines.push(
      describeField({
        path,
        type: typeOf(field),
        range,
        whole,
        tag: facts.tag === undefined ? '-' : String(facts.tag),
        nullable: meet([facts.nullableSince, Number.POSITIVE_INFINITY], range),
        fallback: defaultOf(field),
        ignorable: facts.ignorable,
      }),
    );
    const inner = facts.fields ?? facts.element?.facts.fields;
    if (inner !== undefined) addFields(lines, inner, range, whole, `${path}.`);
  }
}

function typeOf(field: AnyField): string {
  const { kind, element } = field.facts;
  if (kind === 'array' && element !== undefined) return `[]${typeOf(element)}`;
  if (kind === 'boolean') return 'bool';
  return kind === 'int64exact' ? 'int64' : kind;
}

function defaultOf(field: AnyField): string {
  const { kind } = field.facts;
  const value = field.facts.default ?? defaultOfKind(kind);
  if (field.facts.default === null) return 'null';
  switch (kind) {
    case 'array':
      return '[]';
    case 'struct':
      return '{}';
    case 'bytes':
    case 'records':
      return 'empty';
    case 'string':
    case 'uuid':
      return JSON.stringify(value);
    default:
      return String(value);
  }
}

/** Schemas without a definition here: not sent to brokers, or not bytes of ours. */
const left = {
  /** Controllers talk among themselves, and brokers with controllers. */
  controller: /\bcontroller\b/,
  /** The first is the format of `.txnindex`, the second only a key, the third a forwarded user. */
  others: ['AbortedTxn', 'ControlRecordTypeSchema', 'DefaultPrincipalData'],
};

const table = readTable();
const byName = new Map(table.map((message) => [message.name, message]));

describe("the definitions and Apache Kafka's schemas", () => {
  test('agree on every request and response', async () => {
    for (const message of await apiMessages()) {
      const theirs = byName.get(message.name);
      const ours = describeMessage(message);
      expect(theirs, message.name).toBeDefined();
      expect(theirs).toMatchObject(ours);
      expect(ours.fields).toEqual(theirs?.fields);
    }
  });

  test('agree on every internal record', () => {
    for (const message of internalMessages()) {
      const theirs = byName.get(message.name);
      const { key, ...ours } = describeMessage(message);
      expect(theirs, message.name).toBeDefined();
      expect(theirs).toMatchObject(ours);
      expect(ours.fields).toEqual(theirs?.fields);
      // Messages that stand in keys or bodies of their own have no number.
      if (theirs?.key !== '-') expect(key).toBe(theirs?.key);
    }
  });

  test('cover each other: nothing is missing and nothing made up', async () => {
    const ours = new Set([...(await apiMessages()), ...internalMessages()].map((m) => m.name));
    const brokers = table
      .filter((m) => m.name.endsWith('Request') && m.listeners.split(',').includes('broker'))
      .map((m) => m.name);
    const controllers = table
      .filter((m) => m.name.endsWith('Request') && !brokers.includes(m.name))
      .map((m) => m.name);
    for (const name of controllers) expect(byName.get(name)?.listeners).toMatch(left.controller);
    const skipped = new Set([
      ...left.others,
      ...controllers,
      ...controllers.map((name) => name.replace(/Request$/, 'Response')),
    ]);
    const wanted = table.map((m) => m.name).filter((name) => !skipped.has(name));
    expect([...ours].sort()).toEqual(wanted.sort());
    expect(brokers.length).toBe(Object.keys(apis).length);
  });

  test('agree on the table of APIs', () => {
    for (const name of Object.keys(apis) as ApiName[]) {
      const facts = apis[name];
      const theirs = byName.get(`${name}Request`);
      expect({ ...facts, legacyVersions: undefined }).toEqual({
        name,
        key: Number(theirs?.key),
        versions: theirs?.versions,
        flexible: theirs?.flexible,
        latestUnstable: theirs?.unstable,
        legacyVersions: undefined,
      });
    }
  });
});
