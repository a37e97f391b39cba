import type { CommandSpec, FlagSpec } from './command.js';

const shared: readonly FlagSpec[] = [
  { name: 'print-data-log', text: 'print keys and values; looks at every record' },
  { name: 'deep-iteration', text: 'look at every record, not only at batches' },
  { name: 'offsets-decoder', text: 'print the data as that of __consumer_offsets' },
  { name: 'transaction-log-decoder', text: 'print the data as that of __transaction_state' },
  { name: 'share-group-state-decoder', text: 'print the data as that of __share_group_state' },
  { name: 'cluster-metadata-decoder', text: 'print the data as records of the metadata log' },
  { name: 'skip-record-metadata', text: 'print keys and values alone, without control records' },
  { name: 'verify-index-only', text: 'compare indexes with the log beside them, print no entries' },
  { name: 'index-sanity-check', text: 'only ask whether an index is sound, as a start does' },
  { name: 'max-bytes', value: 'BYTES', text: 'read so many bytes of each log at most' },
];

const details =
  'Prints what is in a file of a data directory, of kafkit or of Apache Kafka, in the words of\n' +
  "Kafka's own tool: .log and .checkpoint files, .index, .timeindex and .txnindex, .snapshot,\n" +
  'the checkpoint files of the root, and the metadata journal. The files are only read. Exit\n' +
  'code 1 where a file is damaged.';

const dumpLog: CommandSpec = {
  name: 'dump-log',
  summary: 'print what is in the files of a data directory',
  operands: 'FILE…',
  details,
  flags: shared,
  examples: [
    'kafkit dump-log kafkit-data/orders-0/00000000000000000000.log --print-data-log',
    'kafkit dump-log kafkit-data/__consumer_offsets-2/*.log --offsets-decoder',
  ],
  load: async () => (await import('./dump-log.js')).dumpLogCommand,
};

const kafkaDumpLog: CommandSpec = {
  name: 'kafka-dump-log',
  summary: 'print what is in the files of a data directory',
  details,
  flags: [
    { name: 'files', value: 'FILE,…', text: 'the files, with commas between them' },
    ...shared,
    {
      name: 'max-message-size',
      value: 'BYTES',
      text: 'accepted',
      ignored: 'has no effect: a batch of any size is read.',
    },
  ],
  examples: [
    'kafkit kafka-dump-log --files kafkit-data/orders-0/00000000000000000000.log --deep-iteration',
  ],
  load: async () => (await import('./dump-log.js')).dumpLogCommand,
};

/** `dump-log` and the same under the name of Apache's tool. */
export const dumpCommands: readonly CommandSpec[] = [dumpLog, kafkaDumpLog];
