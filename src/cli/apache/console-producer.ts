import type { ProducerRecord } from '../../client/index.js';
import { chunksOf } from '../chunks.js';
import { CommandFailure } from '../command.js';
import { withKafka } from '../connect.js';
import type { Input } from '../input.js';
import type { CliIo } from '../io.js';
import { linesOf } from '../lines.js';
import { acksOf, codecOf } from '../produce.js';
import { sendAll } from '../sending.js';

/** `kafka-console-producer`: lines, read as Apache's LineMessageReader reads them. */
export async function consoleProducer(input: Input, io: CliIo): Promise<number> {
  input.noOperands();
  const topic = input.required('topic');
  const reader = new LineReader(topic, input.pairs('reader-property'));
  const options = {
    acks: acksOf(input.text('request-required-acks')),
    compression: codecOf(input, 'compression-codec'),
    batchSize: input.number('batch-size', 1),
    bufferMemory: input.number('max-memory-bytes', 1),
    lingerMs: input.number('timeout'),
    requestTimeoutMs: input.number('request-timeout-ms', 1),
  };
  return withKafka(
    input,
    io,
    async (kafka) => {
      const producer = kafka.producer(options);
      try {
        const lines = recordsOf(reader, io);
        if (!input.has('sync')) return await sendAll(producer, lines, io, undefined);
        for await (const record of lines) await producer.send(record);
        return 0;
      } finally {
        await producer.close();
      }
    },
    'stream',
  );
}

async function* recordsOf(reader: LineReader, io: CliIo): AsyncGenerator<ProducerRecord> {
  let number = 0;
  const prompt = () => (io.stdinIsTerminal ? io.stdout.write('>') : undefined);
  await prompt();
  for await (const line of linesOf(chunksOf([], io))) {
    number += 1;
    yield reader.read(line.toString('utf8'), number);
    await prompt();
  }
}

class LineReader {
  readonly #topic: string;
  readonly #parseKey: boolean;
  readonly #parseHeaders: boolean;
  readonly #keySeparator: string;
  readonly #headersDelimiter: string;
  readonly #headersSeparator: string;
  readonly #headersKeySeparator: string;
  readonly #nullMarker: string | undefined;
  readonly #ignoreError: boolean;

  constructor(topic: string, properties: ReadonlyMap<string, string>) {
    const isTrue = (name: string) => properties.get(name)?.toLowerCase() === 'true';
    const text = (name: string, fallback: string) =>
      (properties.get(name) ?? fallback).replaceAll('\\t', '\t');
    this.#topic = topic;
    this.#parseKey = isTrue('parse.key');
    this.#parseHeaders = isTrue('parse.headers');
    this.#keySeparator = text('key.separator', '\t');
    this.#headersDelimiter = text('headers.delimiter', '\t');
    this.#headersSeparator = text('headers.separator', ',');
    this.#headersKeySeparator = text('headers.key.separator', ':');
    this.#nullMarker = properties.get('null.marker');
    this.#ignoreError = isTrue('ignore.error');
  }

  read(line: string, number: number): ProducerRecord {
    let rest = line;
    let headers: [string, string | null][] = [];
    let key: string | null = null;
    if (this.#parseHeaders) {
      const split = this.#split(rest, this.#headersDelimiter, 'headers delimiter', number);
      if (split !== undefined) {
        headers = this.#isNull(split[0]) ? [] : this.#headersOf(split[0], number);
        rest = split[1];
      }
    }
    if (this.#parseKey) {
      const split = this.#split(rest, this.#keySeparator, 'key separator', number);
      if (split !== undefined) {
        key = this.#isNull(split[0]) ? null : split[0];
        rest = split[1];
      }
    }
    return { topic: this.#topic, key, value: this.#isNull(rest) ? null : rest, headers };
  }

  #split(text: string, by: string, what: string, line: number): [string, string] | undefined {
    const at = text.indexOf(by);
    if (at >= 0) return [text.slice(0, at), text.slice(at + by.length)];
    if (this.#ignoreError) return undefined;
    throw new CommandFailure(`No ${what} found on line number ${line}: '${text}'.`);
  }

  #headersOf(text: string, line: number): [string, string | null][] {
    return text.split(this.#headersSeparator).map((pair) => {
      const split = this.#split(pair, this.#headersKeySeparator, 'header key separator', line);
      if (split === undefined) return [pair, null];
      return [split[0], this.#isNull(split[1]) ? null : split[1]];
    });
  }

  #isNull(text: string): boolean {
    return this.#nullMarker !== undefined && text === this.#nullMarker;
  }
}
