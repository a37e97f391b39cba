import { KafkaError } from '../errors/index.js';
import type { Serde } from './serializer.js';

/** A 32-bit integer, big-endian; null stays null. Follows Kafka's `IntegerSerializer`. */
export function int32(): Serde<number | null> {
  return fixed('int32', 4, {
    check: (value) => value === (value | 0),
    write: (target, value) => target.writeInt32BE(value),
    read: (data) => data.readInt32BE(),
  });
}

/**
 * A 64-bit integer, big-endian, as a number; beyond ±(2^53−1) it fails. Follows Kafka's
 * `LongSerializer`.
 */
export function int64(): Serde<number | null> {
  return fixed('int64', 8, {
    check: Number.isSafeInteger,
    write: (target, value) => target.writeBigInt64BE(BigInt(value)),
    read(data) {
      const value = Number(data.readBigInt64BE());
      if (Number.isSafeInteger(value)) return value;
      throw unreadable(`${data.readBigInt64BE()} is beyond ±(2^53−1).`);
    },
  });
}

/** A double, big-endian; null stays null. Follows Kafka's `DoubleSerializer`. */
export function float64(): Serde<number | null> {
  return fixed('float64', 8, {
    check: () => true,
    write: (target, value) => target.writeDoubleBE(value),
    read: (data) => data.readDoubleBE(),
  });
}

interface Format {
  check(value: number): boolean;
  write(target: Buffer, value: number): void;
  read(data: Buffer): number;
}

function fixed(name: string, size: number, format: Format): Serde<number | null> {
  return {
    serialize(value) {
      if (value === null) return null;
      if (typeof value !== 'number' || !format.check(value)) {
        throw new KafkaError('SERIALIZATION_FAILED', `${String(value)} is not an ${name}.`);
      }
      const target = Buffer.allocUnsafe(size);
      format.write(target, value);
      return target;
    },
    deserialize(data) {
      if (data === null) return null;
      if (data.length !== size) {
        throw unreadable(`an ${name} has ${size} bytes, here are ${data.length}.`);
      }
      return format.read(data);
    },
  };
}

function unreadable(reason: string): KafkaError {
  return new KafkaError('DESERIALIZATION_FAILED', reason);
}
