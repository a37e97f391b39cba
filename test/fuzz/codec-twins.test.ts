import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Reader, Writer } from '../../src/bytes/index.js';
import { isKafkaError } from '../../src/errors/index.js';
import { compiledCodec, interpretedCodec, type Message } from '../../src/schema/index.js';
import { everyMessage } from '../conformance/every-message.js';
import { randomFrom, randomMessage } from './random-message.js';

/** How often each version of each message is tried; `KAFKIT_CASES=1000` for a long run. */
const cases = Number(process.env['KAFKIT_CASES'] ?? 20);
const seed = Number(process.env['KAFKIT_SEED'] ?? 44);
const timeout = 30_000 + 300 * cases;

interface Twins {
  readonly name: string;
  readonly version: number;
  readonly message: Message;
  encode(codec: 'compiled' | 'interpreted', value: unknown): Buffer;
  decode(codec: 'compiled' | 'interpreted', bytes: Buffer): unknown;
}

function twinsOf(message: Message, version: number): Twins {
  const codecs = {
    compiled: compiledCodec(message, version),
    interpreted: interpretedCodec(message, version),
  };
  return {
    name: message.name,
    version,
    message,
    encode: (which, value) => {
      const writer = new Writer(16);
      codecs[which].encode(writer, value as never);
      return writer.bytes();
    },
    decode: (which, bytes) => {
      const reader = new Reader(bytes);
      const value = codecs[which].decode(reader);
      reader.expectEnd();
      return value;
    },
  };
}

const all: Twins[] = [];

beforeAll(async () => {
  for (const message of await everyMessage()) {
    const [min, max] = message.versions;
    for (let version = min; version <= max; version++) all.push(twinsOf(message, version));
  }
});

/** Runs a check for every version of every message on values made from seeds. */
function forEachVersion(check: (twins: Twins, random: () => number) => void): void {
  for (const twins of all) {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), (caseSeed) => {
        try {
          check(twins, randomFrom(caseSeed));
        } catch (error) {
          throw new Error(`${twins.name} v${twins.version}, case ${caseSeed}`, { cause: error });
        }
      }),
      { numRuns: cases, seed },
    );
  }
}

describe('interpreted and compiled codecs', { timeout }, () => {
  test('write the same bytes, and reading them gives back what was written', () => {
    let seen = 0;
    forEachVersion((twins, random) => {
      seen++;
      const { input, expected } = randomMessage(twins.message, twins.version, random);
      const bytes = twins.encode('interpreted', input);
      const again = twins.encode('compiled', input);
      if (!bytes.equals(again)) {
        throw new Error(`${bytes.toString('hex')} against ${again.toString('hex')}`);
      }
      for (const which of ['interpreted', 'compiled'] as const) {
        const decoded = twins.decode(which, bytes);
        if (!isDeepStrictEqual(decoded, expected)) expect(decoded).toEqual(expected);
        const rewritten = twins.encode(which, decoded);
        if (!rewritten.equals(bytes)) throw new Error(`${which} rewrites it differently`);
      }
    });
    expect(seen).toBeGreaterThanOrEqual(600 * cases);
  });

  test('refuse the same values for the same reason', () => {
    const junk = [null, undefined, 1.5, 2 ** 40, -1, 'text', {}, [], [null], true, 7n, Number.NaN];
    let refused = 0;
    forEachVersion((twins, random) => {
      const { input } = randomMessage(twins.message, twins.version, random);
      spoil(input, junk[Math.floor(random() * junk.length)], random);
      const outcomes = (['interpreted', 'compiled'] as const).map((which) =>
        outcome(() => twins.encode(which, input).toString('hex')),
      );
      if (!isDeepStrictEqual(outcomes[0], outcomes[1])) expect(outcomes[0]).toEqual(outcomes[1]);
      if (outcomes[0]?.startsWith('refused')) refused++;
    });
    expect(refused).toBeGreaterThan(all.length);
  });

  test('read damaged bytes alike: the same value, or the same refusal', () => {
    let refused = 0;
    forEachVersion((twins, random) => {
      const { input } = randomMessage(twins.message, twins.version, random);
      const bytes = damage(twins.encode('interpreted', input), random);
      const outcomes = (['interpreted', 'compiled'] as const).map((which) => {
        let value: unknown;
        const reason = outcome(() => {
          value = twins.decode(which, bytes);
          return 'read';
        });
        return { reason, value };
      });
      if (!isDeepStrictEqual(outcomes[0], outcomes[1])) expect(outcomes[0]).toEqual(outcomes[1]);
      if (outcomes[0]?.reason !== 'read') refused++;
    });
    expect(refused).toBeGreaterThan(all.length);
  });
});

/** What the call returned, or why it was refused; anything but a KafkaError is a failure. */
function outcome(call: () => string): string {
  try {
    return call();
  } catch (error) {
    if (!isKafkaError(error)) throw error;
    return `refused: ${error.code} ${error.message}`;
  }
}

/** Replaces one field, at any depth, by junk. */
function spoil(value: Record<string, unknown>, junk: unknown, random: () => number): void {
  const names = Object.keys(value).filter((name) => name !== 'unknownTags');
  const name = names[Math.floor(random() * names.length)];
  if (name === undefined) return;
  const inner = value[name];
  const first: unknown = Array.isArray(inner) ? inner[0] : inner;
  const nested = typeof first === 'object' && first !== null && !(first instanceof Uint8Array);
  if (nested && random() < 0.7) spoil(first as Record<string, unknown>, junk, random);
  else value[name] = junk;
}

/** Cuts, lengthens or changes a few bytes. */
function damage(bytes: Buffer, random: () => number): Buffer {
  const pick = random();
  const at = Math.floor(random() * (bytes.length + 1));
  if (pick < 0.3) return bytes.subarray(0, at);
  const changed = Buffer.from(bytes);
  if (pick < 0.4) return Buffer.concat([changed, Buffer.from([at & 0xff])]);
  const flips = 1 + Math.floor(random() * 3);
  for (let flip = 0; flip < flips && changed.length > 0; flip++) {
    const where = Math.floor(random() * changed.length);
    changed[where] = random() < 0.3 ? 0xff : Math.floor(random() * 256);
  }
  return changed;
}
