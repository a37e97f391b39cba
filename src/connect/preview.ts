import { Kafka } from '../client/index.js';
import { type PipeRecord, pipeRecordOf, type RecordPosition } from './pipe-record.js';
import type { SinkPipelineOptions } from './pipeline-options.js';
import { requireTopics } from './topic-checks.js';
import { type Stage, TransformChain } from './transform.js';

/** What would become of a record. */
export interface PreviewedRecord {
  readonly source: RecordPosition;
  /** None where it would be filtered out. */
  readonly records: readonly PipeRecord[];
  readonly failed: { readonly stage: Stage; readonly message: string } | undefined;
}

/**
 * Sends the first records of the topics through the transforms and writes nothing: neither to the
 * sink nor offsets. Ends at the end of the topics, or after `limit` records.
 */
export async function preview(
  options: SinkPipelineOptions,
  limit: number,
): Promise<PreviewedRecord[]> {
  const { from, kafka: given } = options;
  const isOurs = given === undefined || !('consumer' in given);
  const servers = from.bootstrapServers;
  const kafka = isOurs
    ? new Kafka({ ...given, ...(servers === undefined ? {} : { bootstrapServers: servers }) })
    : given;
  try {
    await requireTopics(kafka, from.topics);
    return await read(kafka, options, limit);
  } finally {
    if (isOurs) await kafka.close();
  }
}

async function read(
  kafka: Kafka,
  { from, via = [] }: SinkPipelineOptions,
  limit: number,
): Promise<PreviewedRecord[]> {
  const chain = new TransformChain(via);
  const admin = kafka.admin();
  const { topics } = from;
  const there = await admin.listTopics();
  const assign = there
    .filter(({ name }) => (topics instanceof RegExp ? topics.test(name) : topics.includes(name)))
    .flatMap(({ name: topic, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    );
  const ends = await admin.listOffsets(assign.map((each) => ({ ...each, at: 'latest' as const })));
  const starts = await admin.listOffsets(
    assign.map((each) => ({ ...each, at: 'earliest' as const })),
  );
  await admin.close();
  const open = new Map(
    ends
      .filter(({ offset }, at) => offset > (starts[at]?.offset ?? 0))
      .map(({ topic, partition, offset }) => [`${topic}:${partition}`, offset]),
  );
  const result: PreviewedRecord[] = [];
  if (open.size === 0) return result;
  const consumer = kafka.consumer({ assign, fromBeginning: true });
  try {
    for await (const batch of consumer.batches()) {
      for (const record of batch.records.slice(0, limit - result.length)) {
        const { records, failed } = await chain.apply(pipeRecordOf(record));
        const { topic, partition, offset } = record;
        const why =
          failed === undefined ? undefined : { stage: failed.stage, message: failed.error.message };
        result.push({ source: { topic, partition, offset }, records, failed: why });
      }
      const key = `${batch.topic}:${batch.partition}`;
      if (batch.nextOffset >= (open.get(key) ?? 0)) open.delete(key);
      if (result.length >= limit || open.size === 0) break;
    }
  } finally {
    await consumer.close();
  }
  return result;
}
