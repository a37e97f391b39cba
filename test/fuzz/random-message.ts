import { zeroUuid } from '../../src/bytes/index.js';
import {
  type AnyField,
  defaultOfKind,
  type FieldMap,
  type Message,
} from '../../src/schema/index.js';

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Struct = Record<string, unknown>;

/**
 * A random value of a message in one version, and what decoding must give back: every field,
 * with the default where the value or the version has none.
 */
export function randomMessage(
  message: Message,
  version: number,
  random: () => number,
): { input: Struct; expected: Struct } {
  const flexible = message.flexible !== null && version >= message.flexible;
  const maker = new Maker(message, version, flexible, random);
  return maker.struct(message.fields, 0);
}

class Maker {
  readonly #message: Message;
  readonly #version: number;
  readonly #flexible: boolean;
  readonly #random: () => number;

  constructor(message: Message, version: number, flexible: boolean, random: () => number) {
    this.#message = message;
    this.#version = version;
    this.#flexible = flexible;
    this.#random = random;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #int(min: number, max: number): number {
    return min + Math.floor(this.#random() * (max - min + 1));
  }

  struct(fields: FieldMap, depth: number): { input: Struct; expected: Struct } {
    const input: Struct = {};
    const expected: Struct = {};
    for (const [name, field] of Object.entries(fields)) {
      const { since, until, tag } = field.facts;
      const inRange = this.#version >= since && this.#version <= until;
      const carried = inRange && (tag === undefined || this.#flexible);
      const [min, max] = this.#message.versions;
      const optional =
        field.facts.default !== undefined || tag !== undefined || since > min || until < max;
      if (!carried || (optional && this.#chance(0.3))) {
        expected[name] = defaultValue(field);
        if (this.#chance(0.3)) input[name] = defaultValue(field);
        continue;
      }
      const value = this.#value(field, depth);
      input[name] = value.input;
      expected[name] = value.expected;
    }
    if (this.#flexible && this.#chance(0.1)) {
      const unknownTags = [{ tag: 5000 + this.#int(0, 9), data: this.#bytes(5) }];
      input['unknownTags'] = unknownTags;
      expected['unknownTags'] = unknownTags;
    }
    return { input, expected };
  }

  #value(field: AnyField, depth: number): { input: unknown; expected: unknown } {
    const { facts } = field;
    if (facts.nullableSince <= this.#version && this.#chance(0.2)) return same(null);
    switch (facts.kind) {
      case 'boolean':
        return same(this.#chance(0.5));
      case 'int8':
        return same(this.#number(-0x80, 0x7f));
      case 'int16':
        return same(this.#number(-0x8000, 0x7fff));
      case 'uint16':
        return same(this.#number(0, 0xffff));
      case 'int32':
        return same(this.#number(-0x80000000, 0x7fffffff));
      case 'uint32':
        return same(this.#number(0, 0xffffffff));
      case 'int64':
        return same(this.#number(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
      case 'int64exact':
        return same(BigInt.asIntN(64, this.#bytes(8, 8).readBigInt64BE()));
      case 'float64':
        return same(this.#random() * 1e9 - 5e8);
      case 'string':
        return same(this.#text());
      case 'uuid':
        return same(this.#chance(0.1) ? zeroUuid : this.#bytes(16, 16).toString('base64url'));
      case 'bytes':
        return same(this.#bytes(40));
      case 'records':
        return this.#records();
      case 'struct':
        return this.struct(facts.fields ?? {}, depth + 1);
      case 'array':
        return this.#array(facts.element as AnyField, depth);
    }
  }

  #records(): { input: unknown; expected: unknown } {
    const bytes = this.#bytes(60);
    if (this.#chance(0.5)) return same(bytes);
    const cut = this.#int(0, bytes.length);
    return { input: [bytes.subarray(0, cut), bytes.subarray(cut)], expected: bytes };
  }

  #array(element: AnyField, depth: number): { input: unknown; expected: unknown } {
    const values = Array.from({ length: this.#int(0, depth > 2 ? 2 : 3) }, () =>
      this.#value(element, depth + 1),
    );
    return {
      input: values.map((value) => value.input),
      expected: values.map((value) => value.expected),
    };
  }

  #number(min: number, max: number): number {
    const pick = this.#random();
    if (pick < 0.1) return min;
    if (pick < 0.2) return max;
    if (pick < 0.4) return Math.max(min, this.#int(-2, 2));
    return this.#int(min, max);
  }

  #bytes(max: number, min = 0): Buffer {
    const bytes = Buffer.alloc(this.#int(min, max));
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.#int(0, 255);
    return bytes;
  }

  #text(): string {
    const pick = this.#random();
    if (pick < 0.1) return '';
    if (pick < 0.15) return 'x'.repeat(this.#int(100, 300));
    if (pick < 0.2) return '\ufeffü€𝄞'.repeat(this.#int(1, 30));
    let text = '';
    for (let left = this.#int(1, 12); left > 0; left--) {
      text += String.fromCodePoint(this.#chance(0.8) ? this.#int(32, 126) : this.#int(0, 0xd7ff));
    }
    return text;
  }
}

function same(value: unknown): { input: unknown; expected: unknown } {
  return { input: value, expected: value };
}

/** The default of a field, as decoding gives it. */
export function defaultValue(field: AnyField): unknown {
  const { facts } = field;
  if (facts.default === null) return null;
  if (facts.kind === 'array') return [];
  if (facts.kind === 'struct') {
    const entries = Object.entries(facts.fields ?? {});
    return Object.fromEntries(entries.map(([name, inner]) => [name, defaultValue(inner)]));
  }
  return facts.default === undefined ? defaultOfKind(facts.kind) : facts.default;
}
