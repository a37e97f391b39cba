import type { Producer, ProducerRecord, RecordMetadata } from '../client/index.js';
import { isKafkaError } from '../errors/index.js';
import { type CliIo, say } from './io.js';
import { count } from './table.js';

/** So many records may wait for their acknowledgement before the next line is read. */
const outstandingMax = 5000;

/** Told of each record that the broker has confirmed. */
export type OnSent = (metadata: RecordMetadata) => void;

/**
 * Sends every record, reading on only as fast as the broker confirms. Stops at the first failure
 * or when interrupted, and says where. Returns the exit code.
 */
export async function sendAll(
  producer: Producer,
  records: AsyncIterable<ProducerRecord>,
  io: CliIo,
  onSent: OnSent | undefined,
): Promise<number> {
  let sent = 0;
  let confirmed = 0;
  const failures: unknown[] = [];
  let wake = () => {};
  const settled = () => {
    if (sent - confirmed - failures.length < outstandingMax / 2) wake();
  };
  const done = new Set<Promise<void>>();
  for await (const record of records) {
    sent += 1;
    const promise = producer.send(record).then(
      (metadata) => {
        confirmed += 1;
        onSent?.(metadata);
        settled();
      },
      (error: unknown) => {
        failures.push(error);
        wake();
      },
    );
    done.add(promise);
    void promise.then(() => done.delete(promise));
    if (failures.length > 0) break;
    if (done.size < outstandingMax) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  await Promise.all(done);
  const [first] = failures;
  if (first !== undefined) return explain(first, confirmed, failures.length, io);
  const signal = io.interrupted.aborted && io.interrupted.reason !== 'closed';
  if (signal) say(io, `kafkit: stopped; ${count(confirmed, 'record')} sent and confirmed.`);
  return 0;
}

function explain(first: unknown, confirmed: number, failed: number, io: CliIo): number {
  const why = first instanceof Error ? first.message : String(first);
  const retry = isKafkaError(first) && first.retriable ? ' Trying again may help.' : '';
  const counts = `${count(confirmed, 'record')} confirmed, ${failed} not`;
  say(io, `kafkit: ${counts}: ${why.replaceAll('\n', ' ')}${retry}`);
  return confirmed > 0 ? 3 : 1;
}
