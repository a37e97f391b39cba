import type { PipeRecord } from '../../pipe-record.js';

/** Where the state of a document came from: topic, partition, offset, part of a split record. */
export interface Stamp {
  readonly t: string;
  readonly p: number;
  readonly o: number;
  readonly i?: number;
}

export function stampOf({ source, part }: PipeRecord): Stamp {
  const stamp = { t: source.topic, p: source.partition, o: source.offset };
  return part === 0 ? stamp : { ...stamp, i: part };
}

/**
 * Finds the document, unless it has this record or a later one of its partition already. Then the
 * upsert becomes an insert of an `_id` that is there, and the duplicate key (11000) that results
 * means: applied before. Offsets of different partitions say nothing about each other.
 */
export function guardedFilter(
  filter: Readonly<Record<string, unknown>>,
  field: string,
  record: PipeRecord,
): Record<string, unknown> {
  const { t, p, o, i } = stampOf(record);
  const same = { [`${field}.t`]: t, [`${field}.p`]: p };
  if (i === undefined) return { ...filter, $nor: [{ ...same, [`${field}.o`]: { $gte: o } }] };
  const later = { ...same, [`${field}.o`]: { $gt: o } };
  const laterPart = { ...same, [`${field}.o`]: o, [`${field}.i`]: { $gte: i } };
  return { ...filter, $nor: [later, laterPart] };
}

/** Whether a document with this stamp has the record already. */
export function covers(stamp: unknown, record: PipeRecord): boolean {
  if (typeof stamp !== 'object' || stamp === null) return false;
  const kept = stamp as Partial<Stamp>;
  const { t, p, o, i } = stampOf(record);
  if (kept.t !== t || Number(kept.p) !== p) return false;
  const offset = Number(kept.o);
  return offset > o || (offset === o && Number(kept.i ?? 0) >= (i ?? 0));
}
