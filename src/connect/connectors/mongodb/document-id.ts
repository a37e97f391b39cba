import { KafkaError } from '../../../errors/index.js';
import type { PipeRecord } from '../../pipe-record.js';
import type { Driver } from './driver.js';
import type { IdStrategy } from './mongodb-options.js';

export type MakeId = (record: PipeRecord) => unknown;

/** The strategy as a function; see `IdStrategy`. */
export function idMaker(strategy: IdStrategy, driver: Driver): MakeId {
  if (typeof strategy === 'function') return strategy;
  if (typeof strategy === 'object') {
    return 'key' in strategy
      ? (record) => fieldsOf(record, 'key', record.key, strategy.key)
      : (record) => fieldsOf(record, 'value', record.value, strategy.value);
  }
  switch (strategy) {
    case 'default':
      return (record) => (record.key === null ? positionOf(record) : keyOf(record, driver));
    case 'key':
      return (record) => {
        if (record.key !== null) return keyOf(record, driver);
        throw rejected(record, 'has no key to make an _id of');
      };
    case 'position':
      return positionOf;
    case 'provided':
      return (record) => {
        const id = (record.value as { readonly _id?: unknown } | null)?._id;
        if (id !== undefined) return id;
        throw rejected(record, 'has no field _id in its value');
      };
    case 'value':
      return (record) => record.value;
    case 'uuid':
      return () => new driver.UUID();
    case 'objectId':
      return () => new driver.ObjectId();
  }
}

/** Whether a record that comes again gets the same id. */
export function isDeterministic(strategy: IdStrategy): boolean {
  return strategy !== 'uuid' && strategy !== 'objectId';
}

/** `topic#partition#offset`, which never changes; parts of one record are numbered. */
function positionOf({ source, part }: PipeRecord): string {
  const { topic, partition, offset } = source;
  return `${topic}#${partition}#${offset}${part === 0 ? '' : `#${part}`}`;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function keyOf({ key }: PipeRecord, driver: Driver): unknown {
  if (key instanceof Uint8Array) {
    try {
      return utf8.decode(key);
    } catch {
      return new driver.Binary(key);
    }
  }
  // MongoDB takes any value as an _id but lists.
  return Array.isArray(key) ? JSON.stringify(key) : key;
}

function fieldsOf(
  record: PipeRecord,
  what: 'key' | 'value',
  of: unknown,
  names: readonly string[],
): Record<string, unknown> {
  const source = of as Record<string, unknown> | null;
  const id: Record<string, unknown> = {};
  for (const name of names) {
    const field = typeof source === 'object' ? source?.[name] : undefined;
    if (field === undefined) throw rejected(record, `has no field ${name} in its ${what}`);
    id[name] = field;
  }
  return id;
}

/** Text by which two ids are known to be the same. */
export function idText(id: unknown): string {
  return typeof id === 'string' ? `s${id}` : `j${JSON.stringify(id)}`;
}

function rejected({ source }: PipeRecord, why: string): KafkaError {
  const { topic, partition, offset } = source;
  return new KafkaError('RECORD_REJECTED', `The record ${why}.`, { topic, partition, offset });
}
