import type { AnyBulkWriteOperation, Document } from 'mongodb';
import { KafkaError } from '../../../errors/index.js';
import type { Clock } from '../../../system/index.js';
import type { PipeRecord } from '../../pipe-record.js';
import { type Change, changeReader, type ReadChange } from './change-events.js';
import { idMaker, idText, type MakeId } from './document-id.js';
import type { Driver } from './driver.js';
import { defaultGuard, type MongoSinkOptions } from './mongodb-options.js';
import { guardedFilter, stampOf } from './offset-guard.js';
import type { TimeSeries } from './time-series.js';

/** One record as one write. */
export interface Statement {
  readonly record: PipeRecord;
  readonly database: string | undefined;
  readonly collection: string;
  /** Same text, same document: the order of such statements is kept. */
  readonly identity: string;
  /** Finds the document whatever state it has. */
  readonly filter: Readonly<Record<string, unknown>>;
  readonly kind: 'upsert' | 'insert' | 'delete' | 'custom';
  /** What an insert stores. */
  readonly document?: Document | undefined;
  readonly operation: AnyBulkWriteOperation<Document>;
}

/** Where the records of a topic go. */
interface Namespace {
  readonly database: string | undefined;
  readonly collection: string;
  /** Of the identities of its documents. */
  readonly prefix: string;
}

/** What statements are made with. */
export interface StatementParts {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly timeSeries: TimeSeries | undefined;
}

/** So many topics are remembered. */
const namespacesMax = 1000;

/** Turns records into statements as the options say. */
export class StatementMaker {
  readonly #options: MongoSinkOptions;
  readonly #clock: Clock;
  readonly #makeId: MakeId;
  readonly #readChange: ReadChange | undefined;
  readonly #timeSeries: TimeSeries | undefined;
  /** By topic, where the topic alone decides. */
  readonly #namespaces = new Map<string, Namespace>();
  /** The guard's field; undefined when nothing is guarded. */
  readonly guard: string | undefined;

  constructor(options: MongoSinkOptions, { driver, clock, timeSeries }: StatementParts) {
    this.#options = options;
    this.#clock = clock;
    this.#timeSeries = timeSeries;
    // Many measurements have the same key.
    const standard = timeSeries === undefined ? 'default' : 'position';
    this.#makeId = idMaker(options.id ?? standard, driver);
    const capture = options.changeDataCapture;
    this.#readChange = capture === undefined ? undefined : changeReader(capture, driver);
    const isInTransaction = options.offsets === 'mongodb';
    const isOff = options.guard === false || isInTransaction || timeSeries !== undefined;
    this.guard = isOff ? undefined : (options.guard ?? defaultGuard);
  }

