import type { Kafka } from '../../client/index.js';
import { isKafkaError } from '../../errors/index.js';
import { UsageError } from '../command.js';
import { withKafka } from '../connect.js';
import type { Input } from '../input.js';
import { type CliIo, say } from '../io.js';
import type { OffsetSpec } from '../offset-spec.js';
import { type Reading, readTopics } from '../reading.js';
import { headersAsText, type PrintableRecord } from '../record-row.js';

/** `kafka-console-consumer`: prints as Apache's DefaultMessageFormatter prints. */
export async function consoleConsumer(input: Input, io: CliIo): Promise<number> {
  input.noOperands();
  const topic = input.text('topic');
  const include = input.text('include');
  if ((topic === undefined) === (include === undefined)) {
    throw new UsageError('Exactly one of --topic and --include is needed.');
  }
  const partition = input.number('partition');
  if (partition !== undefined && topic === undefined) {
    throw new UsageError('--partition needs --topic.');
  }
  if (partition !== undefined && input.has('group')) {
    throw new UsageError('--partition and --group exclude each other.');
  }
  const level = input.choice('isolation-level', ['read_committed', 'read_uncommitted']);
  // An expression needs a group; Apache makes one up as well, whatever is asked for.
  const invented = include === undefined ? undefined : `console-consumer-${randomNumber(io)}`;
  const reading: Reading = {
    topics: topic === undefined ? new RegExp(`^(?:${include})$`) : [topic],
    partitions: partition === undefined ? undefined : [partition],
    group: input.text('group') ?? invented,
    from: beginning(input, partition),
    limit: input.number('max-messages', 1),
    idleMs: input.number('timeout-ms', 1),
    readCommitted: level === 'read_committed',
    print: formatter(input),
  };
  return withKafka(
    input,
    io,
    async (kafka) => {
      if (topic !== undefined) await createWhenMissing(kafka, topic, io);
      const printed = await readTopics(kafka, reading, io);
      say(io, `Processed a total of ${printed} messages`);
      return 0;
    },
    'stream',
  );
}

function randomNumber(io: CliIo): number {
  return io.system.random.below(100_000);
}

/** Apache's consumer asks for metadata in a way that creates a missing topic. */
async function createWhenMissing(kafka: Kafka, topic: string, io: CliIo): Promise<void> {
  const admin = kafka.admin();
  if ((await admin.listTopics()).some(({ name }) => name === topic)) return;
  try {
    await admin.createTopics([{ name: topic }]);
    say(io, `kafkit: there was no topic ${topic}; created it.`);
  } catch (error) {
    if (!isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) throw error;
  }
}

function beginning(input: Input, partition: number | undefined): OffsetSpec {
  const text = input.text('offset');
  if (text === undefined) return { at: input.has('from-beginning') ? 'start' : 'end' };
  if (partition === undefined) throw new UsageError('--offset needs --partition.');
  if (text === 'earliest') return { at: 'start' };
  if (text === 'latest') return { at: 'end' };
  if (/^\d+$/.test(text)) return { at: 'offset', offset: Number(text) };
  throw new UsageError(`--offset wants earliest, latest or a number, not "${text}".`);
}

/** One line per record: the parts that were asked for, value last, between `key.separator`s. */
function formatter(input: Input): (record: PrintableRecord) => string | Uint8Array {
  const properties = input.pairs('formatter-property');
  const isTrue = (name: string, fallback = 'false') =>
    (properties.get(name) ?? fallback).trim().toLowerCase() === 'true';
  const text = (name: string, fallback: string) =>
    (properties.get(name) ?? fallback).replaceAll('\\t', '\t').replaceAll('\\n', '\n');
  const separator = text('key.separator', '\t');
  const end = text('line.separator', '\n');
  const absent = text('null.literal', 'null');
  const show = {
    timestamp: isTrue('print.timestamp'),
    partition: isTrue('print.partition'),
    offset: isTrue('print.offset'),
    headers: isTrue('print.headers'),
    key: isTrue('print.key'),
    value: isTrue('print.value', 'true'),
  };
  const between = text('headers.separator', ',');
  return (record) => {
    const headers = headersAsText(record.headers, absent, between);
    const time = record.timestamp < 0 ? 'NO_TIMESTAMP' : `CreateTime:${record.timestamp}`;
    const parts = [
      ...(show.timestamp ? [time] : []),
      ...(show.partition ? [`Partition:${record.partition}`] : []),
      ...(show.offset ? [`Offset:${record.offset}`] : []),
      ...(show.headers ? [headers === '' ? 'NO_HEADERS' : headers] : []),
      ...(show.key ? [record.key?.toString('utf8') ?? absent] : []),
      ...(show.value ? [record.value?.toString('utf8') ?? absent] : []),
    ];
    return `${parts.join(separator)}${end}`;
  };
}
