import { KafkaError } from '../../errors/index.js';
import { type CompressionType, compressionTypes } from '../../records/index.js';
import { type SerializerFunction, type SerializerLike, toSerializer } from '../../serde/index.js';
import type { Random } from '../../system/index.js';
import { checkOptionNames, checkWhole } from '../known-options.js';
import { type PartitionerName, partitionerOf } from './partitioners.js';
import type { ProducerInterceptor } from './producer-interceptors.js';
import type { Bytes, Partitioner } from './producer-record.js';

export type Acks = 0 | 1 | -1 | 'all';

/** Options of a producer. Names are Kafka's producer configs in camelCase. */
export interface ProducerOptions<K = Bytes, V = Bytes> {
  /** Who must have a record before it counts: nobody, the leader, or all in sync. Default `all`. */
  readonly acks?: Acks | undefined;
  /**
   * Retries never write a record twice and never change the order (KIP-98). Default true, unless
   * `acks` is 0 or 1.
   */
  readonly enableIdempotence?: boolean | undefined;
  /**
   * Makes the producer transactional: what it sends goes in transactions, and it fences off older
   * producers with the same id. Stable over restarts, and one for each running producer (KIP-98).
   */
  readonly transactionalId?: string | undefined;
  /** After so long the coordinator aborts an open transaction. Default 60 000 ms. */
  readonly transactionTimeoutMs?: number | undefined;
  /** Default `none`. */
  readonly compression?: CompressionType | undefined;
  /** gzip 1–9 (default 6), zstd 1–22 (default 3); the others have no levels (KIP-390). */
  readonly compressionLevel?: number | undefined;
  /**
   * How long a batch waits for more records, in ms. Without a value up to 5 ms, and only while
   * the broker is busy with an earlier request of this producer: a lone awaited send is never
   * delayed. A value is kept to the letter, as in Kafka; 0 gathers what one turn sends.
   */
  readonly lingerMs?: number | undefined;
  /** Bytes at which a batch is sent without waiting longer. Default 16 384. */
  readonly batchSize?: number | undefined;
  /** Bytes of one request, and of the largest record before compression. Default 1 048 576. */
  readonly maxRequestSize?: number | undefined;
  /** Bytes of records that wait to be acknowledged; beyond, `send` waits. Default 32 MiB. */
  readonly bufferMemory?: number | undefined;
  /** How long `send` waits for metadata and for buffer memory. Default 60 000 ms. */
  readonly maxBlockMs?: number | undefined;
  /**
   * From `send` to the acknowledgement, with all retries; then DELIVERY_TIMEOUT. At least
   * `lingerMs` and `requestTimeoutMs` together, as in Java. Default 120 000 ms (KIP-91), or as
   * much as those two need.
   */
  readonly deliveryTimeoutMs?: number | undefined;
  /** How long a broker may take for one request. Default: that of `Kafka`, 30 000 ms. */
  readonly requestTimeoutMs?: number | undefined;
  /** Requests on their way to one broker at the same time, 1 to 5 when idempotent. Default 5. */
  readonly maxInFlightRequestsPerConnection?: number | undefined;
  /**
   * A function, or a name of librdkafka's: `murmur2_random` (the default, as in Java: murmur2 for
   * keys, sticky for records without one), `consistent_random` (what librdkafka does by itself),
   * `murmur2`, `consistent`, `fnv1a`, `fnv1a_random`, `random`.
   */
  readonly partitioner?: Partitioner | PartitionerName | undefined;
  /** Shown every record on its way, in this order (KIP-42). */
  readonly interceptors?: readonly ProducerInterceptor[] | undefined;
  /** Default: bytes and text as they are. */
  readonly keySerializer?: SerializerLike<K> | undefined;
  readonly valueSerializer?: SerializerLike<V> | undefined;
}

/** The options with every default filled in. */
export interface ProducerSettings<K, V> {
  readonly acks: -1 | 0 | 1;
  readonly idempotent: boolean;
  readonly transactionalId: string | undefined;
  readonly transactionTimeoutMs: number;
  readonly compression: CompressionType;
  readonly compressionLevel: number | undefined;
  readonly lingerMs: number;
  /** Whether a batch is sent at once while its broker is idle. */
  readonly eager: boolean;
  readonly batchSize: number;
  readonly maxRequestSize: number;
  readonly bufferMemory: number;
  readonly maxBlockMs: number;
  readonly deliveryTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxInFlight: number;
  readonly partitioner: Partitioner | undefined;
  /** Undefined where there are none. */
  readonly interceptors: readonly ProducerInterceptor[] | undefined;
  /** Undefined: bytes and text as they are. */
  readonly keySerializer: SerializerFunction<K> | undefined;
  readonly valueSerializer: SerializerFunction<V> | undefined;
}

