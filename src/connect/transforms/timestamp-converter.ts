import { KafkaError } from '../../errors/index.js';
import type { Transform } from '../transform.js';
import { ofFields, type PartOption } from './part-of-record.js';
import { formatTime } from './routing.js';

/**
 * Turns a field that holds a time into another form: `date` (what MongoDB stores as a date),
 * `unix` in the unit given, or text. Texts are read as ISO 8601. Follows `TimestampConverter`.
 */
export function timestampConverter(
  options: PartOption & {
    readonly field: string;
    readonly to: 'date' | 'unix' | 'string';
    /** Of numbers, both ways; default milliseconds. */
    readonly unit?: 'seconds' | 'milliseconds' | 'microseconds' | undefined;
    /** Of texts, with Java's letters; default ISO 8601. */
    readonly format?: string | undefined;
  },
): Transform {
  const perMilli = { seconds: 0.001, milliseconds: 1, microseconds: 1000 }[
    options.unit ?? 'milliseconds'
  ];
  const read = (value: unknown): number => {
    if (value instanceof Date) return value.getTime();
    return typeof value === 'number' ? value / perMilli : Date.parse(String(value as string));
  };
  const write = (millis: number): unknown => {
    if (options.to === 'date') return new Date(millis);
    if (options.to === 'unix') return Math.round(millis * perMilli);
    if (options.format !== undefined) return formatTime(millis, options.format);
    return new Date(millis).toISOString();
  };
  return ofFields('timestampConverter', options, (fields) => {
    const value = fields[options.field];
    if (value === null || value === undefined) return fields;
    const millis = read(value);
    if (Number.isNaN(millis)) {
      const text = `The field ${options.field} holds no time: ${JSON.stringify(value)}.`;
      throw new KafkaError('RECORD_REJECTED', text);
    }
    return { ...fields, [options.field]: write(millis) };
  });
}
