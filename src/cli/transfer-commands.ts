import type { CommandSpec, FlagSpec } from './command.js';

const copy: FlagSpec = {
  name: 'copy',
  text: 'copy all files, also those that could be shared by hard links',
};

/** Commands about data directories: to Apache Kafka and back, into backups and out of them. */
export const transferCommands: readonly CommandSpec[] = [
  {
    name: 'graduate',
    summary: 'hand a data directory over to Apache Kafka',
    operands: 'DIR',
    details:
      'Makes a directory that Apache Kafka 4 boots on: topics with their ids and settings, records\n' +
      'with their offsets, committed offsets and producer ids. The broker must be stopped. Without\n' +
      "--out the directory itself becomes Kafka's. Prints the commands to type next on stdout.",
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
      'The way back from "kafkit graduate", and the way in for any single node of Apache Kafka 3.3\n' +
      'or later that runs without ZooKeeper: topics with their ids and settings, records with their\n' +
      "offsets, committed offsets and producer ids. DIR is what log.dirs names in Kafka's\n" +
      'server.properties. Without --out the directory itself is taken over.',
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
];
