import { KafkaError } from '../errors/index.js';

/** What a schema found wrong. */
export interface StandardIssue {
  readonly message: string;
  /** Where in the value, as keys or as objects with a key. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

type StandardResult<Out> =
  | { readonly value: Out; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/**
 * A schema as zod, valibot, arktype and others offer it under one interface (Standard Schema,
 * version 1). `In` is what goes over the wire, `Out` what the schema makes of it.
 */
export interface StandardSchema<In = unknown, Out = In> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Out> | Promise<StandardResult<Out>>;
    readonly types?: { readonly input: In; readonly output: Out } | undefined;
  };
}

/** Some schemas are functions as well. */
export function isStandardSchema(like: object): like is StandardSchema {
  return '~standard' in like;
}

/** So many of a schema's complaints are told; the rest is counted. */
const issuesTold = 3;

/**
 * What the schema makes of the value; fails with the code given, naming each path. Schemas that
 * answer later are refused: a record is checked where it is encoded or read, and nothing waits
 * there.
 */
export function validated<Out>(
  schema: StandardSchema<unknown, Out>,
  value: unknown,
  code: 'SERIALIZATION_FAILED' | 'DESERIALIZATION_FAILED',
): Out {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    // Its answer comes too late for anybody.
    result.catch(() => undefined);
    throw new KafkaError(code, 'The schema checks asynchronously, and nothing waits here.', {
      hint: 'Use a schema without asynchronous checks, and make those in the loop.',
    });
  }
  if (result.issues === undefined) return result.value;
  throw new KafkaError(code, textOf(result.issues), {
    cause: new AggregateError(result.issues.map((issue) => new Error(lineOf(issue)))),
  });
}

function textOf(issues: readonly StandardIssue[]): string {
  const told = issues.slice(0, issuesTold).map(lineOf).join('; ');
  const more = issues.length - issuesTold;
  return more > 0 ? `${told}; and ${more} more` : told;
}

function lineOf({ message, path }: StandardIssue): string {
  const place = pathOf(path ?? []);
  return place === '' ? message : `${place}: ${message}`;
}

/** Keys as a program would write them: `lines[2].price`. */
function pathOf(path: NonNullable<StandardIssue['path']>): string {
  let text = '';
  for (const step of path) {
    const key = typeof step === 'object' ? step.key : step;
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text;
}
