import type { BulkWriteOptions, ClientSession, Collection, Document, MongoClient } from 'mongodb';
import type { TopicPartition, TopicPartitionOffset } from '../../../client/index.js';
import { isKafkaError, KafkaError } from '../../../errors/index.js';
import type { PipeRecord } from '../../pipe-record.js';
import type { PutContext, RejectedRecord, Sink, SinkContext, SinkWriter } from '../../sink.js';
import { wait } from '../../back-off.js';
import { BulkWriter } from './bulk-writer.js';
import { isDeterministic } from './document-id.js';
import { connect, type Driver, isFerretDb, loadDriver } from './driver.js';
import { checkOptions, type MongoSinkOptions } from './mongodb-options.js';
import { sinkFailure } from './server-errors.js';
import { type Statement, StatementMaker } from './statement.js';
import { TimeSeries } from './time-series.js';
import { TransactionOffsets } from './transaction-offsets.js';

const defaultBulkSize = 1000;
/** While the server works on one bulk, the next is made; more of them only cost memory. */
const partitionsAtOnce = 2;
/** FerretDB stands still when one command updates many more documents. */
const ferretBulkSize = 50;

/**
 * Writes records as documents. By default each record becomes one document under its key (or
 * `topic#partition#offset`), replaced when the record comes again, and never by an older state:
 * a pipeline that is killed at any moment and resumed leaves what one run would have left.
 */
export function mongodb(options: MongoSinkOptions): Sink {
  checkOptions(options);
  const isRepeatable = isDeterministic(options.id ?? 'default');
  const inTransaction = options.offsets === 'mongodb';
  // Two writers at the same moment can both add a measurement.
  const isIdempotent = isRepeatable && options.timeSeries === undefined;
  const guarantee = isIdempotent ? 'idempotent' : 'atLeastOnce';
  return {
    name: 'mongodb',
    guarantee: inTransaction ? 'transactional' : guarantee,
    refusesLate: refusesLate(options),
    // What these remember of a partition's last write is gone through one at a time.
    partitionsAtOnce: inTransaction || options.timeSeries !== undefined ? 1 : partitionsAtOnce,
    start: async (context) => {
      const driver = await loadDriver();
      const client =
        (options.client as MongoClient | undefined) ?? (await connect(driver, options));
      try {
        return await MongoWriter.start(options, { driver, client, context });
      } catch (error) {
        if (options.client === undefined) await client.close().catch(() => undefined);
        throw sinkFailure(error);
      }
    },
  };
}

/** A record that waits is overtaken; the guard keeps its document from going back to it. */
function refusesLate(options: MongoSinkOptions): string | undefined {
  const { tombstones, changeDataCapture, write, guard, offsets, timeSeries } = options;
  const { id = 'default' } = options;
  if (tombstones === 'delete' || changeDataCapture !== undefined || write === 'delete') {
    return 'a document that was deleted meanwhile would come back';
  }
  if (write === 'update') return 'what a later record has updated would hide it';
  const isUnguarded = guard === false || offsets === 'mongodb';
  if (!isUnguarded || timeSeries !== undefined) return undefined;
  if (id === 'position' || !isDeterministic(id)) return undefined;
  const harm = 'without a guard it would replace what a later record has written';
  return `${harm} (id 'position' avoids that)`;
}

interface Connected {
  readonly driver: Driver;
  readonly client: MongoClient;
  readonly context: SinkContext;
}

interface WriterParts {
  readonly session?: ClientSession;
  readonly context: PutContext;
}

class MongoWriter implements SinkWriter {
  readonly #options: MongoSinkOptions;
  readonly #client: MongoClient;
  readonly #context: SinkContext;
  readonly #maker: StatementMaker;
  readonly #sizeMax: number;
  readonly #offsets: TransactionOffsets | undefined;
  readonly #timeSeries: TimeSeries | undefined;
  /** When the next document may be written, where there is a limit (monotonic ms). */
  #freeAt = 0;
  readonly #collections = new Map<string, Collection<Document>>();
  /** Collections whose business key has its index. */
  readonly #indexed = new Set<string>();

  private constructor(options: MongoSinkOptions, parts: Connected, sizeMax: number) {
    this.#options = options;
    this.#client = parts.client;
    this.#context = parts.context;
    const { driver, context } = parts;
    this.#timeSeries = options.timeSeries && new TimeSeries(options.timeSeries);
    const { clock } = context.system;
    this.#maker = new StatementMaker(options, { driver, clock, timeSeries: this.#timeSeries });
    this.#sizeMax = sizeMax;
    if (options.offsets === 'mongodb') {
      const name = options.offsetsCollection ?? 'kafkit_offsets';
      const collection = parts.client.db(options.database).collection<Document>(name);
      this.#offsets = new TransactionOffsets(collection, parts.context.pipeline);
    }
  }

  static async start(options: MongoSinkOptions, parts: Connected): Promise<MongoWriter> {
    const isFerret = await isFerretDb(parts.client);
    const sizeMax = options.maxBatchSize ?? (isFerret ? ferretBulkSize : defaultBulkSize);
    return new MongoWriter(options, parts, sizeMax);
  }

  async open(partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]> {
    this.#timeSeries?.doubt(partitions);
    return (await this.#offsets?.claim(partitions)) ?? [];
  }

  async giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    this.#offsets?.release(partitions);
  }

