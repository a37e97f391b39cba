import { batchesToEnd, Kafka } from '../client/index.js';
import { realSystem, silentLogger } from '../system/index.js';
import { untilAborted } from './back-off.js';
import { type PipeRecord, pipeRecordOf, type RecordPosition } from './pipe-record.js';
import type {
  SinkPipelineOptions,
  SourcePipelineOptions,
  TopicPipelineOptions,
} from './pipeline-options.js';
import type { UnreadableRecord } from './source.js';
import { asPipeRecord } from './source-record.js';
import { requireTopics } from './topic-checks.js';
import { type Stage, TransformChain } from './transform.js';

/** What would become of a record. */
export interface PreviewedRecord {
  readonly source: RecordPosition;
  /** None where it would be filtered out. */
  readonly records: readonly PipeRecord[];
  readonly failed: { readonly stage: Stage; readonly message: string } | undefined;
}

type FromTopics = SinkPipelineOptions | TopicPipelineOptions;

/**
 * Sends the first records of the topics through the transforms and writes nothing: neither to the
 * sink nor offsets. Ends at the end of the topics, or after `limit` records.
 */
export async function preview(options: FromTopics, limit: number): Promise<PreviewedRecord[]> {
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
  { from, via = [], system = realSystem() }: FromTopics,
  limit: number,
): Promise<PreviewedRecord[]> {
  const chain = new TransformChain(via);
  const { clock } = system;
  const admin = kafka.admin();
  const { topics } = from;
  const there = await admin.listTopics();
  const assign = there
    .filter(({ name }) => (topics instanceof RegExp ? topics.test(name) : topics.includes(name)))
    .flatMap(({ name: topic, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    );
  const { isolationLevel = 'read_committed' } = from;
  const ends = await admin.listOffsets(
    assign.map((each) => ({ ...each, at: 'latest' as const })),
    { isolationLevel },
  );
  const starts = await admin.listOffsets(
    assign.map((each) => ({ ...each, at: 'earliest' as const })),
  );
  await admin.close();
  const ranges = ends.map(({ topic, partition, offset: end }, at) => {
    return { topic, partition, offset: starts[at]?.offset ?? 0, end };
  });
  const result: PreviewedRecord[] = [];
  for await (const batch of batchesToEnd(kafka, ranges, { isolationLevel, clock })) {
    for (const record of batch.records.slice(0, limit - result.length)) {
      const { records, failed } = await chain.apply(pipeRecordOf(record));
      const { topic, partition, offset } = record;
      const why =
        failed === undefined ? undefined : { stage: failed.stage, message: failed.error.message };
      result.push({ source: { topic, partition, offset }, records, failed: why });
    }
    if (result.length >= limit) break;
  }
  return result;
}

/** A source that brings nothing more for so long is at its end, as far as a preview goes. */
const sourcePatienceMs = 2000;

/**
 * The same for a source: reads its first records, and stores neither them nor how far it got. Not
 * for sources that cannot give a record twice, such as standard input.
 */
export async function previewSource(
  options: SourcePipelineOptions,
  limit: number,
): Promise<PreviewedRecord[]> {
  const { from, to, via = [], system = realSystem(), logger = silentLogger } = options;
  const chain = new TransformChain(via);
  const stop = new AbortController();
  const step = () => undefined;
  const pipeline = options.name ?? 'preview';
  const context = { pipeline, position: undefined, logger, system, step, signal: stop.signal };
  const reader = await from.start(context);
  const result: PreviewedRecord[] = [];
  try {
    while (result.length < limit) {
      const timer = system.clock.after(sourcePatienceMs, () => stop.abort());
      const batch = await untilAborted(reader.poll(), stop.signal)
        .catch((error: unknown) => {
          if (stop.signal.aborted) return undefined;
          throw error;
        })
        .finally(() => timer.cancel());
      if (batch === undefined) break;
      const unreadable = [...(batch.unreadable ?? [])];
      for (const [at, record] of batch.records.entries()) {
        while (unreadable[0] !== undefined && unreadable[0].before <= at) {
          result.push(unread(unreadable.shift() as UnreadableRecord, to.topic, result.length));
        }
        if (result.length >= limit) break;
        const read = asPipeRecord(record, to.topic, result.length);
        const { records, failed } = await chain.apply(read);
        const why =
          failed === undefined ? undefined : { stage: failed.stage, message: failed.error.message };
        result.push({ source: read.source, records, failed: why });
      }
      for (const each of unreadable) result.push(unread(each, to.topic, result.length));
    }
    return result.slice(0, limit);
  } finally {
    stop.abort();
    await reader.close();
  }
}

function unread({ error }: UnreadableRecord, topic: string, offset: number): PreviewedRecord {
  const failed = { stage: 'VALUE_CONVERTER' as const, message: error.message };
  return { source: { topic, partition: -1, offset }, records: [], failed };
}
