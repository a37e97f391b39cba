import { type Reader, Writer } from '../bytes/index.js';
import { decoderSource } from './decoder-source.js';
import { encoderSource } from './encoder-source.js';
import { isDefault, type StructPlan } from './plan.js';
import { SourceText } from './source-text.js';
import {
  weightMax,
  expectTagEnd,
  readBytes,
  readCount,
  readPresence,
  readString,
  readUnknownTag,
  refuseAbsent,
  refuseTags,
  writeBytes,
  writeCount,
  writeNull,
  writeString,
  writeTags,
  wrongValue,
} from './values.js';

/** What compiled source may call; everything else it does is plain JavaScript on its arguments. */
const runtime = {
  expectTagEnd,
  isDefault,
  readBytes,
  readCount,
  readPresence,
  readString,
  readUnknownTag,
  refuseAbsent,
  refuseTags,
  writeBytes,
  writeCount,
  writeNull,
  writeString,
  writeTags,
  wrongValue,
  Writer,
};

export interface CompiledCodec {
  encode(writer: Writer, value: unknown): void;
  decode(reader: Reader): unknown;
}

/**
 * Turns a plan into straight-line JavaScript, one function per struct and direction, so that the
 * engine sees fixed object shapes and no interpretation. Throws where code generation is
 * forbidden (`--disallow-code-generation-from-strings`, some content security policies).
 */
export function compile(plan: StructPlan): CompiledCodec {
  const source = new SourceText();
  const encode = encoderSource(source, plan);
  const decode = decoderSource(source, plan);
  const text = [
    "'use strict';",
    `const { ${Object.keys(runtime).join(', ')} } = runtime;`,
    `const budget = { weight: 0 };`,
    source.constants(),
    source.functions(),
    `return {`,
    `  encode: ${encode},`,
    `  decode(r) { budget.weight = ${weightMax}; return ${decode}(r); },`,
    `};`,
  ].join('\n');
  // The text is made of numbers, of names checked by SourceText and of nothing from outside.
  // oxlint-disable-next-line typescript/no-implied-eval
  const make = new Function('runtime', 'kept', text) as (
    given: typeof runtime,
    kept: readonly unknown[],
  ) => CompiledCodec;
  return make(runtime, source.kept);
}
