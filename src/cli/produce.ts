import type { ProducerRecord } from '../client/index.js';
import { chunksOf } from './chunks.js';
import { UsageError } from './command.js';
import { withKafka } from './connect.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { linesOf } from './lines.js';
import { fromJsonRow } from './record-row.js';
import { sendAll } from './sending.js';

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
type Codec = (typeof codecs)[number];
type Acks = 0 | 1 | 'all';

/** `kafkit produce`: lines become records. */
export async function produce(input: Input, io: CliIo): Promise<number> {
  const [topic, ...files] = input.operands;
  if (topic === undefined) throw new UsageError('The topic is missing.');
  const toRecord = recordMaker(topic, input);
  const options = { acks: acksOf(input.text('acks')), compression: codecOf(input, 'compression') };
  return withKafka(
    input,
    io,
    async (kafka) => {
      if (files.length === 0 && io.stdinIsTerminal) {
        say(io, 'kafkit: each line you type is a record; Ctrl-D ends.');
      }
      const producer = kafka.producer(options);
      try {
        const verbose = input.has('verbose')
          ? ({
              topic: name,
              partition,
              offset,
            }: {
              topic: string;
              partition: number;
              offset: number;
            }) => void io.stdout.write(`${name}-${partition}@${offset}\n`)
          : undefined;
        return await sendAll(producer, records(files, toRecord, io), io, verbose);
      } finally {
        await producer.close();
      }
    },
    'stream',
  );
}

/** `none` when the flag is absent. */
export function codecOf(input: Input, flag: string): Codec {
  return input.choice(flag, codecs) ?? 'none';
}

/** Reads `0`, `1`, `-1` or `all`. */
export function acksOf(text: string | undefined): Acks {
  if (text === undefined || text === 'all' || text === '-1') return 'all';
  if (text === '0') return 0;
  if (text === '1') return 1;
  throw new UsageError(`acks is 0, 1 or all, not "${text}".`);
}

type RecordMaker = (line: Buffer, number: number) => ProducerRecord;

function recordMaker(topic: string, input: Input): RecordMaker {
  const separator = input.text('key-separator');
  const wanted = input.number('partition');
  const key = input.text('key') ?? null;
  const headers = headersOf(input.list('header'));
  const nullWhenEmpty = input.has('tombstone');
  if (input.has('json')) {
    if (separator !== undefined)
      throw new UsageError('--json and --key-separator exclude each other.');
    return (line, number) => {
      const row = fromJsonRow(line.toString('utf8'), number);
      const name = topic === '-' ? row.topic : topic;
      if (name === undefined) throw new UsageError(`Line ${number} names no topic.`);
      return {
        topic: name,
        key: row.key ?? key,
        value: row.value,
        headers: [...row.headers, ...headers],
        // A row's own partition would tie a copy to the layout of the original.
        partition: wanted ?? (topic === '-' ? row.partition : undefined),
        timestamp: row.timestamp,
      };
    };
  }
  return (line) => {
    const at = separator === undefined ? -1 : line.indexOf(separator);
    const value = at < 0 ? line : line.subarray(at + Buffer.byteLength(separator ?? ''));
    return {
      topic,
      key: at < 0 ? key : line.subarray(0, at),
      value: nullWhenEmpty && value.length === 0 ? null : value,
      headers,
      partition: wanted,
    };
  };
}

function headersOf(texts: readonly string[]): [string, string][] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`--header wants NAME=TEXT, not "${text}".`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
}

async function* records(
  files: readonly string[],
  toRecord: RecordMaker,
  io: CliIo,
): AsyncGenerator<ProducerRecord> {
  let number = 0;
  for await (const line of linesOf(chunksOf(files, io))) {
    number += 1;
    yield toRecord(line, number);
  }
}
