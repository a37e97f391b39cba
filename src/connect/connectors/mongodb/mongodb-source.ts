import type {
  ChangeStream,
  ChangeStreamDocument,
  Collection,
  Document,
  FindCursor,
  MongoClient,
  ResumeToken,
} from 'mongodb';
import { isKafkaError, KafkaError } from '../../../errors/index.js';
import type {
  Source,
  SourceBatch,
  SourceContext,
  SourceReader,
  SourceRecord,
} from '../../source.js';
import { connect, loadDriver } from './driver.js';

export interface MongoSourceOptions {
  readonly uri: string;
  readonly clientOptions?: Readonly<Record<string, unknown>> | undefined;
  readonly database: string;
  readonly collection: string;
  /** Begins with what is there already; default true. */
  readonly snapshot?: boolean | undefined;
  /**
   * `document` (default): the document after each change, null when it was deleted. `envelope`:
   * `{ op, before, after, source, ts_ms }` as Debezium has it, and a null after each deletion.
   */
  readonly format?: 'document' | 'envelope' | undefined;
  /** Documents in one batch at the most; default 500. */
  readonly batchSize?: number | undefined;
}

/** A stream without news answers so soon, and a batch is closed when none came for so long. */
const awaitMs = 100;

/**
 * The documents of a collection, and every change from then on. The stream's position is taken
 * before the snapshot, so nothing falls between them; a snapshot that was interrupted begins anew.
 * Keys are the `_id`s. Needs a replica set.
 */
export function mongodbSource(options: MongoSourceOptions): Source {
  return {
    name: 'mongodb',
    start: async (context) => {
      const driver = await loadDriver();
      const { uri, clientOptions } = options;
      const client = await connect(driver, { uri, clientOptions });
      return new ChangeReader(options, client, context);
    },
  };
}

class ChangeReader implements SourceReader {
  readonly #options: MongoSourceOptions;
  readonly #client: MongoClient;
  readonly #collection: Collection<Document>;
  readonly #context: SourceContext;
  #token: ResumeToken;
  #stream: ChangeStream<Document> | undefined;
  #snapshot: FindCursor<Document> | undefined;
  #phase: 'start' | 'snapshot' | 'stream';

  constructor(options: MongoSourceOptions, client: MongoClient, context: SourceContext) {
    this.#options = options;
    this.#client = client;
    this.#context = context;
    this.#collection = client.db(options.database).collection<Document>(options.collection);
    const { position } = context;
    this.#token = position?.token as ResumeToken;
    this.#phase = position?.phase === 'stream' ? 'stream' : 'start';
  }

  async poll(): Promise<SourceBatch | undefined> {
    try {
      if (this.#phase === 'start') await this.#begin();
      if (this.#phase === 'snapshot') {
        const batch = await this.#pollSnapshot();
        if (batch !== undefined) return batch;
      }
      return await this.#pollStream();
    } catch (thrown) {
      throw sourceFailure(thrown);
    }
  }

  /** Takes the stream's position first, then opens the snapshot. */
  async #begin(): Promise<void> {
    const stream = this.#open(undefined);
    await stream.tryNext();
    this.#token = stream.resumeToken;
    await stream.close();
    this.#phase = this.#options.snapshot === false ? 'stream' : 'snapshot';
    if (this.#phase === 'snapshot') this.#snapshot = this.#collection.find();
  }

  async #pollSnapshot(): Promise<SourceBatch | undefined> {
    const cursor = this.#snapshot;
    const records: SourceRecord[] = [];
    const { batchSize = 500 } = this.#options;
    while (cursor !== undefined && records.length < batchSize) {
      const document = await cursor.next();
      if (document === null) break;
      records.push(...this.#recordsOf('r', document._id, document));
    }
    const isOver = records.length < batchSize;
    if (isOver) this.#phase = 'stream';
    if (records.length === 0) return undefined;
    return { records, position: { phase: this.#phase, token: this.#token } };
  }

  async #pollStream(): Promise<SourceBatch | undefined> {
    this.#stream ??= this.#open(this.#token);
    const stream = this.#stream;
    const records: SourceRecord[] = [];
    const { batchSize = 500 } = this.#options;
    let token: ResumeToken;
    while (!this.#context.signal.aborted && records.length < batchSize) {
      const change = await stream.tryNext();
      if (change === null && token !== undefined) break;
      if (change === null) continue;
      token = change._id;
      records.push(...this.#changed(change));
    }
    if (token === undefined) return undefined;
    return { records, position: { phase: 'stream', token } };
  }

  #open(token: ResumeToken): ChangeStream<Document> {
    return this.#collection.watch([], {
      fullDocument: 'updateLookup',
      maxAwaitTimeMS: awaitMs,
      ...(token === undefined ? {} : { resumeAfter: token }),
    });
  }

  #changed(change: ChangeStreamDocument<Document>): SourceRecord[] {
    switch (change.operationType) {
      case 'insert':
        return this.#recordsOf('c', change.documentKey._id, change.fullDocument);
      case 'replace':
      case 'update':
        // A document that is gone by now: its deletion is on the way.
        if (change.fullDocument === undefined || change.fullDocument === null) return [];
        return this.#recordsOf('u', change.fullDocument._id, change.fullDocument);
      case 'delete':
        return this.#recordsOf('d', change.documentKey._id, null);
      case 'drop':
      case 'rename':
      case 'dropDatabase':
      case 'invalidate':
        throw new KafkaError('SOURCE_FAILED', `The collection is gone (${change.operationType}).`, {
          retriable: false,
        });
      default:
        return [];
    }
  }

  #recordsOf(op: 'c' | 'u' | 'd' | 'r', id: unknown, document: Document | null): SourceRecord[] {
    const key = keyOf(id);
    if (this.#options.format !== 'envelope') return [{ key, value: document }];
    const { database: db, collection } = this.#options;
    const source = { connector: 'mongodb', name: this.#context.pipeline, db, collection };
    const ts_ms = this.#context.system.clock.now();
    const event = { key, value: { op, before: null, after: document, source, ts_ms } };
    return op === 'd' ? [event, { key, value: null }] : [event];
  }

  async close(): Promise<void> {
    await this.#stream?.close().catch(() => undefined);
    await this.#snapshot?.close().catch(() => undefined);
    await this.#client.close();
  }
}

/** Text stays text, an ObjectId is its digits, anything else JSON. */
function keyOf(id: unknown): string {
  const plain = JSON.parse(JSON.stringify(id)) as unknown;
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
}

/** The stream cannot be taken up where it was left. */
const historyLost = new Set([286, 280, 136]);
/** The server has no change streams at all. */
const notServed = new Set([40_573, 238, 59]);

function sourceFailure(thrown: unknown): KafkaError {
  if (isKafkaError(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const code = Number((thrown as { readonly code?: unknown } | null)?.code ?? 0);
  const isLost = historyLost.has(code);
  return new KafkaError('SOURCE_FAILED', `MongoDB: ${reason}`, {
    cause: thrown,
    retriable: !isLost && !notServed.has(code),
    hint: isLost
      ? 'The oplog no longer holds the position: rename the pipeline for a new snapshot.'
      : notServed.has(code)
        ? 'Change streams need a replica set.'
        : undefined,
  });
}