const names = [
  'acks',
  'enableIdempotence',
  'transactionalId',
  'transactionTimeoutMs',
  'compression',
  'compressionLevel',
  'lingerMs',
  'batchSize',
  'maxRequestSize',
  'bufferMemory',
  'maxBlockMs',
  'deliveryTimeoutMs',
  'requestTimeoutMs',
  'maxInFlightRequestsPerConnection',
  'partitioner',
  'interceptors',
  'keySerializer',
  'valueSerializer',
] as const satisfies readonly (keyof ProducerOptions)[];

const eagerLingerMs = 5;
const idempotentInFlightMax = 5;

/** Checks the options and fills in the defaults. Fails with INVALID_ARGUMENT. */
export function producerSettings<K, V>(
  options: ProducerOptions<K, V>,
  clientRequestTimeoutMs: number,
  random: Random,
): ProducerSettings<K, V> {
  checkOptionNames('The producer', options, names);
  const acks = acksOf(options.acks);
  const idempotent = options.enableIdempotence ?? acks === -1;
  if (idempotent && acks !== -1) {
    throw invalid(`enableIdempotence needs acks 'all', not ${acks}.`);
  }
  const { transactionalId } = options;
  if (transactionalId === '') throw invalid('transactionalId is empty.');
  if (transactionalId !== undefined && !idempotent) {
    throw invalid("A transactionalId needs acks 'all' and enableIdempotence.");
  }
  if (transactionalId === undefined && options.transactionTimeoutMs !== undefined) {
    throw invalid('transactionTimeoutMs needs a transactionalId.');
  }
  const { keySerializer: key, valueSerializer: value } = options;
  const lingerMs = options.lingerMs ?? eagerLingerMs;
  const requestTimeoutMs = options.requestTimeoutMs ?? clientRequestTimeoutMs;
  const settings: ProducerSettings<K, V> = {
    acks,
    idempotent,
    transactionalId,
    transactionTimeoutMs: options.transactionTimeoutMs ?? 60_000,
    compression: compressionOf(options.compression),
    compressionLevel: options.compressionLevel,
    lingerMs,
    eager: options.lingerMs === undefined,
    batchSize: options.batchSize ?? 16_384,
    maxRequestSize: options.maxRequestSize ?? 1_048_576,
    bufferMemory: options.bufferMemory ?? 32 * 1024 * 1024,
    maxBlockMs: options.maxBlockMs ?? 60_000,
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? Math.max(120_000, lingerMs + requestTimeoutMs),
    requestTimeoutMs,
    maxInFlight: options.maxInFlightRequestsPerConnection ?? idempotentInFlightMax,
    partitioner: partitionerOf(options.partitioner, random),
    interceptors: options.interceptors?.length === 0 ? undefined : options.interceptors,
    keySerializer: key === undefined ? undefined : toSerializer(key),
    valueSerializer: value === undefined ? undefined : toSerializer(value),
  };
  checkNumbers(settings);
  checkDeliveryTimeout(settings);
  return settings;
}

/** A delivery shorter than one try would always end before its request can (KIP-91). */
function checkDeliveryTimeout(settings: ProducerSettings<never, never>): void {
  const { deliveryTimeoutMs, lingerMs, requestTimeoutMs } = settings;
  if (deliveryTimeoutMs >= lingerMs + requestTimeoutMs) return;
  const sum = `lingerMs ${lingerMs} and requestTimeoutMs ${requestTimeoutMs} together`;
  throw new KafkaError(
    'INVALID_ARGUMENT',
    `deliveryTimeoutMs is ${deliveryTimeoutMs}, less than ${sum}.`,
    { hint: 'Lower requestTimeoutMs of the producer, or raise deliveryTimeoutMs.' },
  );
}

function checkNumbers(settings: ProducerSettings<never, never>): void {
  checkWhole('lingerMs', settings.lingerMs, 0);
  checkWhole('batchSize', settings.batchSize, 1);
  checkWhole('maxRequestSize', settings.maxRequestSize, 100);
  checkWhole('bufferMemory', settings.bufferMemory, 1, Number.MAX_SAFE_INTEGER);
  checkWhole('maxBlockMs', settings.maxBlockMs, 0);
  checkWhole('deliveryTimeoutMs', settings.deliveryTimeoutMs, 1);
  checkWhole('requestTimeoutMs', settings.requestTimeoutMs, 1);
  checkWhole('transactionTimeoutMs', settings.transactionTimeoutMs, 1);
  const inFlightMax = settings.idempotent ? idempotentInFlightMax : 1000;
  checkWhole('maxInFlightRequestsPerConnection', settings.maxInFlight, 1, inFlightMax);
}

function acksOf(acks: Acks | undefined): -1 | 0 | 1 {
  if (acks === undefined || acks === 'all') return -1;
  if (acks === -1 || acks === 0 || acks === 1) return acks;
  throw invalid(`acks is ${String(acks)}; 0, 1 or 'all' is wanted.`);
}

function compressionOf(compression: CompressionType | undefined): CompressionType {
  const type = compression ?? 'none';
  if (compressionTypes.includes(type)) return type;
  throw invalid(`compression is '${type}'; one of ${compressionTypes.join(', ')} is wanted.`);
}

function invalid(message: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', message);
}
