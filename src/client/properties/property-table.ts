import type { ConsumerOptions, ShareConsumerOptions } from '../consumer/index.js';
import type { KafkaOptions } from '../kafka-options.js';
import type { ProducerOptions } from '../producer/index.js';
import {
  acks,
  assignorList,
  flag,
  kibibytes,
  oneOf,
  partitionerClass,
  type ReadValue,
  serdeClass,
  text,
  whole,
} from './property-values.js';

/** Whose option a property becomes. */
export type PropertyOwner = 'kafka' | 'producer' | 'consumer' | 'shareConsumer';

export interface PropertyRow {
  readonly owner: PropertyOwner;
  readonly option: string;
  readonly read: ReadValue;
}

type Rows = readonly (readonly [names: string, option: string, read: ReadValue])[];

const kafkaRows: readonly (readonly [string, keyof KafkaOptions, ReadValue])[] = [
  ['bootstrap.servers metadata.broker.list', 'bootstrapServers', text],
  ['bootstrap.controllers', 'bootstrapControllers', text],
  ['client.id', 'clientId', text],
  ['request.timeout.ms socket.timeout.ms', 'requestTimeoutMs', whole],
  ['socket.connection.setup.timeout.ms', 'connectionTimeoutMs', whole],
  ['socket.connection.setup.timeout.max.ms', 'connectionTimeoutMaxMs', whole],
  ['reconnect.backoff.ms', 'reconnectBackoffMs', whole],
  ['reconnect.backoff.max.ms', 'reconnectBackoffMaxMs', whole],
  ['retry.backoff.ms', 'retryBackoffMs', whole],
  ['retry.backoff.max.ms', 'retryBackoffMaxMs', whole],
  ['metadata.max.age.ms topic.metadata.refresh.interval.ms', 'metadataMaxAgeMs', whole],
  ['metadata.cluster.check.enable', 'metadataClusterCheckEnable', flag],
  ['connections.max.idle.ms', 'connectionsMaxIdleMs', whole],
  ['default.api.timeout.ms', 'defaultApiTimeoutMs', whole],
  ['enable.metrics.push', 'enableMetricsPush', flag],
];

const compression = oneOf({
  none: 'none',
  gzip: 'gzip',
  snappy: 'snappy',
  lz4: 'lz4',
  zstd: 'zstd',
});

const producerRows: readonly (readonly [string, keyof ProducerOptions, ReadValue])[] = [
  ['acks request.required.acks', 'acks', acks],
  ['enable.idempotence', 'enableIdempotence', flag],
  ['transactional.id', 'transactionalId', text],
  ['transaction.timeout.ms', 'transactionTimeoutMs', whole],
  ['compression.type compression.codec', 'compression', compression],
  ['compression.level compression.gzip.level compression.zstd.level', 'compressionLevel', whole],
  ['linger.ms queue.buffering.max.ms', 'lingerMs', whole],
  ['batch.size', 'batchSize', whole],
  ['max.request.size message.max.bytes', 'maxRequestSize', whole],
  ['buffer.memory', 'bufferMemory', whole],
  ['queue.buffering.max.kbytes', 'bufferMemory', kibibytes],
  ['max.block.ms', 'maxBlockMs', whole],
  ['delivery.timeout.ms message.timeout.ms', 'deliveryTimeoutMs', whole],
  [
    'max.in.flight.requests.per.connection max.in.flight',
    'maxInFlightRequestsPerConnection',
    whole,
  ],
  ['partitioner', 'partitioner', text],
  ['partitioner.class', 'partitioner', partitionerClass],
  ['key.serializer', 'keySerializer', serdeClass],
  ['value.serializer', 'valueSerializer', serdeClass],
];

const resetWords = oneOf({
  earliest: 'earliest',
  smallest: 'earliest',
  beginning: 'earliest',
  latest: 'latest',
  largest: 'latest',
  end: 'latest',
  none: 'none',
  error: 'none',
});

/** One of the words, or a duration that the consumer looks at (KIP-1106). */
const offsetReset: ReadValue = (value, name) =>
  value.trim().toLowerCase().startsWith('by_duration:') ? value.trim() : resetWords(value, name);

const isolation = oneOf({ read_committed: 'read_committed', read_uncommitted: 'read_uncommitted' });

