import type { FieldPlan, StructPlan, ValuePlan } from './plan.js';
import { checkedName, literal, type SourceText } from './source-text.js';

/** Adds the function that reads a struct, and those of the structs within; gives its name. */
export function decoderSource(source: SourceText, plan: StructPlan): string {
  const body: string[] = [];
  const variable = new Map<FieldPlan, string>();
  plan.all.forEach((field, at) => variable.set(field, `a${at}`));
  for (const field of plan.fields)
    body.push(valueSource(source, field, `let ${variable.get(field)}`));
  if (plan.flexible) body.push(tagsSource(source, plan, variable));
  const properties = plan.all.map((field) => {
    const present = plan.absent.includes(field)
      ? defaultSource(source, field)
      : variable.get(field);
    return `${checkedName(field.name)}: ${present}`;
  });
  body.push(`const o = { ${properties.join(', ')} };`);
  if (plan.flexible) body.push('if (u !== undefined) o.unknownTags = u;');
  body.push('return o;');
  return source.function('r', body);
}

/** An expression for a default: a literal, so that every message gets objects of its own. */
function defaultSource(source: SourceText, field: FieldPlan): string {
  const text = literal(field.default);
  if (text !== undefined) return text;
  if (field.kind === 'array') return '[]';
  if (field.struct === undefined) return source.keep(field.default as object);
  const properties = field.struct.all.map(
    (inner) => `${checkedName(inner.name)}: ${defaultSource(source, inner)}`,
  );
  return `{ ${properties.join(', ')} }`;
}

function tagsSource(
  source: SourceText,
  plan: StructPlan,
  variable: ReadonlyMap<FieldPlan, string>,
): string {
  const path = JSON.stringify(plan.path);
  const unknown = `(u ??= []).push(readUnknownTag(r, ${path}, tag, size, budget));`;
  const lines: string[] = plan.tagged.map((field) => `let ${variable.get(field)};`);
  lines.push(
    'let u;',
    'for (let n = r.uvarint(); n > 0; n--) {',
    'const tag = r.uvarint();',
    'const size = r.uvarint();',
  );
  if (plan.tagged.length === 0) {
    lines.push(unknown, '}');
    return lines.join('\n');
  }
  lines.push('const end = r.position + size;', 'switch (tag) {');
  for (const field of plan.tagged) {
    lines.push(
      `case ${field.tag}: {`,
      valueSource(source, field, variable.get(field) as string),
      `expectTagEnd(r, ${source.keep(field)}, end);`,
      'break;',
      '}',
    );
  }
  lines.push(`default: ${unknown}`, '}', '}');
  for (const field of plan.tagged) {
    const name = variable.get(field);
    lines.push(`if (${name} === undefined) ${name} = ${defaultSource(source, field)};`);
  }
  return lines.join('\n');
}

/** Statements that read a value from `r` into `target` (a variable, or the declaration of one). */
function valueSource(source: SourceText, plan: ValuePlan, target: string): string {
  if (plan.kind !== 'array') return `${target} = ${expression(source, plan)};`;
  const name = target.replace('let ', '');
  return [
    `${target} = null;`,
    '{',
    `const n = readCount(r, ${source.keep(plan)}, budget);`,
    'if (n >= 0) {',
    `${name} = [];`,
    `for (let i = 0; i < n; i++) ${name}.push(${expression(source, plan.element as ValuePlan)});`,
    '}',
    '}',
  ].join('\n');
}

function expression(source: SourceText, plan: ValuePlan): string {
  switch (plan.kind) {
    case 'string':
      return `readString(r, ${source.keep(plan)})`;
    case 'bytes':
    case 'records':
      return `readBytes(r, ${source.keep(plan)})`;
    case 'int64exact':
      return 'r.int64Exact()';
    case 'struct': {
      const decode = `${decoderSource(source, plan.struct as StructPlan)}(r)`;
      return plan.nullable ? `(readPresence(r, ${source.keep(plan)}) ? ${decode} : null)` : decode;
    }
    default:
      return `r.${plan.kind}()`;
  }
}
