import { isKafkaError, KafkaError } from '../../../errors/index.js';

/** Document is there already: a replay, a race, or a unique index of the application. */
export const duplicateKey = 11_000;

/**
 * What passes by itself: elections, shutdowns, time-outs, conflicts and a full disk. Codes, never
 * their names: servers that only resemble MongoDB leave those out.
 */
const passing = new Set([
  6, 7, 24, 43, 46, 50, 63, 64, 79, 84, 89, 91, 95, 100, 112, 133, 134, 148, 150, 189, 202, 234,
  246, 262, 290, 314, 317, 358, 9001, 10_058, 10_107, 11_600, 11_601, 11_602, 13_388, 13_435,
  13_436, 14_031,
]);

/**
 * Of these, what one document may meet while others do not: a lock that somebody holds, a time
 * limit, a conflict with another writer.
 */
const passingAlone = new Set([24, 46, 50, 112, 262]);

/** What needs a person: no repetition brings a right or a password. */
const forbidden = new Set([13, 18, 8000]);

/** One statement that failed within a bulk. */
export interface StatementError {
  readonly index: number;
  readonly code: number;
  readonly message: string;
}

/** What a bulk that failed in part did all the same. */
export interface BulkFailure {
  readonly errors: readonly StatementError[];
  readonly counted: number;
  /** The writes are done, but not by as many servers as demanded. */
  readonly isUnconfirmed: boolean;
}

interface RawBulkError {
  readonly name?: string;
  readonly code?: unknown;
  readonly writeErrors?: unknown;
  /** The driver wraps what failed a whole command, the connection included. */
  readonly errorResponse?: unknown;
  readonly result?: BulkCounts & { readonly getWriteConcernError?: () => unknown };
}

interface BulkCounts {
  readonly matchedCount?: number;
  readonly upsertedCount?: number;
  readonly insertedCount?: number;
}

/** Statements that a result says were applied; deletions are not among them. */
export function countOf(result: BulkCounts | undefined): number {
  if (result === undefined) return 0;
  return (result.matchedCount ?? 0) + (result.upsertedCount ?? 0) + (result.insertedCount ?? 0);
}

/** What failed a whole command, without the driver's wrapping. */
export function unwrapped(thrown: unknown): unknown {
  const error = thrown as RawBulkError | null;
  const isWrapped = error?.name === 'MongoBulkWriteError' && error.errorResponse instanceof Error;
  return isWrapped && errorsOf(error).length === 0 ? error.errorResponse : thrown;
}

/** Reads the driver's error of single statements; undefined when it is of another kind. */
export function bulkFailure(thrown: unknown): BulkFailure | undefined {
  const error = thrown as RawBulkError | null;
  if (error?.name !== 'MongoBulkWriteError') return undefined;
  const errors = errorsOf(error);
  const unconfirmed = error.result?.getWriteConcernError?.() ?? undefined;
  return {
    errors,
    counted: countOf(error.result),
    // Without a statement that failed, only the write concern is left to complain of.
    isUnconfirmed: unconfirmed !== undefined || errors.length === 0,
  };
}

function errorsOf({ writeErrors }: RawBulkError): StatementError[] {
  const list: unknown[] = Array.isArray(writeErrors) ? writeErrors : [writeErrors];
  return list
    .filter((each): each is Record<string, unknown> => typeof each === 'object' && each !== null)
    .map((each) => ({
      index: Number(each.index ?? 0),
      code: Number(each.code ?? 0),
      message: textOf(each.errmsg) ?? textOf(each.message) ?? 'no reason given',
    }));
}

export function isPassingCode(code: number): boolean {
  return passing.has(code);
}

/** A whole command or connection failed: the error that the pipeline is told. */
export function sinkFailure(thrown: unknown): KafkaError {
  if (isKafkaError(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const code = Number((thrown as { readonly code?: unknown } | null)?.code ?? 0);
  const isForbidden = forbidden.has(code);
  return new KafkaError('SINK_FAILED', `MongoDB: ${reason}`, {
    cause: thrown,
    retriable: !isForbidden,
    hint: isForbidden ? 'Check the user and its roles.' : undefined,
  });
}

/**
 * Whether the driver could not even encode the statements: no server was asked, and the culprit is
 * among the documents.
 */
export function isEncodingError(thrown: unknown): boolean {
  if (isKafkaError(thrown)) return false;
  const name = (thrown as { readonly name?: unknown } | null)?.name;
  const names = ['BSONError', 'BSONVersionError', 'MongoInvalidArgumentError', 'RangeError'];
  if (typeof name === 'string' && names.includes(name)) return true;
  return thrown instanceof TypeError || name === 'BSONRuntimeError';
}

/** The code of a command that the server refused as a whole; undefined for other failures. */
export function commandErrorCode(thrown: unknown): number | undefined {
  const error = thrown as { readonly name?: unknown; readonly code?: unknown } | null;
  return error?.name === 'MongoServerError' ? Number(error.code ?? 0) : undefined;
}

/** Whether the error says nothing about other documents. */
export function isPassingAlone(code: number): boolean {
  return passingAlone.has(code);
}

export function isForbiddenCode(code: number): boolean {
  return forbidden.has(code);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
