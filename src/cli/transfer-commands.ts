import type { CommandSpec, FlagSpec } from './command.js';

const copy: FlagSpec = {
  name: 'copy',
  text: 'copy all files, also those that could be shared by hard links',
};

/** Commands that move data: to Apache Kafka and back, into backups and out, between clusters. */
export const transferCommands: readonly CommandSpec[] = [
  {
    name: 'graduate',
    summary: 'hand a data directory over to Apache Kafka',
    operands: 'DIR',
    details:
      'Makes a directory that Apache Kafka 4 boots on: topics with their ids and settings,\n' +
      'records with their offsets, committed offsets and producer ids. The broker must be\n' +
      "stopped. Without --out the directory itself becomes Kafka's. Prints the commands to type\n" +
      'next on stdout.',
    flags: [
      {
        name: 'out',
        value: 'DIR',
        text: "make Kafka's directory here and leave the data as it is",
      },
      {
        name: 'listen',
        value: 'HOST:PORT',
        text: 'where Kafka shall listen; its controller takes the next port',
        fallback: 'localhost:9092',
      },
      { name: 'config', value: 'FILE', text: 'take further settings from this server.properties' },
      { name: 'option', short: 'o', value: 'KEY=VALUE', many: true, text: 'one setting of Kafka' },
      copy,
    ],
    examples: ['kafkit graduate ./kafkit-data --out ./kafka-data'],
    load: async () => (await import('./graduate.js')).graduateCommand,
  },
  {
    name: 'import',
    summary: 'take over the log directory of a stopped Apache Kafka',
    operands: 'DIR',
    details:
      'The way back from "kafkit graduate", and the way in for any single node of Apache Kafka\n' +
      '3.3 or later that runs without ZooKeeper: topics with their ids and settings, records\n' +
      'with their offsets, committed offsets and producer ids. DIR is what log.dirs names in\n' +
      "Kafka's server.properties. Without --out the directory itself is taken over.",
    flags: [
      { name: 'out', value: 'DIR', text: "make the new directory here and leave Kafka's as it is" },
      {
        name: 'accept-missing',
        text: 'partitions that have no directory are taken as empty',
      },
      copy,
    ],
    examples: ['kafkit import /var/lib/kafka/data --out ./kafkit-data'],
    load: async () => (await import('./import.js')).importCommand,
  },
  {
    name: 'backup',
    summary: 'copy a data directory as it is at one moment, while its broker runs or not',
    operands: 'DIR',
    details:
      'A running "kafkit up" is asked to do it and goes on meanwhile. On the same disk files\n' +
      'that no longer change are shared by hard links, so that a backup costs little; to\n' +
      'survive the disk, make it on another one. "kafkit restore" makes a data directory of it\n' +
      'again.',
    flags: [
      { name: 'out', value: 'DIR', text: 'where to; it must not exist yet, or be empty' },
      copy,
    ],
    examples: ['kafkit backup ./kafkit-data --out /backups/monday'],
    load: async () => (await import('./backup.js')).backupCommand,
  },
  {
    name: 'restore',
    summary: 'make a data directory of a backup',
    operands: 'BACKUP',
    flags: [
      { name: 'data', value: 'DIR', text: 'where to; it must not exist yet, or be empty' },
      copy,
    ],
    examples: ['kafkit restore /backups/monday --data ./kafkit-data'],
    load: async () => (await import('./backup.js')).restoreCommand,
  },
  {
    name: 'verify',
    summary: 'look for damage in a data directory or a backup',
    operands: 'DIR',
    details:
      'Reads every batch and compares checksums, offsets, indexes, epochs, topic ids and\n' +
      'committed offsets, and changes nothing. Works on directories of kafkit and of Apache\n' +
      'Kafka while nobody runs on them. Exit code 1 when records or offsets are lost or wrong.',
    flags: [
      { name: 'deep', text: 'decompress every batch and look at each record' },
      { name: 'json', text: 'print the report as JSON' },
    ],
    examples: ['kafkit verify ./kafkit-data', 'kafkit verify /backups/monday --deep'],
    load: async () => (await import('./verify.js')).verifyCommand,
  },
  {
    name: 'migrate',
    summary: 'copy topics, records and committed offsets from one running cluster to another',
    details:
      'For clusters that take no files, of kafkit or of Apache Kafka. Copies what is there when\n' +
      'it begins, compares it, and translates the offsets of groups. It may be stopped at any\n' +
      'time and goes on when it is run again. To move: run it; run it again to catch up; stop\n' +
      'the producers and run it a last time; then point everybody at the new cluster.',
    flags: [
      { name: 'from', value: 'HOST:PORT,…', text: 'the cluster to copy from; it is only read' },
      { name: 'to', value: 'HOST:PORT,…', text: 'the cluster to copy to' },
      { name: 'from-config', value: 'FILE', text: 'client.properties for the one (TLS, SASL)' },
      { name: 'to-config', value: 'FILE', text: 'client.properties for the other' },
      { name: 'topic', short: 't', value: 'TOPIC', many: true, text: 'only these topics' },
      { name: 'group', short: 'g', value: 'GROUP', many: true, text: 'only these groups' },
      {
        name: 'state',
        value: 'FILE',
        text: 'remembers how far it has come',
        fallback: './kafkit-migration.state',
      },
      { name: 'replication-factor', short: 'r', value: 'N', text: 'copies of each partition' },
      {
        name: 'compression',
        short: 'z',
        value: 'CODEC',
        text: 'none, gzip, snappy, lz4 or zstd',
        fallback: 'none',
      },
      { name: 'no-verify', text: 'do not read back what was copied' },
    ],
    examples: ['kafkit migrate --from localhost:9092 --to-config cloud.properties'],
    load: async () => (await import('./migrate.js')).migrateCommand,
  },
];
