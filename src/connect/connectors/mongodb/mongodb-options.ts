import { KafkaError } from '../../../errors/index.js';
import { nearestName } from '../../config/nearest-name.js';
import type { PipeRecord } from '../../pipe-record.js';
import type { ChangeDataCapture } from './change-events.js';
import type { TimeSeriesOptions } from './time-series.js';

/**
 * What becomes the `_id`, and with it what makes a record that comes again replace itself.
 *
 * - `default`: the key, or `topic#partition#offset` for a record without one
 * - `key`, `position`: always the one or the other
 * - `provided`: the field `_id` of the value
 * - `value`: the whole value
 * - `{ key: […] }`, `{ value: […] }`: a document of some fields of the key or the value
 * - `uuid`, `objectId`: a new one each time, so that a replay makes **duplicates**
 */
export type IdStrategy =
  | 'default'
  | 'key'
  | 'position'
  | 'provided'
  | 'value'
  | 'uuid'
  | 'objectId'
  | { readonly key: readonly string[] }
  | { readonly value: readonly string[] }
  | ((record: PipeRecord) => unknown);

/** One write, as the driver's `bulkWrite` takes it. */
export type MongoOperation = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What a write function may build on. */
export interface WriteTarget {
  readonly id: unknown;
  /** Finds the document, unless it has this record or a later one already. */
  readonly filter: Readonly<Record<string, unknown>>;
  /** The guard's field and value, to be stored with the document. */
  readonly guard: Readonly<Record<string, unknown>>;
}

/** A write of one's own; null leaves the record out. */
export type WriteFunction = (record: PipeRecord, target: WriteTarget) => MongoOperation | null;

export interface MongoSinkOptions {
  /** `mongodb://…` or `mongodb+srv://…`. */
  readonly uri?: string | undefined;
  /** A connected `MongoClient` of the application instead of a uri; it is not closed. */
  readonly client?: object | undefined;
  /** More options of the driver's `MongoClient`. */
  readonly clientOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Default: the one named in the uri. */
  readonly database?: string | undefined;
  /** A name, in which `${topic}` stands for the topic, or a function. Default: the topic. */
  readonly collection?: string | ((record: PipeRecord) => string) | undefined;
  /** `collection` or `database.collection` by topic; wins over `collection`. */
  readonly namespaces?: Readonly<Record<string, string>> | undefined;
  /** See `IdStrategy`; default `default`. */
  readonly id?: IdStrategy | undefined;
  /**
   * `replace` (default) writes whole documents, `update` sets the fields of the value and keeps
   * others, `insert` never touches a document that is there, `delete` deletes.
   */
  readonly write?: 'replace' | 'update' | 'insert' | 'delete' | WriteFunction | undefined;
  /**
   * Finds documents by these fields of the value instead of `_id` (a unique index over them is
   * made): for collections whose ids are somebody else's.
   */
  readonly businessKey?: readonly string[] | undefined;
  /** Records with a null value: `delete` the document, `ignore` or `reject` (default) them. */
  readonly tombstones?: 'delete' | 'ignore' | 'reject' | undefined;
  /**
   * The field that keeps where a document came from, so that a replay never puts an older state
   * over a newer one. Default `_kafka`; false switches the guard off.
   */
  readonly guard?: string | false | undefined;
  /**
   * Values are change events, which are done again here: `debezium` those of Debezium's
   * connectors, `changeStream` MongoDB's own. Takes the place of `id`, `write` and `tombstones`.
   */
  readonly changeDataCapture?: ChangeDataCapture | undefined;
  /** A collection of time series, made when it is missing; documents are only ever added. */
  readonly timeSeries?: TimeSeriesOptions | undefined;
  /** With `update`: keeps `_insertedTS` and `_modifiedTS`. Default false. */
  readonly timestamps?: boolean | undefined;
  /** Statements in one command at the most; default 1000. */
  readonly maxBatchSize?: number | undefined;
  /** No more documents than so many in a second; default: no limit. */
  readonly documentsPerSecond?: number | undefined;
  /** Default `{ w: 'majority', journal: true }`. */
  readonly writeConcern?: Readonly<Record<string, unknown>> | undefined;
  /**
   * `mongodb` keeps the offsets in one transaction with the documents: every record is applied
   * exactly once, whatever is written. Needs a replica set. Default `kafka`.
   */
  readonly offsets?: 'kafka' | 'mongodb' | undefined;
  /** Where `offsets: 'mongodb'` keeps them; default `kafkit_offsets`. */
  readonly offsetsCollection?: string | undefined;
}

