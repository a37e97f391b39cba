import { isKafkaError, KafkaError } from '../errors/index.js';
import type { PipeRecord } from './pipe-record.js';

/** Where a record was when it failed, as Kafka Connect names the stages. */
export type Stage =
  | 'KEY_CONVERTER'
  | 'VALUE_CONVERTER'
  | 'HEADER_CONVERTER'
  | 'TRANSFORMATION'
  | 'TASK_PUT';

/** Nothing drops the record, a list makes several of it. */
export type TransformResult =
  | PipeRecord
  | readonly PipeRecord[]
  | null
  | undefined
  | Promise<PipeRecord | readonly PipeRecord[] | null | undefined>;

/** What keys and values the function gets is its own business: the chain cannot know. */
export type TransformFunction = (record: PipeRecord<never, never>) => TransformResult;

/** A step between source and sink, with a name for messages. */
export interface Transform {
  readonly name: string;
  readonly stage: Stage;
  apply(record: PipeRecord): TransformResult;
}

export type TransformLike = Transform | TransformFunction;

/** Changes records: answers with a changed copy, several, or nothing to drop it. */
export function map<K = unknown, V = unknown>(
  change: (record: PipeRecord<K, V>) => TransformResult,
): Transform {
  return transformation(change.name || 'map', change as (record: PipeRecord) => TransformResult);
}

/** Replaces values; tombstones pass untouched. */
export function mapValue<V = unknown, R = unknown>(
  change: (value: V, record: PipeRecord<unknown, V>) => R,
): Transform {
  return transformation(change.name || 'mapValue', (record) => {
    if (record.value === null) return record;
    return { ...record, value: change(record.value as V, record as PipeRecord<unknown, V>) };
  });
}

/** Keeps the records for which the function answers true. */
export function filter<K = unknown, V = unknown>(
  keep: (record: PipeRecord<K, V>) => boolean,
): Transform {
  return transformation(keep.name || 'filter', (record) =>
    keep(record as PipeRecord<K, V>) ? record : null,
  );
}

export function transformation(
  name: string,
  apply: (record: PipeRecord) => TransformResult,
): Transform {
  return { name, stage: 'TRANSFORMATION', apply };
}

/** A record that did not come through, where, and why. */
export interface FailedRecord {
  readonly record: PipeRecord;
  readonly stage: Stage;
  readonly error: KafkaError;
}

/** All transforms one after the other, each given what the one before it made. */
export class TransformChain {
  readonly #transforms: readonly Transform[];

  constructor(transforms: readonly TransformLike[]) {
    this.#transforms = transforms.map(asTransform);
  }

  /** What becomes of one record; synchronous as long as every transform is. */
  apply(record: PipeRecord): ChainResult | Promise<ChainResult> {
    return this.#from(record, 0);
  }

  #from(first: PipeRecord, start: number): ChainResult | Promise<ChainResult> {
    let record = first;
    for (let at = start; at < this.#transforms.length; at++) {
      const transform = this.#transforms[at] as Transform;
      let result: TransformResult;
      try {
        result = transform.apply(record);
      } catch (error) {
        return failure(record, transform, error);
      }
      if (isPromise(result)) {
        const before = record;
        return result.then(
          (settled) => this.#goOn(settled, at),
          (error: unknown) => failure(before, transform, error),
        );
      }
      if (result === null || result === undefined) return { records: [] };
      if (isList(result)) return this.#several(result, at + 1);
      record = result;
    }
    return { records: [record] };
  }

  #goOn(
    result: PipeRecord | readonly PipeRecord[] | null | undefined,
    at: number,
  ): ChainResult | Promise<ChainResult> {
    if (result === null || result === undefined) return { records: [] };
    if (isList(result)) return this.#several(result, at + 1);
    return this.#from(result, at + 1);
  }

  async #several(list: readonly PipeRecord[], start: number): Promise<ChainResult> {
    const records: PipeRecord[] = [];
    for (const [part, each] of list.entries()) {
      const result = await this.#from(list.length === 1 ? each : { ...each, part }, start);
      if (result.failed !== undefined) return result;
      records.push(...result.records);
    }
    return { records };
  }
}

/** Either everything that became of a record, or its failure: never a half of it. */
export interface ChainResult {
  readonly records: readonly PipeRecord[];
  readonly failed?: FailedRecord | undefined;
}

function failure(record: PipeRecord, transform: Transform, thrown: unknown): ChainResult {
  const { topic, partition, offset } = record.source;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const cause = thrown;
  const error = isKafkaError(thrown)
    ? thrown
    : new KafkaError('RECORD_REJECTED', `${transform.name} failed: ${reason}`, {
        topic,
        partition,
        offset,
        cause,
      });
  return { records: [], failed: { record, stage: transform.stage, error } };
}

function asTransform(like: TransformLike): Transform {
  if (typeof like !== 'function') return like;
  return transformation(like.name || 'transform', like as (record: PipeRecord) => TransformResult);
}

function isPromise<T>(value: unknown): value is Promise<T> {
  return value instanceof Promise;
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
