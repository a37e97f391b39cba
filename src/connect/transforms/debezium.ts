import { KafkaError } from '../../errors/index.js';
import { type Transform, transformation } from '../transform.js';

interface ChangeEvent {
  readonly op?: unknown;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly payload?: unknown;
}

/**
 * Debezium's change events become plain records: the state after a change, or a tombstone where
 * something was deleted. Keys lose their `{ schema, payload }` envelope, and a key of one field
 * becomes that field with `unwrapKey`. Follows `ExtractNewRecordState`.
 */
export function debeziumUnwrap(
  options: {
    /** A key document of a single field becomes its value. Default true. */
    readonly unwrapKey?: boolean | undefined;
    /** `tombstone` (default) makes deletions null values, `drop` leaves them out. */
    readonly deletes?: 'tombstone' | 'drop' | undefined;
  } = {},
): Transform {
  const { unwrapKey = true, deletes = 'tombstone' } = options;
  return transformation('debeziumUnwrap', (record) => {
    const key = unwrapKey ? plainKey(record.key) : record.key;
    // Debezium follows a deletion with a tombstone, which says nothing new.
    if (record.value === null) return deletes === 'drop' ? null : { ...record, key };
    const event = payloadOf(record.value) as ChangeEvent;
    switch (event?.op) {
      case 'c':
      case 'u':
      case 'r':
        return { ...record, key, value: parsed(event.after) };
      case 'd':
        return deletes === 'drop' ? null : { ...record, key, value: null };
      case 't':
      case 'm':
        return null;
      default:
        throw new KafkaError('RECORD_REJECTED', 'The value is no change event of Debezium.');
    }
  });
}

function payloadOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return 'payload' in value && 'schema' in value ? value.payload : value;
}

function plainKey(key: unknown): unknown {
  const plain = payloadOf(key);
  if (typeof plain !== 'object' || plain === null || plain instanceof Uint8Array) return plain;
  const values = Object.values(plain);
  return values.length === 1 ? values[0] : plain;
}

/** Debezium's MongoDB connector sends documents as text. */
function parsed(state: unknown): unknown {
  return typeof state === 'string' ? (JSON.parse(state) as unknown) : state;
}
