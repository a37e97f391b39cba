import { type ErrorCode, errorCodeOf, errorFacts } from './error-codes.js';

const brand = Symbol.for('kafkit.KafkaError');

/** What an error is about. Everything is optional; what is set is part of the message. */
export interface ErrorContext {
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly offset?: number | undefined;
  /** Broker as `host:port` or `host:port (id n)`. */
  readonly broker?: string | undefined;
  readonly group?: string | undefined;
  readonly api?: string | undefined;
  readonly path?: string | undefined;
}

export interface KafkaErrorOptions extends ErrorContext {
  /** What a person can do about it, one sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Overrides the table's answer for this one case. */
  readonly retriable?: boolean | undefined;
}

const contextKeys = ['topic', 'partition', 'offset', 'broker', 'group', 'api', 'path'] as const;

/**
 * The one error class. `code` is Kafka's name of the error (or one of kafkit's own), `errno` its
 * number or null. Recognise it with `isKafkaError`, never with `instanceof`: several copies of
 * the package may be loaded.
 */
export class KafkaError extends Error {
  readonly code: ErrorCode;
  readonly errno: number | null;
  /** Whether the same call may succeed later without any change. */
  readonly retriable: boolean;
  readonly context: ErrorContext;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message?: string, options: KafkaErrorOptions = {}) {
    const facts = errorFacts(code);
    super(
      describe(message ?? facts.text, options),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.errno = facts.errno;
    this.retriable = options.retriable ?? facts.retriable;
    this.hint = options.hint;
    const context: Record<string, unknown> = {};
    for (const key of contextKeys) if (options[key] !== undefined) context[key] = options[key];
    this.context = context as ErrorContext;
  }

  /** The error for a number from the wire. */
  static fromErrno(
    errno: number,
    message?: string | null,
    options?: KafkaErrorOptions,
  ): KafkaError {
    const code = errorCodeOf(errno);
    return new KafkaError(code, message ?? undefined, options);
  }

  get [brand](): true {
    return true;
  }

  override get name(): string {
    return 'KafkaError';
  }
}

function describe(text: string, options: KafkaErrorOptions): string {
  const about = contextKeys
    .filter((key) => options[key] !== undefined && !names(text, key, options[key]))
    .map((key) => `${key} ${options[key]}`);
  const where = about.length > 0 ? ` (${about.join(', ')})` : '';
  return `${text}${where}${options.hint ? ` ${options.hint}` : ''}`;
}

/** Whether the text says it already; a number counts only beside its name. */
function names(text: string, key: string, value: string | number | undefined): boolean {
  if (typeof value !== 'number') return text.includes(String(value));
  return new RegExp(`\\b${key} ${value}\\b`, 'i').test(text);
}

/** Whether a value is a KafkaError, of this or another copy of kafkit; optionally of one code. */
export function isKafkaError(error: unknown, code?: ErrorCode): error is KafkaError {
  const branded = typeof error === 'object' && error !== null && brand in error;
  return branded && (code === undefined || (error as KafkaError).code === code);
}