  /** The statement of a record, undefined for none. Fails with RECORD_REJECTED. */
  make(record: PipeRecord): Statement | undefined {
    if (this.#readChange !== undefined) return this.#changed(record, this.#readChange(record));
    const { tombstones = 'reject', write = 'replace', businessKey } = this.#options;
    const isTombstone = record.value === null;
    if (isTombstone && tombstones === 'ignore') return undefined;
    const deletes = write === 'delete' || (isTombstone && tombstones === 'delete');
    if (isTombstone && !deletes) {
      throw rejected(record, "has no value (a tombstone); set tombstones to 'delete' or 'ignore'");
    }
    const value = deletes ? undefined : documentOf(record);
    const id = businessKey === undefined ? this.#makeId(record) : undefined;
    const filter =
      businessKey === undefined ? { _id: id } : businessFilter(record, value, businessKey);
    const { database, collection, prefix } = this.#namespace(record);
    const identity = prefix + idText(id ?? filter);
    const place = { record, database, collection, identity, filter };
    const guarded = this.guard === undefined ? filter : guardedFilter(filter, this.guard, record);
    if (value === undefined) {
      return { ...place, kind: 'delete', operation: { deleteOne: { filter: guarded } } };
    }
    const stamp = this.guard === undefined ? {} : { [this.guard]: stampOf(record) };
    if (typeof write === 'function') {
      const operation = write(record, { id, filter: guarded, guard: stamp });
      if (operation === null) return undefined;
      // The driver checks what the application has made.
      const made = operation as unknown as AnyBulkWriteOperation<Document>;
      return { ...place, kind: 'custom', operation: made };
    }
    const document = id === undefined ? { ...value, ...stamp } : withoutId(value, stamp);
    if (write === 'insert' || this.#timeSeries !== undefined) {
      const timed = this.#timeSeries?.timed(document, record) ?? document;
      const inserted = (id === undefined ? timed : { _id: id, ...timed }) as Document;
      const insertOne = { document: inserted };
      return { ...place, kind: 'insert', document: inserted, operation: { insertOne } };
    }
    const operation: AnyBulkWriteOperation<Document> =
      write === 'update'
        ? { updateOne: { filter: guarded, update: this.#update(document), upsert: true } }
        : { replaceOne: { filter: guarded, replacement: document, upsert: true } };
    return { record, database, collection, identity, filter, kind: 'upsert', operation };
  }

  /** The statement of a change event: the source's own writes, one after the other. */
  #changed(record: PipeRecord, change: Change | undefined): Statement | undefined {
    if (change === undefined) return undefined;
    const { id } = change;
    const { database, collection, prefix } = this.#namespace(record);
    const identity = prefix + idText(id);
    const filter: Record<string, unknown> = { _id: id };
    const place = { record, database, collection, identity, filter };
    const { guard } = this;
    const guarded = guard === undefined ? filter : guardedFilter(filter, guard, record);
    const stamp = guard === undefined ? {} : { [guard]: stampOf(record) };
    if (change.kind === 'delete') {
      return { ...place, kind: 'delete', operation: { deleteOne: { filter: guarded } } };
    }
    if (change.kind === 'replace') {
      const { _id, ...fields } = change.document;
      const replacement = { ...fields, ...stamp };
      const replaceOne = { filter: guarded, replacement, upsert: true };
      return { ...place, kind: 'upsert', operation: { replaceOne } };
    }
    const $set = { ...change.set, ...stamp };
    const $unset = Object.fromEntries(change.unset.map((name) => [name, true as const]));
    const update = {
      ...(Object.keys($set).length === 0 ? {} : { $set }),
      ...(change.unset.length === 0 ? {} : { $unset }),
    };
    if (Object.keys(update).length === 0) return undefined;
    // A part of a document that is not there makes no document.
    const updateOne = { filter: guarded, update, upsert: false };
    return { ...place, kind: 'custom', operation: { updateOne } };
  }

  #update(document: Record<string, unknown>): Document {
    if (this.#options.timestamps !== true) return { $set: document };
    const now = new Date(this.#clock.now());
    return { $set: { ...document, _modifiedTS: now }, $setOnInsert: { _insertedTS: now } };
  }

  #namespace(record: PipeRecord): Namespace {
    const { topic } = record;
    let known = this.#namespaces.get(topic);
    if (known !== undefined) return known;
    const { namespaces, collection, database } = this.#options;
    const mapped = namespaces?.[topic];
    if (mapped === undefined && typeof collection === 'function') {
      return namespaceOf(database, collection(record));
    }
    const dot = mapped?.indexOf('.') ?? -1;
    if (mapped === undefined) {
      const pattern = typeof collection === 'string' ? collection : '${topic}';
      known = namespaceOf(database, pattern.replaceAll('${topic}', topic));
    } else if (dot < 0) known = namespaceOf(database, mapped);
    else known = namespaceOf(mapped.slice(0, dot), mapped.slice(dot + 1));
    // A transform may give each record a topic of its own.
    if (this.#namespaces.size >= namespacesMax) this.#namespaces.clear();
    this.#namespaces.set(topic, known);
    return known;
  }
}

function namespaceOf(database: string | undefined, collection: string): Namespace {
  return { database, collection, prefix: `${database ?? ''}.${collection}.` };
}

/** The document without an `_id` of its own; never a changed value. */
function withoutId(
  value: Record<string, unknown>,
  stamp: Record<string, unknown>,
): Record<string, unknown> {
  if (!('_id' in value)) return { ...value, ...stamp };
  const { _id, ...fields } = value;
  return { ...fields, ...stamp };
}

/** The value as a document: what is none stands under the name `value`. */
function documentOf(record: PipeRecord): Record<string, unknown> {
  const { value } = record;
  if (value instanceof Uint8Array) {
    throw rejected(record, 'has a value of bytes; put json() or string() before the sink');
  }
  const isDocument = typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
  return isDocument ? (value as Record<string, unknown>) : { value };
}

function businessFilter(
  record: PipeRecord,
  value: Record<string, unknown> | undefined,
  fields: readonly string[],
): Record<string, unknown> {
  // A tombstone has no fields: its key must have them.
  const source = value ?? (record.key as Record<string, unknown> | null);
  const filter: Record<string, unknown> = {};
  for (const field of fields) {
    const found = typeof source === 'object' ? source?.[field] : undefined;
    if (found === undefined) throw rejected(record, `has no field ${field} of the business key`);
    filter[field] = found;
  }
  return filter;
}

function rejected({ source }: PipeRecord, why: string): KafkaError {
  const { topic, partition, offset } = source;
  return new KafkaError('RECORD_REJECTED', `The record ${why}.`, { topic, partition, offset });
}
