import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Reader, Writer } from '../bytes/index.js';

/** A host that forbids `new Function`, as `--disallow-code-generation-from-strings` does. */
function forbidden(): never {
  throw new EvalError('Code generation from strings disallowed for this context');
}

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal('Function', forbidden);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('where code must not be generated', () => {
  test('codecs are interpreted, and work all the same', async () => {
    const { codec, compiledCodec, int32, message, string } = await import('./index.js');
    const greeting = message(
      'Greeting',
      { key: 0, versions: [0, 1], flexible: 1 },
      { text: string, times: int32.default(1) },
    );
    expect(() => compiledCodec(greeting, 0)).toThrowError(EvalError);
    for (const version of [0, 1]) {
      const writer = new Writer(8);
      codec(greeting, version).encode(writer, { text: 'hi' });
      const read = codec(greeting, version).decode(new Reader(writer.bytes()));
      expect(read).toEqual({ text: 'hi', times: 1 });
    }
  });
});