  async put(
    records: readonly PipeRecord[],
    context: PutContext,
  ): Promise<readonly RejectedRecord[]> {
    const rejected: RejectedRecord[] = [];
    const statements: Statement[] = [];
    for (const record of records) {
      try {
        const statement = this.#maker.make(record);
        if (statement !== undefined) statements.push(statement);
      } catch (error) {
        rejected.push({ record, error: asRejection(error, record) });
      }
    }
    await this.#makeIndexes(statements);
    await this.#throttle(statements.length);
    if (this.#offsets !== undefined) {
      await this.#putWithOffsets(this.#offsets, statements, rejected, context);
      return [];
    }
    const open = await this.#withoutStored(statements, context);
    const refused = await this.#writer({ context })
      .write(open)
      .catch((error: unknown) => {
        // The next write may be a replay of half of this one.
        this.#timeSeries?.doubt([context]);
        throw error;
      });
    for (const { statement, error } of refused) rejected.push({ record: statement.record, error });
    return rejected;
  }

  /** Measurements that a replay brings again are left out. */
  async #withoutStored(
    statements: readonly Statement[],
    context: PutContext,
  ): Promise<readonly Statement[]> {
    const series = this.#timeSeries;
    if (series === undefined) return statements;
    for (const { database, collection } of statements) {
      await series.make(this.#client.db(database), collection);
    }
    return await series.missing(context, statements, (each) => this.#collectionOf(each));
  }

  /**
   * Documents and offset in one transaction. A statement that fails ends the transaction, so it
   * is tried again without those that were refused; these are set aside before the offset moves.
   */
  async #putWithOffsets(
    offsets: TransactionOffsets,
    statements: readonly Statement[],
    rejected: RejectedRecord[],
    context: PutContext,
  ): Promise<void> {
    let open = statements;
    for (;;) {
      const session = this.#client.startSession();
      try {
        session.startTransaction({ writeConcern: { w: 'majority' } });
        const refused = await this.#writer({ session, context }).writeInTransaction(open);
        if (refused !== undefined) {
          await session.abortTransaction();
          const { statement, error } = refused;
          rejected.push({ record: statement.record, error });
          open = open.filter((each) => each !== statement);
          continue;
        }
        if (rejected.length > 0) await context.setAside(rejected);
        await offsets.move(context, context.nextOffset, session);
        await this.#context.step('mid-write');
        await commitSurely(session);
        return;
      } catch (error) {
        if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
        throw sinkFailure(error);
      } finally {
        await session.endSession();
      }
    }
  }

  #writer({ session, context }: WriterParts): BulkWriter {
    const { writeConcern = { w: 'majority', journal: true } } = this.#options;
    const options: BulkWriteOptions = session === undefined ? { writeConcern } : { session };
    return new BulkWriter({
      collectionOf: (statement) => this.#collectionOf(statement),
      options,
      sizeMax: this.#sizeMax,
      guard: this.#maker.guard,
      mayWait: context.mayWait,
      between: async () => {
        await this.#context.step('mid-write');
        await context.stillOurs();
      },
    });
  }

  #collectionOf({ database, collection }: Statement): Collection<Document> {
    const name = `${database ?? ''}.${collection}`;
    let found = this.#collections.get(name);
    if (found === undefined) {
      found = this.#client.db(database).collection<Document>(collection);
      this.#collections.set(name, found);
    }
    return found;
  }

  /** Without a unique index two writers may both insert what they did not find. */
  async #makeIndexes(statements: readonly Statement[]): Promise<void> {
    const { businessKey } = this.#options;
    if (businessKey === undefined) return;
    for (const statement of statements) {
      const collection = this.#collectionOf(statement);
      if (this.#indexed.has(collection.namespace)) continue;
      const keys = Object.fromEntries(businessKey.map((field) => [field, 1 as const]));
      await collection.createIndex(keys, { unique: true }).catch((error: unknown) => {
        throw sinkFailure(error);
      });
      this.#indexed.add(collection.namespace);
    }
  }

  async #throttle(documents: number): Promise<void> {
    const { documentsPerSecond } = this.#options;
    if (documentsPerSecond === undefined || documents === 0) return;
    const { system, signal } = this.#context;
    const now = system.clock.monotonic();
    const from = Math.max(now, this.#freeAt);
    this.#freeAt = from + (documents * 1000) / documentsPerSecond;
    if (from > now) await wait(from - now, system, signal);
  }

  async close(): Promise<void> {
    if (this.#options.client === undefined) await this.#client.close();
  }
}

/** Nobody knows whether a commit without an answer was done: it is asked for until one comes. */
async function commitSurely(session: ClientSession): Promise<void> {
  const attemptsMax = 5;
  for (let attempt = 1; ; attempt++) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      const labels = error as { hasErrorLabel?: (label: string) => boolean };
      const isUnknown = labels.hasErrorLabel?.('UnknownTransactionCommitResult') === true;
      if (!isUnknown || attempt >= attemptsMax) throw error;
    }
  }
}

function asRejection(error: unknown, { source }: PipeRecord): KafkaError {
  if (isKafkaError(error)) return error;
  const { topic, partition, offset } = source;
  const reason = error instanceof Error ? error.message : String(error);
  const about = { topic, partition, offset, cause: error };
  return new KafkaError('RECORD_REJECTED', `No document could be made: ${reason}`, about);
}
