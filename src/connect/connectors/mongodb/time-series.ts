import type { Collection, Db, Document } from 'mongodb';
import type { TopicPartition } from '../../../client/index.js';
import { KafkaError } from '../../../errors/index.js';
import type { PipeRecord } from '../../pipe-record.js';
import { idText } from './document-id.js';
import { sinkFailure } from './server-errors.js';
import type { Statement } from './statement.js';

/** A collection of measurements: made when it is missing, and only ever added to. */
export interface TimeSeriesOptions {
  /** The field with the time: a date, text in ISO 8601, or milliseconds since 1970. */
  readonly timeField: string;
  /** The field that says what was measured. */
  readonly metaField?: string | undefined;
  /** How far apart measurements of one thing are. Default: the server's, `seconds`. */
  readonly granularity?: 'seconds' | 'minutes' | 'hours' | undefined;
  /** Measurements are deleted after so long; default: never. */
  readonly expireAfterSeconds?: number | undefined;
}

const namespaceExists = 48;

/**
 * Collections of time series know no unique `_id`s and no replacing, so nothing keeps a replay
 * from storing twice. Therefore, after a partition was taken over and until a batch is new as a
 * whole, the documents of a batch that are there already are looked up and left out.
 */
export class TimeSeries {
  readonly #options: TimeSeriesOptions;
  readonly #made = new Set<string>();
  /** Partitions of which records may have been stored before. */
  readonly #doubtful = new Set<string>();

  constructor(options: TimeSeriesOptions) {
    this.#options = options;
  }

  /** Whatever these partitions bring next may be a replay. */
  doubt(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.#doubtful.add(`${topic}:${partition}`);
  }

  /** The document with its time as a date. Fails with RECORD_REJECTED. */
  timed(document: Record<string, unknown>, { source }: PipeRecord): Record<string, unknown> {
    const { timeField } = this.#options;
    const value = document[timeField];
    if (value instanceof Date) return document;
    const isTime = typeof value === 'number' || typeof value === 'string';
    const time = isTime ? new Date(value) : undefined;
    if (time !== undefined && !Number.isNaN(time.getTime()))
      return { ...document, [timeField]: time };
    const { topic, partition, offset } = source;
    const message = `The record has no time in its field ${timeField}.`;
    throw new KafkaError('RECORD_REJECTED', message, { topic, partition, offset });
  }

  /** Makes the collection unless it is there. */
  async make(db: Db, name: string): Promise<void> {
    const namespace = `${db.databaseName}.${name}`;
    if (this.#made.has(namespace)) return;
    const { timeField, metaField, granularity, expireAfterSeconds } = this.#options;
    const expiry = expireAfterSeconds === undefined ? {} : { expireAfterSeconds };
    const timeseries = {
      timeField,
      ...(metaField === undefined ? {} : { metaField }),
      ...(granularity === undefined ? {} : { granularity }),
    };
    try {
      await db.createCollection(name, { timeseries, ...expiry });
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== namespaceExists) throw sinkFailure(error);
    }
    this.#made.add(namespace);
  }

  /** The statements whose documents are not stored yet. */
  async missing(
    of: TopicPartition,
    statements: readonly Statement[],
    collectionOf: (statement: Statement) => Collection<Document>,
  ): Promise<readonly Statement[]> {
    const key = `${of.topic}:${of.partition}`;
    if (!this.#doubtful.has(key) || statements.length === 0) return statements;
    const lists = new Map<Collection<Document>, Statement[]>();
    for (const statement of statements) {
      const collection = collectionOf(statement);
      const list = lists.get(collection);
      if (list === undefined) lists.set(collection, [statement]);
      else list.push(statement);
    }
    const open: Statement[] = [];
    for (const [collection, list] of lists) {
      const there = await this.#stored(collection, list);
      open.push(...list.filter(({ filter }) => !there.has(idText(filter._id))));
    }
    // A batch of which nothing is there is behind everything that was stored before.
    if (open.length === statements.length) this.#doubtful.delete(key);
    return open;
  }

  async #stored(
    collection: Collection<Document>,
    list: readonly Statement[],
  ): Promise<Set<string>> {
    const { timeField } = this.#options;
    const times = list.map(({ document }) => Number(document?.[timeField]));
    const [first, last] = [Math.min(...times), Math.max(...times)];
    // The range of times tells the server where to look: `_id` has no index here.
    const filter = {
      [timeField]: { $gte: new Date(first), $lte: new Date(last) },
      _id: { $in: list.map(({ filter: { _id } }) => _id) },
    };
    const options = { projection: { _id: 1 }, readPreference: 'primary' } as const;
    const found = await collection
      .find(filter as Document, options)
      .toArray()
      .catch((error: unknown) => {
        throw sinkFailure(error);
      });
    return new Set(found.map(({ _id }) => idText(_id)));
  }
}
