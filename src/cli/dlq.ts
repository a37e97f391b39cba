import {
  batchesToEnd,
  type ConsumerRecord,
  type Kafka,
  type ProducerRecord,
} from '../client/index.js';
import { deadLetterHeaders as names, sourcePlaceHeader } from '../connect/index.js';
import type { System } from '../system/index.js';
import { CommandFailure } from './command.js';
import { withKafka } from './connect.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { count, table } from './table.js';

interface Letter {
  readonly record: ConsumerRecord;
  readonly topic: string;
  /** `topic-partition@offset` of the record it was, or of the letter where that says nothing. */
  readonly from: string;
  /** Where it stood in the source of a pipeline that reads no topics; else empty. */
  readonly place: string;
  readonly stage: string;
  readonly error: string;
}

/** `kafkit dlq list`: what is in a dead-letter topic, by place and reason. */
export async function listLetters(input: Input, io: CliIo): Promise<number> {
  const topic = input.onlyOperand('dead-letter topic');
  return withKafka(input, io, async (kafka) => {
    const groups = new Map<string, { letter: Letter; times: number }>();
    for await (const letter of letters(kafka, topic, io.system)) {
      const key = [letter.topic, letter.stage, kindOf(letter)].join('\0');
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { letter, times: 1 });
      else group.times++;
    }
    const all = [...groups.values()];
    if (input.has('json')) {
      for (const { letter, times } of all) {
        const { topic: from, stage, error } = letter;
        const line = { topic: from, stage, exception: kindOf(letter), example: error, times };
        await io.stdout.write(`${JSON.stringify(line)}\n`);
      }
      return 0;
    }
    const rows = all.map(({ letter, times }) => [
      times,
      letter.topic === '' ? '(a source)' : letter.topic,
      letter.stage,
      kindOf(letter),
      letter.error.slice(0, 80),
    ]);
    await io.stdout.write(table(['COUNT', 'TOPIC', 'STAGE', 'EXCEPTION', 'FOR EXAMPLE'], rows));
    return 0;
  });
}

/** `kafkit dlq show`: the letters themselves. */
export async function showLetters(input: Input, io: CliIo): Promise<number> {
  const topic = input.onlyOperand('dead-letter topic');
  const limit = input.number('number', 1) ?? Number.POSITIVE_INFINITY;
  return withKafka(input, io, async (kafka) => {
    let shown = 0;
    for await (const letter of letters(kafka, topic, io.system)) {
      const { record, stage, error } = letter;
      const from = letter.place === '' ? letter.from : letter.place;
      if (shown++ >= limit) break;
      const { key, value } = record.toJSON();
      if (input.has('json')) {
        const line = { at: placeOf(record), from, stage, error, key, value };
        await io.stdout.write(`${JSON.stringify(line)}\n`);
      } else {
        await io.stdout.write(
          `${placeOf(record)}  from ${from}  ${stage}: ${error}\n` +
            `  ${JSON.stringify(key)} = ${JSON.stringify(value)}\n`,
        );
      }
    }
    return 0;
  });
}

/** `kafkit dlq redrive`: sends letters back to where they came from, as they were. */
export async function redriveLetters(input: Input, io: CliIo): Promise<number> {
  const topic = input.onlyOperand('dead-letter topic');
  const target = input.text('to');
  return withKafka(input, io, async (kafka) => {
    const seen = new Set<string>();
    const plan = new Map<string, number>();
    const producer = kafka.producer();
    const ends = new Map<number, number>();
    let twice = 0;
    try {
      for await (const { record, topic: origin, from } of letters(kafka, topic, io.system)) {
        ends.set(record.partition, record.offset + 1);
        // A pipeline that was killed between two steps may have set a record aside twice.
        if (seen.has(from)) {
          twice++;
          continue;
        }
        seen.add(from);
        const to = target ?? origin;
        if (to === '') throw homeless(record);
        plan.set(to, (plan.get(to) ?? 0) + 1);
        if (input.has('yes')) await producer.send(asItWas(record, to));
      }
    } finally {
      await producer.close();
    }
    for (const [to, number] of plan) await io.stdout.write(`${count(number, 'record')} to ${to}\n`);
    if (twice > 0) say(io, `kafkit: ${twice} were there twice and are sent once.`);
    if (!input.has('yes')) {
      say(io, 'kafkit: nothing was sent; --yes does it.');
      return 0;
    }
    if (input.has('delete')) await cut(kafka, topic, ends);
    say(io, `kafkit: ${count(seen.size, 'record')} sent.`);
    return 0;
  });
}

/** Deletes what has been sent back, so that the next redrive does not send it again. */
async function cut(kafka: Kafka, topic: string, ends: ReadonlyMap<number, number>): Promise<void> {
  const admin = kafka.admin();
  await admin.deleteRecords([...ends].map(([partition, offset]) => ({ topic, partition, offset })));
  await admin.close();
}

/** Every record of the topic from its beginning to where its end is now. */
async function* letters(kafka: Kafka, topic: string, { clock }: System): AsyncGenerator<Letter> {
  const admin = kafka.admin();
  const found = (await admin.listTopics()).find(({ name }) => name === topic);
  if (found === undefined) throw new CommandFailure(`There is no topic ${topic}.`);
  const assign = Array.from({ length: found.partitions }, (_, partition) => ({ topic, partition }));
  // Letters of a transaction that was aborted were never set aside.
  const isolationLevel = 'read_committed';
  const ends = await admin.listOffsets(
    assign.map((each) => ({ ...each, at: 'latest' as const })),
    { isolationLevel },
  );
  const starts = await admin.listOffsets(
    assign.map((each) => ({ ...each, at: 'earliest' as const })),
  );
  await admin.close();
  const ranges = ends.map(({ partition, offset: end }, at) => {
    return { topic, partition, offset: starts[at]?.offset ?? 0, end };
  });
  const until = new Map(ranges.map(({ partition, end }) => [partition, end]));
  for await (const batch of batchesToEnd(kafka, ranges, { isolationLevel, clock })) {
    for (const record of batch) {
      if (record.offset < (until.get(batch.partition) ?? 0)) yield letterOf(record);
    }
  }
}

function letterOf(record: ConsumerRecord): Letter {
  const header = (name: string) => record.headers.get(name)?.toString() ?? '';
  const topic = header(names.topic);
  return {
    record,
    topic,
    from:
      topic === ''
        ? placeOf(record)
        : `${topic}-${header(names.partition)}@${header(names.offset)}`,
    place: header(sourcePlaceHeader),
    stage: header(names.stage),
    error: header(names.message),
  };
}

function kindOf({ record }: Letter): string {
  return record.headers.get(names.exception)?.toString() ?? '';
}

/** The record without what was added when it was set aside. */
function asItWas(record: ConsumerRecord, topic: string): ProducerRecord {
  const headers = record.headers.list.filter(
    ([name]) => !name.startsWith('__connect.errors.') && name !== sourcePlaceHeader,
  );
  return { topic, key: record.key, value: record.value, headers };
}

function homeless(record: ConsumerRecord): CommandFailure {
  const text = `${placeOf(record)} does not come from a topic.`;
  return new CommandFailure(text, 'Name one with --to.');
}

function placeOf({ topic, partition, offset }: ConsumerRecord): string {
  return `${topic}-${partition}@${offset}`;
}
