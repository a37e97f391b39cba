import type { CommandSpec, FlagSpec } from '../command.js';

/** Old tutorials pass it to every tool. */
const zookeeper: FlagSpec = {
  name: 'zookeeper',
  value: 'HOST:PORT',
  text: 'of old tutorials',
  ignored:
    'Kafka has had no ZooKeeper since 4.0; the broker itself keeps the metadata now. ' +
    'Using --bootstrap-server, localhost:9092 unless given.',
};

const connection: readonly FlagSpec[] = [
  {
    name: 'bootstrap-server',
    value: 'HOST:PORT,…',
    text: 'any brokers of the cluster',
    fallback: 'localhost:9092',
    formerly: ['broker-list'],
  },
  {
    name: 'command-config',
    value: 'FILE',
    text: 'a properties file with client settings',
    formerly: ['producer.config', 'consumer.config'],
  },
  zookeeper,
];

/** Switches and values of Apache's tools that change nothing here. */
function without(effect: string, ...names: readonly string[]): FlagSpec[] {
  return names.map((name) => {
    const [plain = '', value] = name.split(' ');
    const ignored = `has no effect: ${effect}.`;
    return { name: plain, text: 'accepted', ignored, ...(value === undefined ? {} : { value }) };
  });
}

const kafkaTopics: CommandSpec = {
  name: 'kafka-topics',
  summary: 'create, list, describe, alter and delete topics',
  flags: [
    { name: 'create', text: 'create a topic' },
    { name: 'list', text: 'list topics' },
    { name: 'describe', text: 'show topics and their partitions' },
    { name: 'alter', text: 'add partitions' },
    { name: 'delete', text: 'delete topics' },
    { name: 'topic', value: 'TOPIC', text: 'the topic, or an expression unless it is created' },
    { name: 'topic-id', value: 'ID', text: 'the topic to describe, by its id' },
    { name: 'partitions', value: 'N', text: 'number of partitions' },
    { name: 'replication-factor', value: 'N', text: 'copies of each partition' },
    { name: 'replica-assignment', value: 'LIST', text: 'brokers of each partition: 1:2,2:1' },
    { name: 'config', value: 'KEY=VALUE', many: true, text: 'a setting of the new topic' },
    { name: 'if-exists', text: 'a missing topic is fine' },
    { name: 'if-not-exists', text: 'an existing topic is fine' },
    { name: 'exclude-internal', text: 'leave internal topics out' },
    { name: 'topics-with-overrides', text: 'only topics with changed settings' },
    { name: 'under-replicated-partitions', text: 'only partitions that lack a replica in sync' },
    { name: 'unavailable-partitions', text: 'only partitions without a leader' },
    { name: 'under-min-isr-partitions', text: 'only partitions with too few replicas in sync' },
    { name: 'at-min-isr-partitions', text: 'only partitions with just enough replicas in sync' },
    ...without('all partitions come in one answer', 'partition-size-limit-per-response N'),
    ...without('it was removed; use kafka-configs', 'delete-config KEY'),
    ...connection,
  ],
  examples: ['kafkit kafka-topics --create --topic sample --partitions 1 --replication-factor 1'],
  load: async () => (await import('./topics.js')).kafkaTopics,
};

const consoleProducer: CommandSpec = {
  name: 'kafka-console-producer',
  summary: 'send lines of standard input as records',
  flags: [
    { name: 'topic', value: 'TOPIC', text: 'the topic' },
    { name: 'sync', text: 'wait for each record before the next is sent' },
    { name: 'compression-codec', value: 'CODEC', text: 'none, gzip, snappy, lz4 or zstd' },
    { name: 'batch-size', value: 'BYTES', text: 'most bytes of a batch', fallback: '16384' },
    { name: 'timeout', value: 'MS', text: 'how long a batch waits for company', fallback: '1000' },
    {
      name: 'request-required-acks',
      value: 'ACKS',
      text: '0, 1, -1 or all',
      fallback: 'all',
    },
    {
      name: 'request-timeout-ms',
      value: 'MS',
      text: 'how long a broker may take',
      fallback: '1500',
    },
    {
      name: 'max-memory-bytes',
      value: 'BYTES',
      text: 'most bytes that wait to be sent',
      fallback: '33554432',
    },
    {
      name: 'reader-property',
      value: 'KEY=VALUE',
      many: true,
      text:
        'parse.key, key.separator, parse.headers, headers.delimiter, headers.separator, ' +
        'headers.key.separator, null.marker or ignore.error',
      formerly: ['property'],
    },
    {
      name: 'command-property',
      value: 'KEY=VALUE',
      many: true,
      text: 'a client setting',
      formerly: ['producer-property'],
    },
    ...without('records are retried until the delivery time-out', 'message-send-max-retries N'),
    ...without(
      'the client chooses',
      'retry-backoff-ms MS',
      'max-block-ms MS',
      'socket-buffer-size N',
    ),
    ...without('the client chooses', 'max-partition-memory-bytes N', 'metadata-expiry-ms MS'),
    ...without('lines are the only input', 'line-reader CLASS', 'reader-config FILE'),
    ...connection,
  ],
  load: async () => (await import('./console-producer.js')).consoleProducer,
};

