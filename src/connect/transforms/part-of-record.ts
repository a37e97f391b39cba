import { KafkaError } from '../../errors/index.js';
import type { PipeRecord } from '../pipe-record.js';
import { type Transform, transformation } from '../transform.js';

/** What a transform works on: values unless told otherwise. */
export interface PartOption {
  readonly of?: 'key' | 'value' | undefined;
}

export type Fields = Readonly<Record<string, unknown>>;

/** A transform of the key or the value as a whole; missing ones pass untouched. */
export function ofPart(
  name: string,
  { of = 'value' }: PartOption,
  change: (part: unknown, record: PipeRecord) => unknown,
): Transform {
  return transformation(name, (record) => {
    const part = of === 'key' ? record.key : record.value;
    if (part === null || part === undefined) return record;
    const changed = change(part, record);
    return of === 'key' ? { ...record, key: changed } : { ...record, value: changed };
  });
}

/** A transform of the fields of the key or the value. Fails where there are none. */
export function ofFields(
  name: string,
  options: PartOption,
  change: (fields: Fields, record: PipeRecord) => unknown,
): Transform {
  return ofPart(name, options, (part, record) => change(fieldsOf(part, name, record), record));
}

export function fieldsOf(part: unknown, name: string, { source }: PipeRecord): Fields {
  const isObject = typeof part === 'object' && part !== null && !Array.isArray(part);
  if (isObject && !(part instanceof Uint8Array) && !(part instanceof Date)) return part as Fields;
  const hint = part instanceof Uint8Array ? 'It is bytes: put json() before.' : undefined;
  const { topic, partition, offset } = source;
  const about = { topic, partition, offset, hint };
  throw new KafkaError('RECORD_REJECTED', `${name} wants an object with fields.`, about);
}
