import type { BulkWriteOptions, Collection, Document } from 'mongodb';
import { KafkaError } from '../../../errors/index.js';
import { idText } from './document-id.js';
import { covers } from './offset-guard.js';
import {
  bulkFailure,
  commandErrorCode,
  countOf,
  duplicateKey,
  isEncodingError,
  isForbiddenCode,
  isPassingAlone,
  isPassingCode,
  sinkFailure,
  type StatementError,
  unwrapped,
} from './server-errors.js';
import type { Statement } from './statement.js';

/**
 * A statement that the server will never take; or, with an error that is retriable, one that it
 * does not take for the moment.
 */
export interface RefusedStatement {
  readonly statement: Statement;
  readonly error: KafkaError;
}

export interface BulkWriterParts {
  readonly collectionOf: (statement: Statement) => Collection<Document>;
  readonly options: BulkWriteOptions;
  /** Statements in one command at the most. */
  readonly sizeMax: number;
  /** The guard's field; undefined when nothing is guarded. */
  readonly guard: string | undefined;
  /** Whether statements that fail for the moment, each by itself, are answered with, too. */
  readonly mayWait: boolean;
  /** Called between two commands of one write. */
  readonly between: () => void | Promise<void>;
}

/** So many unordered rounds; whatever repeats its document more often goes in one ordered bulk. */
const roundsMax = 4;

/** What a command did, in terms of its statements. */
interface Outcome {
  readonly refused: { readonly at: number; readonly error: StatementError }[];
  /** Whether the server accounts for every statement. */
  readonly isComplete: boolean;
}

/**
 * Writes statements so that each of them is either applied or answered for. Statements about the
 * same document keep their order; all others go together, unordered.
 *
 * What a server reports is not taken on trust: matched, upserted and failed statements must add up
 * to those sent. Where they do not (a lax server stops at the first failure even of an unordered
 * bulk), the statements are written once more, one by one. Every statement may be repeated.
 */
export class BulkWriter {
  readonly #parts: BulkWriterParts;

  constructor(parts: BulkWriterParts) {
    this.#parts = parts;
  }

