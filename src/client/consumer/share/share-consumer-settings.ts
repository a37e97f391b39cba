import { KafkaError } from '../../../errors/index.js';
import { type DeserializerFunction, toDeserializer } from '../../../serde/index.js';
import { checkOptionNames, checkWhole } from '../../known-options.js';
import type { ConsumerInterceptor } from '../consumer-interceptors.js';
import type {
  AcknowledgementResult,
  ShareAcquireMode,
  ShareConsumerOptions,
} from './share-consumer-options.js';

/** The options with defaults filled in and checked. */
export interface ShareConsumerSettings<K, V> {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly isExplicit: boolean;
  /** Undefined: as the loop's pace asks for. */
  readonly acquireMode: ShareAcquireMode | undefined;
  readonly maxPollRecords: number;
  readonly maxPollIntervalMs: number;
  readonly fetchMinBytes: number;
  readonly fetchMaxWaitMs: number;
  readonly fetchMaxBytes: number;
  readonly rackId: string;
  readonly interceptors: readonly ConsumerInterceptor[] | undefined;
  readonly keyDeserializer: DeserializerFunction<K> | undefined;
  readonly valueDeserializer: DeserializerFunction<V> | undefined;
  readonly checkCrcs: boolean;
  readonly onAcknowledged: ((result: AcknowledgementResult) => void) | undefined;
  readonly onError: ((error: KafkaError) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

const known: Record<keyof ShareConsumerOptions, true> = {
  groupId: true,
  topics: true,
  acknowledgementMode: true,
  acquireMode: true,
  maxPollRecords: true,
  maxPollIntervalMs: true,
  fetchMinBytes: true,
  fetchMaxWaitMs: true,
  fetchMaxBytes: true,
  rackId: true,
  interceptors: true,
  keyDeserializer: true,
  valueDeserializer: true,
  checkCrcs: true,
  onAcknowledged: true,
  onError: true,
  signal: true,
};

/** Whether a share consumer knows the option. */
export function isShareConsumerOption(name: string): boolean {
  return Object.hasOwn(known, name);
}

/** Checks options and fills in defaults; fails with INVALID_ARGUMENT, saying what to write. */
export function shareConsumerSettings<K, V>(
  options: ShareConsumerOptions<K, V>,
): ShareConsumerSettings<K, V> {
  checkOptionNames('A share consumer', options, Object.keys(known));
  const { groupId, topics, acknowledgementMode: mode, acquireMode } = options;
  if (typeof groupId !== 'string' || groupId === '') {
    throw invalid('A share consumer needs a groupId.');
  }
  const isList = Array.isArray(topics) && topics.length > 0;
  if (!isList || topics.some((topic) => typeof topic !== 'string' || topic === '')) {
    throw invalid('topics must be a list of names.');
  }
  oneOf('acknowledgementMode', mode, ['implicit', 'explicit']);
  oneOf('acquireMode', acquireMode, ['batch_optimized', 'record_limit']);
  const numbers = {
    maxPollRecords: options.maxPollRecords ?? 500,
    maxPollIntervalMs: options.maxPollIntervalMs ?? 300_000,
    fetchMinBytes: options.fetchMinBytes ?? 1,
    fetchMaxWaitMs: options.fetchMaxWaitMs ?? 500,
    fetchMaxBytes: options.fetchMaxBytes ?? 52_428_800,
  };
  for (const [name, value] of Object.entries(numbers)) {
    checkWhole(name, value, name.startsWith('fetchM') ? 0 : 1);
  }
  const { keyDeserializer: key, valueDeserializer: value } = options;
  return {
    ...numbers,
    groupId,
    topics: [...new Set(topics)].sort((a, b) => (a < b ? -1 : 1)),
    isExplicit: mode === 'explicit',
    acquireMode,
    rackId: options.rackId ?? '',
    interceptors: options.interceptors,
    keyDeserializer: key === undefined ? undefined : toDeserializer(key),
    valueDeserializer: value === undefined ? undefined : toDeserializer(value),
    checkCrcs: options.checkCrcs ?? true,
    onAcknowledged: options.onAcknowledged,
    onError: options.onError,
    signal: options.signal,
  };
}

function oneOf(name: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return;
  throw invalid(`${name} must be one of ${choices.join(', ')}, not ${JSON.stringify(value)}.`);
}

function invalid(message: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', message);
}
