import { KafkaError } from '../errors/index.js';

/** Collects the functions of a compiled codec, and the objects that they refer to. */
export class SourceText {
  /** What the source sees as `kept[0]`, `kept[1]` … */
  readonly kept: unknown[] = [];
  readonly #names = new Map<unknown, string>();
  readonly #functions: string[] = [];
  #count = 0;

  /** The name under which the source finds an object. */
  keep(value: object): string {
    let name = this.#names.get(value);
    if (name === undefined) {
      name = `k${this.kept.length}`;
      this.#names.set(value, name);
      this.kept.push(value);
    }
    return name;
  }

  /** Adds a function and gives its name. */
  function(parameters: string, body: readonly string[]): string {
    const name = `f${this.#count++}`;
    this.#functions.push(`function ${name}(${parameters}) {\n${body.join('\n')}\n}`);
    return name;
  }

  constants(): string {
    return this.kept.map((_, at) => `const k${at} = kept[${at}];`).join('\n');
  }

  functions(): string {
    return this.#functions.join('\n');
  }
}

/** A field's name, safe to stand in source. */
export function checkedName(name: string): string {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name) || name === 'unknownTags') {
    throw new KafkaError('INVALID_ARGUMENT', `'${name}' cannot be the name of a field.`);
  }
  return name;
}

/** A default of a fixed kind or a text as a literal; undefined for those that need an object. */
export function literal(value: unknown): string | undefined {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'bigint':
      return `${value}n`;
    case 'string':
      return JSON.stringify(value);
    case 'number':
    case 'boolean':
      return String(value);
    default:
      return undefined;
  }
}
