import { KafkaError } from '../../errors/index.js';
import { type DeserializerFunction, toDeserializer } from '../../serde/index.js';
import { checkOptionNames } from '../known-options.js';
import { resolveAssignors } from './assignors/index.js';
import { type Assignor, compareText } from './assignors/assignor.js';
import type { ConsumerInterceptor } from './consumer-interceptors.js';
import type {
  ConsumerOptions,
  GroupProtocol,
  OffsetReset,
  RebalanceHook,
  TopicPartition,
} from './consumer-options.js';
import { serverPattern } from './server-pattern.js';
import { durationOf } from './offset-reset.js';

/** The options with defaults filled in and checked. */
export interface ConsumerSettings<K, V> {
  readonly groupId: string | undefined;
  readonly groupProtocol: GroupProtocol;
  readonly topics: readonly string[] | RegExp | undefined;
  /** For the brokers to match. */
  readonly topicPattern: string | undefined;
  readonly groupRemoteAssignor: string | null;
  readonly assign: readonly TopicPartition[] | undefined;
  readonly offsetReset: OffsetReset;
  readonly autoCommit: boolean;
  readonly autoCommitIntervalMs: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly maxPollIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly fetchMinBytes: number;
  readonly fetchMaxWaitMs: number;
  readonly fetchMaxBytes: number;
  readonly maxPartitionFetchBytes: number;
  readonly queuedMaxBytes: number;
  readonly readCommitted: boolean;
  readonly assignors: readonly Assignor[];
  readonly groupInstanceId: string | null;
  readonly rackId: string;
  /** Undefined where there are none. */
  readonly interceptors: readonly ConsumerInterceptor[] | undefined;
  /** Undefined: bytes as they are. */
  readonly keyDeserializer: DeserializerFunction<K> | undefined;
  readonly valueDeserializer: DeserializerFunction<V> | undefined;
  readonly skipCorrupt: boolean;
  readonly checkCrcs: boolean;
  readonly metadataMaxAgeMs: number;
  readonly onAssigned: RebalanceHook | undefined;
  readonly onRevoked: RebalanceHook | undefined;
  readonly onLost: RebalanceHook | undefined;
  readonly onError: ((error: KafkaError) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

const int32Max = 0x7fffffff;

/** Every option, with the smallest and largest number where it is one. */
const known: Record<keyof ConsumerOptions, readonly [min: number, max: number] | undefined> = {
  groupId: undefined,
  groupProtocol: undefined,
  topics: undefined,
  topicPattern: undefined,
  groupRemoteAssignor: undefined,
  assign: undefined,
  fromBeginning: undefined,
  offsetReset: undefined,
  commit: undefined,
  autoCommitIntervalMs: [1, int32Max],
  sessionTimeoutMs: [1, int32Max],
  heartbeatIntervalMs: [1, int32Max],
  maxPollIntervalMs: [1, int32Max],
  rebalanceTimeoutMs: [1, int32Max],
  fetchMinBytes: [0, int32Max],
  fetchMaxWaitMs: [0, int32Max],
  fetchMaxBytes: [1, int32Max],
  maxPartitionFetchBytes: [1, int32Max],
  queuedMaxBytes: [1, Number.MAX_SAFE_INTEGER],
  isolationLevel: undefined,
  assignors: undefined,
  groupInstanceId: undefined,
  rackId: undefined,
  interceptors: undefined,
  keyDeserializer: undefined,
  valueDeserializer: undefined,
  corruptBatches: undefined,
  checkCrcs: undefined,
  metadataMaxAgeMs: [1, int32Max],
  onAssigned: undefined,
  onRevoked: undefined,
  onLost: undefined,
  onError: undefined,
  signal: undefined,
};

/** Checks options and fills in defaults; fails with INVALID_ARGUMENT, saying what to write. */
export function consumerSettings<K, V>(options: ConsumerOptions<K, V>): ConsumerSettings<K, V> {
  checkOptionNames('A consumer', options, Object.keys(known));
  checkNumbers(options);
  checkSubscription(options);
  checkProtocol(options);
  const maxPollIntervalMs = options.maxPollIntervalMs ?? 300_000;
  const sessionTimeoutMs = options.sessionTimeoutMs ?? 45_000;
  const heartbeatIntervalMs = options.heartbeatIntervalMs ?? Math.min(3000, sessionTimeoutMs / 3);
  if (heartbeatIntervalMs >= sessionTimeoutMs) {
    throw invalid('heartbeatIntervalMs must be below sessionTimeoutMs; a third of it is usual.');
  }
  const key = options.keyDeserializer;
  const value = options.valueDeserializer;
  return {
    groupId: options.groupId,
    groupProtocol: options.groupProtocol ?? 'classic',
    topicPattern: patternOf(options),
    groupRemoteAssignor: options.groupRemoteAssignor ?? null,
    topics: options.topics instanceof RegExp ? options.topics : sortedNames(options.topics),
    assign: options.assign,
    offsetReset: options.offsetReset ?? (options.fromBeginning === true ? 'earliest' : 'latest'),
    autoCommit: options.commit !== 'manual' && options.groupId !== undefined,
    autoCommitIntervalMs: options.autoCommitIntervalMs ?? 5000,
    sessionTimeoutMs,
    heartbeatIntervalMs,
    maxPollIntervalMs,
    rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? maxPollIntervalMs,
    fetchMinBytes: options.fetchMinBytes ?? 1,
    fetchMaxWaitMs: options.fetchMaxWaitMs ?? 500,
    fetchMaxBytes: options.fetchMaxBytes ?? 52_428_800,
    maxPartitionFetchBytes: options.maxPartitionFetchBytes ?? 1_048_576,
    queuedMaxBytes: options.queuedMaxBytes ?? 33_554_432,
    readCommitted: options.isolationLevel === 'read_committed',
    assignors: resolveAssignors(options.assignors),
    groupInstanceId: options.groupInstanceId ?? null,
    rackId: options.rackId ?? '',
    interceptors: options.interceptors?.length === 0 ? undefined : options.interceptors,
    keyDeserializer: key === undefined ? undefined : toDeserializer(key),
    valueDeserializer: value === undefined ? undefined : toDeserializer(value),
    skipCorrupt: options.corruptBatches === 'skip',
    checkCrcs: options.checkCrcs ?? true,
    metadataMaxAgeMs: options.metadataMaxAgeMs ?? 300_000,
    onAssigned: options.onAssigned,
    onRevoked: options.onRevoked,
    onLost: options.onLost,
    onError: options.onError,
    signal: options.signal,
  };
}

function sortedNames(topics: readonly string[] | undefined): readonly string[] | undefined {
  return topics === undefined ? undefined : [...new Set(topics)].sort(compareText);
}

function checkNumbers<K, V>(options: ConsumerOptions<K, V>): void {
  for (const [name, range] of Object.entries(known)) {
    const value: unknown = options[name as keyof ConsumerOptions];
    if (range === undefined || value === undefined) continue;
    const [min, max] = range;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      throw invalid(`${name} must be a whole number from ${min} to ${max}, not ${shown(value)}.`);
    }
  }
  const reset: unknown = options.offsetReset;
  if (typeof reset !== 'string' || durationOf(reset) === undefined) {
    oneOf('offsetReset', reset, ['earliest', 'latest', 'none', 'by_duration:PT1H']);
  }
  oneOf('groupProtocol', options.groupProtocol, ['classic', 'consumer']);
  oneOf('corruptBatches', options.corruptBatches, ['throw', 'skip']);
  oneOf('commit', options.commit, ['auto', 'manual']);
  oneOf('isolationLevel', options.isolationLevel, ['read_uncommitted', 'read_committed']);
}

function oneOf(name: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return;
  throw invalid(`${name} must be one of ${choices.join(', ')}, not ${shown(value)}.`);
}

function checkSubscription<K, V>(options: ConsumerOptions<K, V>): void {
  const { topics, topicPattern, assign, groupId, fromBeginning, offsetReset } = options;
  const given = [topics, topicPattern, assign].filter((each) => each !== undefined);
  if (given.length !== 1) {
    throw invalid('A consumer needs one of topics, topicPattern and assign, and only one.');
  }
  if (groupId === '') throw invalid('groupId must not be empty; leave it out to read alone.');
  if (Array.isArray(topics)) {
    const wrong = topics.find((topic) => typeof topic !== 'string' || topic === '');
    if (topics.length === 0 || wrong !== undefined) {
      throw invalid('topics must be a list of names, or a regular expression.');
    }
  } else if (topics !== undefined && !(topics instanceof RegExp)) {
    throw invalid('topics must be a list of names, or a regular expression.');
  }
  if (fromBeginning === true && offsetReset !== undefined && offsetReset !== 'earliest') {
    throw invalid(`fromBeginning contradicts offsetReset '${offsetReset}': give one of them.`);
  }
  if (options.groupInstanceId !== undefined && (groupId === undefined || assign !== undefined)) {
    throw invalid('groupInstanceId belongs to a member of a group: give groupId and topics.');
  }
}

/** What the brokers decide in the consumer protocol, and what there is only in it. */
function checkProtocol<K, V>(options: ConsumerOptions<K, V>): void {
  const isNew = options.groupProtocol === 'consumer';
  const wrong = isNew
    ? (['sessionTimeoutMs', 'heartbeatIntervalMs', 'assignors'] as const)
    : (['topicPattern', 'groupRemoteAssignor'] as const);
  const name = wrong.find((each) => options[each] !== undefined);
  if (name === undefined && isNew && options.groupId === undefined) {
    throw invalid("groupProtocol 'consumer' belongs to a group: give a groupId.");
  }
  if (name === undefined) return;
  throw invalid(
    isNew
      ? `${name} cannot be given with groupProtocol 'consumer': there the brokers decide.`
      : `${name} needs groupProtocol: 'consumer'.`,
  );
}

function patternOf<K, V>(options: ConsumerOptions<K, V>): string | undefined {
  const { groupProtocol, topics, topicPattern } = options;
  if (groupProtocol !== 'consumer' || !(topics instanceof RegExp)) return topicPattern;
  return serverPattern(topics);
}

function shown(value: unknown): string {
  return typeof value === 'object' ? 'an object' : String(value as number | string | undefined);
}

function invalid(message: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', message);
}
