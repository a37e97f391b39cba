import type { Kafka } from '../client/index.js';
import { CommandFailure, UsageError } from './command.js';
import { withKafka } from './connect.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { type OffsetSpec, parseOffsetSpec } from './offset-spec.js';
import { type Reading, readTopics } from './reading.js';
import { formatRecord, type PrintableRecord, toJsonRow } from './record-row.js';

/** `kafkit consume`: prints records as they arrive. */
export async function consume(input: Input, io: CliIo): Promise<number> {
  const topics = input.operands;
  if (topics.length === 0) throw new UsageError('The topic is missing.');
  const group = input.text('group');
  const from = beginning(input, io);
  if (group !== undefined && from.at !== 'start' && from.at !== 'end') {
    const hint = 'Move its offsets with "kafkit groups reset", or leave --group out.';
    throw new UsageError('A group goes on from its own offsets.', hint);
  }
  const partitions = partitionsOf(input);
  if (group !== undefined && partitions !== undefined) {
    throw new UsageError('--partition and --group exclude each other.');
  }
  const reading: Reading = {
    topics,
    partitions,
    group,
    from,
    limit: input.number('number', 1),
    exitAtEnd: input.has('exit'),
    readCommitted: input.has('read-committed'),
    print: printer(input),
  };
  return withKafka(
    input,
    io,
    async (kafka) => {
      if (io.stderr.isTerminal && from.at === 'end' && !reading.exitAtEnd && group === undefined) {
        say(io, 'kafkit: waiting for new records; --from-beginning shows those already there.');
      }
      await needTopics(kafka, topics);
      await readTopics(kafka, reading, io);
      return 0;
    },
    'stream',
  );
}

/** A consumer would wait for a missing topic without a word: a person has rather mistyped it. */
async function needTopics(kafka: Kafka, topics: readonly string[]): Promise<void> {
  const admin = kafka.admin();
  const known = new Set((await admin.listTopics({ internal: true })).map(({ name }) => name));
  await admin.close();
  const missing = topics.find((topic) => !known.has(topic));
  if (missing === undefined) return;
  const hint = `"kafkit topics create ${missing}" makes it.`;
  throw new CommandFailure(`There is no topic ${missing}.`, hint);
}

function beginning(input: Input, io: CliIo): OffsetSpec {
  const offset = input.text('offset');
  if (offset === undefined) return { at: input.has('from-beginning') ? 'start' : 'end' };
  if (input.has('from-beginning')) {
    throw new UsageError('--from-beginning and --offset exclude each other.');
  }
  return parseOffsetSpec(offset, io.system.clock.now());
}

function partitionsOf(input: Input): number[] | undefined {
  const texts = input.list('partition').flatMap((text) => text.split(','));
  if (texts.length === 0) return undefined;
  return texts.map((text) => {
    if (/^\d+$/.test(text)) return Number(text);
    throw new UsageError(`--partition wants a number, not "${text}".`);
  });
}

function printer(input: Input): (record: PrintableRecord) => string | Uint8Array {
  const format = input.text('format');
  if (input.has('json')) {
    if (format !== undefined) throw new UsageError('--json and --format exclude each other.');
    return (record) => `${toJsonRow(record)}\n`;
  }
  if (format !== undefined) return (record) => formatRecord(format, record);
  const newline = Buffer.from('\n');
  return ({ value }) => (value === null ? '\n' : Buffer.concat([value, newline]));
}