const consumerRows: readonly (readonly [string, keyof ConsumerOptions, ReadValue])[] = [
  ['group.id', 'groupId', text],
  ['group.instance.id', 'groupInstanceId', text],
  ['group.protocol', 'groupProtocol', oneOf({ classic: 'classic', consumer: 'consumer' })],
  ['group.remote.assignor', 'groupRemoteAssignor', text],
  ['auto.offset.reset', 'offsetReset', offsetReset],
  ['enable.auto.commit', 'commit', oneOf({ true: 'auto', false: 'manual' })],
  ['auto.commit.interval.ms', 'autoCommitIntervalMs', whole],
  ['session.timeout.ms', 'sessionTimeoutMs', whole],
  ['heartbeat.interval.ms', 'heartbeatIntervalMs', whole],
  ['max.poll.interval.ms', 'maxPollIntervalMs', whole],
  ['fetch.min.bytes', 'fetchMinBytes', whole],
  ['fetch.max.wait.ms fetch.wait.max.ms', 'fetchMaxWaitMs', whole],
  ['fetch.max.bytes', 'fetchMaxBytes', whole],
  ['max.partition.fetch.bytes fetch.message.max.bytes', 'maxPartitionFetchBytes', whole],
  ['queued.max.messages.kbytes', 'queuedMaxBytes', kibibytes],
  ['isolation.level', 'isolationLevel', isolation],
  ['partition.assignment.strategy', 'assignors', assignorList],
  ['client.rack', 'rackId', text],
  ['check.crcs', 'checkCrcs', flag],
  ['key.deserializer', 'keyDeserializer', serdeClass],
  ['value.deserializer', 'valueDeserializer', serdeClass],
];

/** What only a share consumer knows; of the properties of a consumer it takes those it has. */
const shareConsumerRows: readonly (readonly [string, keyof ShareConsumerOptions, ReadValue])[] = [
  [
    'share.acknowledgement.mode',
    'acknowledgementMode',
    oneOf({ implicit: 'implicit', explicit: 'explicit' }),
  ],
  [
    'share.acquire.mode',
    'acquireMode',
    oneOf({ batch_optimized: 'batch_optimized', record_limit: 'record_limit' }),
  ],
  ['max.poll.records', 'maxPollRecords', whole],
];

/** Each property that becomes an option, by its name in Kafka's or librdkafka's spelling. */
export const properties: ReadonlyMap<string, PropertyRow> = new Map([
  ...rowsOf('kafka', kafkaRows),
  ...rowsOf('producer', producerRows),
  ...rowsOf('consumer', consumerRows),
  ...rowsOf('shareConsumer', shareConsumerRows),
]);

function* rowsOf(owner: PropertyOwner, rows: Rows): Generator<[string, PropertyRow]> {
  for (const [names, option, read] of rows) {
    for (const name of names.split(' ')) yield [name, { owner, option, read }];
  }
}

/** TLS and how to prove who one is; read together. */
export const securityProperties: readonly string[] = [
  'security.protocol',
  'ssl.truststore.type',
  'ssl.truststore.location',
  'ssl.truststore.certificates',
  'ssl.keystore.type',
  'ssl.keystore.location',
  'ssl.keystore.certificate.chain',
  'ssl.keystore.key',
  'ssl.key.password',
  'ssl.ca.location',
  'ssl.ca.pem',
  'ssl.certificate.location',
  'ssl.certificate.pem',
  'ssl.key.location',
  'ssl.key.pem',
  'enable.ssl.certificate.verification',
];

/**
 * Known to Kafka's or librdkafka's clients, and without a counterpart here: buffers, threads and
 * reports that are arranged in another way. They are named in the log and have no effect.
 */
export const withoutEffect: readonly string[] = [
  'allow.auto.create.topics',
  'api.version.fallback.ms',
  'api.version.request',
  'api.version.request.timeout.ms',
  'auto.include.jmx.reporter',
  'broker.address.family',
  'broker.address.ttl',
  'broker.version.fallback',
  'builtin.features',
  'client.dns.lookup',
  'debug',
  'enable.auto.offset.store',
  'enable.partition.eof',
  'exclude.internal.topics',
  'interceptor.classes',
  'log.connection.close',
  'log_level',
  'message.send.max.retries',
  'metadata.max.idle.ms',
  'metadata.recovery.rebootstrap.trigger.ms',
  'metadata.recovery.strategy',
  'metric.reporters',
  'metrics.num.samples',
  'metrics.recording.level',
  'metrics.sample.window.ms',
  'partitioner.adaptive.partitioning.enable',
  'partitioner.availability.timeout.ms',
  'partitioner.ignore.keys',
  'queue.buffering.max.messages',
  'queued.min.messages',
  'receive.buffer.bytes',
  'retries',
  'send.buffer.bytes',
  'session.timeout.max.ms',
  'socket.keepalive.enable',
  'socket.nagle.disable',
  'socket.receive.buffer.bytes',
  'socket.send.buffer.bytes',
  'ssl.cipher.suites',
  'ssl.enabled.protocols',
  'ssl.protocol',
  'ssl.provider',
  'statistics.interval.ms',
  'sticky.partitioning.linger.ms',
];