const optionNames: readonly string[] = [
  'uri',
  'client',
  'clientOptions',
  'database',
  'collection',
  'namespaces',
  'id',
  'write',
  'businessKey',
  'tombstones',
  'guard',
  'changeDataCapture',
  'timeSeries',
  'timestamps',
  'maxBatchSize',
  'documentsPerSecond',
  'writeConcern',
  'offsets',
  'offsetsCollection',
] as const satisfies readonly (keyof MongoSinkOptions)[];

export const defaultGuard = '_kafka';

/** Fails with INVALID_ARGUMENT for options that contradict each other. */
export function checkOptions(options: MongoSinkOptions): void {
  const { uri, client, write, timestamps, id, offsets } = options;
  const unknown = Object.keys(options).find((name) => !optionNames.includes(name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, optionNames);
    const hint = near === undefined ? '' : ` Did you mean '${near}'?`;
    throw invalid(`there is no option '${unknown}'.${hint}`);
  }
  if ((uri === undefined) === (client === undefined)) {
    throw invalid('Either uri or client is wanted.');
  }
  if (uri !== undefined && !/^mongodb(\+srv)?:\/\/./.test(uri)) {
    throw invalid(`'${redacted(uri)}' is not a uri of MongoDB; it begins with mongodb://.`);
  }
  if (timestamps === true && write !== 'update') throw invalid("timestamps needs write 'update'.");
  if (options.businessKey !== undefined && id !== undefined) {
    throw invalid('businessKey finds documents without their id: leave id out.');
  }
  if (offsets === 'mongodb' && typeof options.guard === 'string') {
    throw invalid("offsets 'mongodb' needs no guard: leave it out.");
  }
  checkExclusive(options);
  const size = options.maxBatchSize ?? 1;
  if (!Number.isSafeInteger(size) || size < 1) throw invalid(`maxBatchSize is ${size}.`);
  const rate = options.documentsPerSecond ?? 1;
  if (!(rate > 0)) throw invalid(`documentsPerSecond is ${rate}.`);
}

/** Options that take the place of others. */
function checkExclusive(options: MongoSinkOptions): void {
  const { changeDataCapture, timeSeries } = options;
  const given = (names: readonly (keyof MongoSinkOptions)[]) =>
    names.find((name) => options[name] !== undefined && options[name] !== false);
  if (changeDataCapture !== undefined) {
    if (!['debezium', 'changeStream'].includes(changeDataCapture)) {
      throw invalid(`changeDataCapture is '${String(changeDataCapture)}'.`);
    }
    const other = given(['id', 'write', 'businessKey', 'tombstones', 'timestamps', 'timeSeries']);
    if (other !== undefined) throw invalid(`changeDataCapture decides: leave ${other} out.`);
  }
  if (timeSeries === undefined) return;
  if (typeof timeSeries.timeField !== 'string') throw invalid('timeSeries needs a timeField.');
  const other = given(['businessKey', 'guard', 'timestamps']);
  if (other !== undefined) throw invalid(`timeSeries knows no ${other}: leave it out.`);
  const { write = 'insert', tombstones, offsets } = options;
  if (write !== 'insert') throw invalid("timeSeries can only write 'insert'.");
  if (tombstones === 'delete') throw invalid("timeSeries cannot delete: tombstones 'ignore'.");
  if (offsets === 'mongodb') {
    throw invalid("MongoDB takes no timeSeries in transactions: leave offsets 'mongodb' out.");
  }
}

/** A uri without its password. */
export function redacted(uri: string): string {
  return uri.replace(/\/\/([^:@/]*):[^@/]*@/, '//$1:***@');
}

function invalid(message: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', `mongodb: ${message}`);
}
