import type { FieldPlan, StructPlan, ValuePlan } from './plan.js';
import { checkedName, literal, type SourceText } from './source-text.js';

/** Adds the function that writes a struct, and those of the structs within; gives its name. */
export function encoderSource(source: SourceText, plan: StructPlan): string {
  const body: string[] = [];
  if (plan.fields.length + plan.tagged.length > 0) body.push('let x;');
  for (const field of plan.absent) if (!field.ignorable) body.push(absentSource(source, field));
  for (const field of plan.fields) {
    body.push(`x = v.${checkedName(field.name)};`);
    const fallback = fallbackSource(source, field);
    if (fallback !== undefined) body.push(`if (x === undefined) x = ${fallback};`);
    body.push(valueSource(source, field, 'w', 'x'));
  }
  body.push(tagsSource(source, plan));
  return source.function('w, v', body);
}

/** What stands in for a value that was not given; undefined where it must be given. */
function fallbackSource(source: SourceText, field: FieldPlan): string | undefined {
  if (field.required) return undefined;
  const text = literal(field.default);
  if (text !== undefined) return text;
  return field.kind === 'struct' ? '{}' : source.keep(field.default as object);
}

function absentSource(source: SourceText, field: FieldPlan): string {
  const given = `v.${checkedName(field.name)}`;
  const usual = literal(field.default);
  const unusual = usual === undefined ? '' : ` && ${given} !== ${usual}`;
  return `if (${given} !== undefined${unusual}) refuseAbsent(${source.keep(field)}, ${given});`;
}

function tagsSource(source: SourceText, plan: StructPlan): string {
  const path = JSON.stringify(plan.path);
  if (!plan.flexible) {
    return `if (v.unknownTags !== undefined) refuseTags(${path}, v.unknownTags);`;
  }
  if (plan.tagged.length === 0) {
    return [
      'if (v.unknownTags === undefined) w.uint8(0);',
      `else writeTags(w, ${path}, [], v.unknownTags);`,
    ].join('\n');
  }
  const lines = ['let t;'];
  for (const field of plan.tagged) {
    const usual = literal(field.default);
    const given = `x = v.${checkedName(field.name)};\nif (x !== undefined`;
    const test = usual === undefined ? `!isDefault(${source.keep(field)}, x)` : `x !== ${usual}`;
    lines.push(
      `${given} && ${test}) {`,
      'const c = new Writer(64);',
      valueSource(source, field, 'c', 'x'),
      `(t ??= []).push({ tag: ${field.tag}, data: c.bytes() });`,
      '}',
    );
  }
  lines.push(
    'if (t === undefined && v.unknownTags === undefined) w.uint8(0);',
    `else writeTags(w, ${path}, t ?? [], v.unknownTags);`,
  );
  return lines.join('\n');
}

/** Statements that check the value in variable `x` and write it to `w`. */
function valueSource(source: SourceText, plan: ValuePlan, w: string, x: string): string {
  const keep = source.keep(plan);
  switch (plan.kind) {
    case 'string':
      return `writeString(${w}, ${keep}, ${x});`;
    case 'bytes':
    case 'records':
      return `writeBytes(${w}, ${keep}, ${x});`;
    case 'array':
      return arraySource(source, plan, w, x);
    case 'struct':
      return structSource(source, plan, w, x);
    default:
      return `if (${misfit(plan, x)}) wrongValue(${keep}, ${x});\n${w}.${method(plan)}(${x});`;
  }
}

function arraySource(source: SourceText, plan: ValuePlan, w: string, x: string): string {
  const element = plan.element as ValuePlan;
  return [
    `if (writeCount(${w}, ${source.keep(plan)}, ${x})) {`,
    `for (let i = 0; i < ${x}.length; i++) {`,
    `const y = ${x}[i];`,
    valueSource(source, element, w, 'y'),
    '}',
    '}',
  ].join('\n');
}

function structSource(source: SourceText, plan: ValuePlan, w: string, x: string): string {
  const keep = source.keep(plan);
  const encode = encoderSource(source, plan.struct as StructPlan);
  const check = `if (typeof ${x} !== 'object' || ${x} === null) wrongValue(${keep}, ${x});`;
  if (!plan.nullable) return `${check}\n${encode}(${w}, ${x});`;
  return [
    `if (${x} === null) {`,
    `writeNull(${w}, ${keep});`,
    '} else {',
    check,
    `${w}.int8(1);`,
    `${encode}(${w}, ${x});`,
    '}',
  ].join('\n');
}

function method(plan: ValuePlan): string {
  return plan.kind === 'int64exact' ? 'int64Exact' : plan.kind;
}

/** A condition that holds when the value does not fit the kind. */
function misfit(plan: ValuePlan, x: string): string {
  switch (plan.kind) {
    case 'int8':
      return `typeof ${x} !== 'number' || (${x} << 24 >> 24) !== ${x}`;
    case 'int16':
      return `typeof ${x} !== 'number' || (${x} << 16 >> 16) !== ${x}`;
    case 'uint16':
      return `typeof ${x} !== 'number' || (${x} & 0xffff) !== ${x}`;
    case 'int32':
      return `typeof ${x} !== 'number' || (${x} | 0) !== ${x}`;
    case 'uint32':
      return `typeof ${x} !== 'number' || (${x} >>> 0) !== ${x}`;
    case 'int64':
      return `!Number.isSafeInteger(${x})`;
    case 'int64exact':
      return `typeof ${x} !== 'bigint' || BigInt.asIntN(64, ${x}) !== ${x}`;
    case 'float64':
      return `typeof ${x} !== 'number'`;
    case 'boolean':
      return `typeof ${x} !== 'boolean'`;
    default:
      return `typeof ${x} !== 'string' || ${x}.length !== 22`;
  }
}