const consoleConsumer: CommandSpec = {
  name: 'kafka-console-consumer',
  summary: 'print records as they arrive',
  flags: [
    { name: 'topic', value: 'TOPIC', text: 'the topic' },
    { name: 'include', value: 'REGEX', text: 'all topics that match', formerly: ['whitelist'] },
    { name: 'partition', value: 'N', text: 'only this partition' },
    { name: 'offset', value: 'OFFSET', text: 'earliest, latest or a number; with --partition' },
    { name: 'group', value: 'GROUP', text: 'the consumer group' },
    { name: 'from-beginning', text: 'begin with the first record where the group has no offset' },
    {
      name: 'max-messages',
      value: 'N',
      text: 'stop after so many records',
      aliases: ['num-records'],
    },
    { name: 'timeout-ms', value: 'MS', text: 'stop when nothing has come for so long' },
    { name: 'isolation-level', value: 'LEVEL', text: 'read_committed or read_uncommitted' },
    {
      name: 'formatter-property',
      value: 'KEY=VALUE',
      many: true,
      text:
        'print.key, print.value, print.timestamp, print.offset, print.partition, print.headers, ' +
        'print.epoch, key.separator, line.separator, headers.separator or null.literal',
      formerly: ['property'],
    },
    {
      name: 'command-property',
      value: 'KEY=VALUE',
      many: true,
      text: 'a client setting',
      formerly: ['consumer-property'],
    },
    { name: 'formatter', value: 'CLASS', text: 'the default or the LoggingMessageFormatter' },
    ...without('keys and values are printed as text', 'key-deserializer CLASS'),
    ...without('keys and values are printed as text', 'value-deserializer CLASS'),
    ...without('use --formatter-property', 'formatter-config FILE'),
    ...without('nothing is skipped silently', 'skip-message-on-error', 'enable-systest-events'),
    ...connection,
  ],
  load: async () => (await import('./console-consumer.js')).consoleConsumer,
};

const consumerGroups: CommandSpec = {
  name: 'kafka-consumer-groups',
  summary: 'list, describe, delete groups and move their offsets',
  flags: [
    { name: 'list', text: 'list groups' },
    { name: 'describe', text: 'show offsets and lag, members or state' },
    { name: 'delete', text: 'delete groups' },
    { name: 'delete-offsets', text: 'delete the offsets of topics' },
    { name: 'reset-offsets', text: 'move offsets; only shown unless --execute is given' },
    { name: 'group', value: 'GROUP', many: true, text: 'the group' },
    { name: 'all-groups', text: 'every group' },
    {
      name: 'topic',
      value: 'TOPIC[:P,P]',
      many: true,
      text: 'the topic, or some of its partitions',
    },
    { name: 'all-topics', text: 'every topic the group has offsets for' },
    { name: 'offsets', text: 'describe offsets (the default)' },
    { name: 'members', text: 'describe members' },
    { name: 'state', text: 'describe or list states' },
    { name: 'type', text: 'list types' },
    { name: 'verbose', text: 'more columns' },
    { name: 'dry-run', text: 'only show what would be done' },
    { name: 'execute', text: 'do it' },
    { name: 'export', text: 'print the new offsets as CSV' },
    { name: 'to-earliest', text: 'to the first offset' },
    { name: 'to-latest', text: 'to the end' },
    { name: 'to-current', text: 'to the committed offset' },
    { name: 'to-offset', value: 'N', text: 'to this offset' },
    { name: 'to-datetime', value: 'TIME', text: 'to the first record from then on' },
    { name: 'by-duration', value: 'DURATION', text: 'the same, a duration ago, such as PT1H' },
    { name: 'shift-by', value: 'N', text: 'N further, or back by -N' },
    { name: 'from-file', value: 'FILE', text: 'to the offsets of such a CSV file' },
    { name: 'timeout', value: 'MS', text: 'how long to keep trying', fallback: '5000' },
    ...connection,
  ],
  load: async () => (await import('./consumer-groups.js')).consumerGroups,
};

const kafkaConfigs: CommandSpec = {
  name: 'kafka-configs',
  summary: 'describe and alter settings of topics and brokers',
  flags: [
    { name: 'describe', text: 'show settings' },
    { name: 'alter', text: 'change settings' },
    { name: 'all', text: 'with --describe: defaults too' },
    { name: 'entity-type', value: 'TYPE', text: 'topics or brokers' },
    { name: 'entity-name', value: 'NAME', text: 'the topic or the broker id' },
    { name: 'entity-default', text: 'the default of all brokers' },
    { name: 'topic', value: 'TOPIC', text: 'short for --entity-type topics --entity-name TOPIC' },
    { name: 'broker', value: 'ID', text: 'short for --entity-type brokers --entity-name ID' },
    { name: 'add-config', value: 'K=V,K=[V,V]', text: 'settings to change' },
    { name: 'add-config-file', value: 'FILE', text: 'settings to change, as a properties file' },
    { name: 'delete-config', value: 'K,K', text: 'settings to put back to their default' },
    { name: 'force', text: 'accepted' },
    ...connection,
  ],
  load: async () => (await import('./configs.js')).kafkaConfigs,
};

const serverStart: CommandSpec = {
  name: 'kafka-server-start',
  summary: 'run a broker with the settings of a server.properties file',
  operands: 'FILE',
  flags: [
    { name: 'override', value: 'KEY=VALUE', many: true, text: 'one broker setting' },
    ...without('the broker stays in the foreground', 'daemon'),
  ],
  load: async () => (await import('./server-start.js')).serverStart,
};

const zookeeperStart: CommandSpec = {
  name: 'zookeeper-server-start',
  summary: 'says that it is no longer needed',
  operands: '[FILE]',
  flags: [...without('there is nothing to start', 'daemon')],
  load: async () => (await import('./server-start.js')).zookeeperStart,
};

/** Apache's scripts under their own names, so that tutorials and scripts go on working. */
export const apacheCommands: readonly CommandSpec[] = [
  kafkaTopics,
  consoleProducer,
  consoleConsumer,
  consumerGroups,
  kafkaConfigs,
  serverStart,
  zookeeperStart,
];