  /** Answers with what was refused. Fails with SINK_FAILED when all must be written again. */
  async write(statements: readonly Statement[]): Promise<RefusedStatement[]> {
    const refused: RefusedStatement[] = [];
    let isFirst = true;
    for (const { bulk, ordered } of this.#bulks(statements)) {
      if (!isFirst) await this.#parts.between();
      isFirst = false;
      refused.push(...(await (ordered ? this.#inOrder(bulk) : this.#together(bulk))));
    }
    return refused;
  }

  /** Within a transaction, which the first failure ends: answers with the statement at fault. */
  async writeInTransaction(
    statements: readonly Statement[],
  ): Promise<RefusedStatement | undefined> {
    for (const { bulk } of this.#bulks(statements)) {
      const outcome = await this.#send(bulk, true);
      if (outcome === 'unclear') {
        throw new KafkaError('SINK_FAILED', 'MongoDB refused a whole command.');
      }
      const [first] = outcome.refused;
      if (first === undefined) continue;
      return refusal(bulk[first.at] as Statement, first.error);
    }
    return undefined;
  }

  /** Commands for one collection each, in which no document comes twice unless ordered. */
  *#bulks(
    statements: readonly Statement[],
  ): Generator<{ readonly bulk: readonly Statement[]; readonly ordered: boolean }> {
    const rounds: Map<string, Statement[]>[] = [];
    const times = new Map<string, number>();
    for (const statement of statements) {
      const before = times.get(statement.identity) ?? 0;
      times.set(statement.identity, before + 1);
      const round = (rounds[Math.min(before, roundsMax)] ??= new Map<string, Statement[]>());
      // Deletions are not counted by servers, so they are kept apart.
      const isDelete = statement.kind === 'delete' && before < roundsMax;
      const kind = `${statement.database}.${statement.collection}${isDelete ? ' delete' : ''}`;
      const list = round.get(kind);
      if (list === undefined) round.set(kind, [statement]);
      else list.push(statement);
    }
    const { sizeMax } = this.#parts;
    for (const [number, round] of rounds.entries()) {
      for (const list of round?.values() ?? []) {
        for (let at = 0; at < list.length; at += sizeMax) {
          yield { bulk: list.slice(at, at + sizeMax), ordered: number === roundsMax };
        }
      }
    }
  }

  async #together(bulk: readonly Statement[]): Promise<RefusedStatement[]> {
    const outcome = await this.#send(bulk, false);
    if (outcome === 'unclear' || !outcome.isComplete) return this.#oneByOne(bulk);
    const refused = outcome.refused.map(({ at, error }) => ({
      statement: bulk[at] as Statement,
      error,
    }));
    return this.#settle(refused);
  }

  /** Goes on behind each statement that fails. */
  async #inOrder(bulk: readonly Statement[]): Promise<RefusedStatement[]> {
    const refused: RefusedStatement[] = [];
    let rest = bulk;
    while (rest.length > 0) {
      const outcome = await this.#send(rest, true);
      if (outcome === 'unclear' || !outcome.isComplete) {
        refused.push(...(await this.#oneByOne(rest)));
        break;
      }
      const [first] = outcome.refused;
      if (first === undefined) break;
      const statement = rest[first.at] as Statement;
      refused.push(...(await this.#settle([{ statement, error: first.error }])));
      rest = rest.slice(first.at + 1);
    }
    return refused;
  }

  async #oneByOne(bulk: readonly Statement[]): Promise<RefusedStatement[]> {
    const refused: RefusedStatement[] = [];
    for (const statement of bulk) {
      const error = await this.#alone(statement);
      if (error !== undefined) refused.push(...(await this.#settle([{ statement, error }])));
    }
    return refused;
  }

  /** One statement by itself: the error that refused it, if any. */
  async #alone(statement: Statement): Promise<StatementError | undefined> {
    const outcome = await this.#send([statement], true);
    if (outcome !== 'unclear') {
      const [refused] = outcome.refused;
      if (refused !== undefined) return refused.error;
      if (outcome.isComplete) return undefined;
    }
    throw new KafkaError('SINK_FAILED', 'MongoDB neither applied a write nor said why not.');
  }

  /**
   * One command. `unclear` when it was refused as a whole because of something in it. Fails with
   * SINK_FAILED when nothing is known about its statements.
   */
  async #send(bulk: readonly Statement[], ordered: boolean): Promise<Outcome | 'unclear'> {
    const collection = this.#parts.collectionOf(bulk[0] as Statement);
    const operations = bulk.map(({ operation }) => operation);
    // Deletions and writes of one's own may count to anything.
    const countable = bulk.every(({ kind }) => kind === 'upsert' || kind === 'insert');
    try {
      const result = await collection.bulkWrite(operations, { ...this.#parts.options, ordered });
      return { refused: [], isComplete: !countable || countOf(result) === bulk.length };
    } catch (thrown) {
      const error = unwrapped(thrown);
      const whole = aboutContents(error);
      if (whole !== undefined) {
        return bulk.length > 1
          ? 'unclear'
          : { refused: [{ at: 0, error: whole }], isComplete: true };
      }
      const failure = bulkFailure(error);
      if (failure === undefined) throw sinkFailure(error);
      const isPassing = failure.errors.some(
        ({ code }) => isPassingCode(code) && !this.#waits(code),
      );
      if (isPassing || failure.isUnconfirmed) throw sinkFailure(error);
      const refused = failure.errors.map((each) => ({ at: each.index, error: each }));
      // A single statement that failed needs no counting.
      if (bulk.length === 1) return { refused: refused.slice(0, 1), isComplete: true };
      const expected = ordered ? (refused[0]?.at ?? 0) : bulk.length - refused.length;
      const isTold = refused.every(({ at }) => at >= 0 && at < bulk.length);
      return { refused, isComplete: countable && isTold && failure.counted === expected };
    }
  }

  #waits(code: number): boolean {
    return this.#parts.mayWait && isPassingAlone(code);
  }

  /**
   * Duplicate keys are looked into: the document may have the record already (a replay), somebody
   * may have been quicker (then once more), or another unique index forbids it.
   */
  async #settle(
    refused: readonly { readonly statement: Statement; readonly error: StatementError }[],
  ): Promise<RefusedStatement[]> {
    const duplicates = refused.filter(({ error }) => error.code === duplicateKey);
    const others = refused.filter(({ error }) => error.code !== duplicateKey);
    const final = others.map(({ statement, error }) => refusal(statement, error));
    if (duplicates.length === 0) return final;
    const open = await this.#notApplied(duplicates.map(({ statement }) => statement));
    for (const statement of open) {
      const error = await this.#alone(statement);
      if (error === undefined) continue;
      if (error.code === duplicateKey && (await this.#notApplied([statement])).length === 0) {
        continue;
      }
      final.push(refusal(statement, error));
    }
    return final;
  }

  /** Those of the statements whose documents do not have them yet. */
  async #notApplied(statements: readonly Statement[]): Promise<Statement[]> {
    const { guard, collectionOf, options } = this.#parts;
    const open: Statement[] = [];
    const inserts = statements.filter(({ kind }) => kind === 'insert');
    const checkable = guard === undefined ? inserts : statements;
    for (const statement of statements) if (!checkable.includes(statement)) open.push(statement);
    const byCollection = new Map<Collection<Document>, Statement[]>();
    for (const statement of checkable) {
      const collection = collectionOf(statement);
      const list = byCollection.get(collection);
      if (list === undefined) byCollection.set(collection, [statement]);
      else list.push(statement);
    }
    const session = options.session === undefined ? {} : { session: options.session };
    for (const [collection, list] of byCollection) {
      const documents = await collection
        .find({ $or: list.map(({ filter }) => filter) }, { ...session, readPreference: 'primary' })
        .toArray()
        .catch((error: unknown) => {
          throw sinkFailure(error);
        });
      for (const statement of list) {
        const document = documents.find((each) => isDocumentOf(each, statement));
        const isThere =
          document !== undefined &&
          (statement.kind === 'insert' || covers(document[guard ?? ''], statement.record));
        if (!isThere) open.push(statement);
      }
    }
    return open;
  }
}

/** The error of a command that was refused because of its contents, on either side of the wire. */
function aboutContents(thrown: unknown): StatementError | undefined {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (isEncodingError(thrown)) return { index: 0, code: 0, message };
  const code = commandErrorCode(thrown);
  if (code === undefined || isPassingCode(code) || isForbiddenCode(code)) return undefined;
  return { index: 0, code, message };
}

function isDocumentOf(document: Document, { filter }: Statement): boolean {
  return Object.entries(filter).every(([name, value]) => idText(document[name]) === idText(value));
}

function refusal(statement: Statement, { code, message }: StatementError): RefusedStatement {
  const { topic, partition, offset } = statement.record.source;
  const text = `MongoDB refused the document: ${message}${code === 0 ? '' : ` (code ${code})`}`;
  const about = { topic, partition, offset };
  const error = isPassingAlone(code)
    ? new KafkaError('SINK_FAILED', text, { ...about, retriable: true })
    : new KafkaError('RECORD_REJECTED', text, about);
  return { statement, error };
}
