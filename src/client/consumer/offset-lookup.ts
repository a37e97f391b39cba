import { errorFacts, errorCodeOf, isKafkaError, KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type { Cluster } from '../cluster/index.js';
import type { TopicPartition } from './consumer-options.js';
import { groupByTopic, partitionKey } from './topic-partitions.js';

export interface OffsetQuestion extends TopicPartition {
  /** Milliseconds since 1970, -1 for the end, -2 for the beginning. */
  readonly timestamp: number;
}

export interface OffsetAnswer {
  /** -1 when no record is that young. */
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly timestamp: number;
}

export interface OffsetLookupOptions {
  readonly readCommitted: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What came out for each partition, by `partitionKey`. */
export type OffsetAnswers = Map<string, OffsetAnswer | KafkaError>;

/**
 * Asks the leaders once for the offsets that belong to timestamps. Never fails as a whole: every
 * partition has an answer or an error, retriable where another try may help (metadata is then
 * being refreshed already).
 */
export async function askOffsets(
  cluster: Cluster,
  questions: readonly OffsetQuestion[],
  options: OffsetLookupOptions,
): Promise<OffsetAnswers> {
  const answers: OffsetAnswers = new Map();
  const byLeader = new Map<number, OffsetQuestion[]>();
  for (const question of questions) {
    const known = cluster.topic(question.topic)?.partitions[question.partition];
    if (known === undefined || known.leader < 0) {
      answers.set(partitionKey(question), failure('LEADER_NOT_AVAILABLE', question));
      continue;
    }
    const list = byLeader.get(known.leader);
    if (list === undefined) byLeader.set(known.leader, [question]);
    else list.push(question);
  }
  await Promise.all(
    [...byLeader].map(([leader, list]) => askLeader(cluster, leader, list, options, answers)),
  );
  for (const answer of answers.values()) {
    if (isKafkaError(answer) && errorFacts(answer.code).refreshMetadata) {
      cluster.refreshSoon(`an offset could not be looked up: ${answer.code}`);
      break;
    }
  }
  return answers;
}

async function askLeader(
  cluster: Cluster,
  leader: number,
  questions: readonly OffsetQuestion[],
  options: OffsetLookupOptions,
  answers: OffsetAnswers,
): Promise<void> {
  try {
    const response = await cluster.send(
      'ListOffsets',
      {
        replicaId: -1,
        isolationLevel: options.readCommitted ? 1 : 0,
        topics: [...groupByTopic(questions)].map(([name, list]) => ({
          name,
          partitions: list.map(({ partition, timestamp }) => ({
            partitionIndex: partition,
            currentLeaderEpoch: cluster.topic(name)?.partitions[partition]?.leaderEpoch ?? -1,
            timestamp,
          })),
        })),
        timeoutMs: cluster.options.requestTimeoutMs,
      },
      { broker: leader },
      { signal: options.signal },
    );
    read(response, answers);
  } catch (error) {
    for (const question of questions) answers.set(partitionKey(question), asKafkaError(error));
  }
  for (const question of questions) {
    const key = partitionKey(question);
    if (!answers.has(key)) answers.set(key, failure('UNKNOWN_TOPIC_OR_PARTITION', question));
  }
}

function read(response: ResponseDecoded<'ListOffsets'>, answers: OffsetAnswers): void {
  for (const { name: topic, partitions } of response.topics) {
    for (const {
      partitionIndex: partition,
      errorCode,
      offset,
      leaderEpoch,
      timestamp,
    } of partitions) {
      const key = partitionKey({ topic, partition });
      const code = errorCodeOf(errorCode);
      if (code === 'NONE') answers.set(key, { offset, leaderEpoch, timestamp });
      else answers.set(key, failure(code, { topic, partition }));
    }
  }
}

/** As `askOffsets`, trying again until every partition has its answer or `timeoutMs` is over. */
export async function lookUpOffsets(
  cluster: Cluster,
  questions: readonly OffsetQuestion[],
  options: OffsetLookupOptions & { readonly timeoutMs?: number | undefined },
): Promise<Map<string, OffsetAnswer>> {
  const { clock } = cluster.system;
  const deadline = clock.monotonic() + (options.timeoutMs ?? cluster.options.apiTimeoutMs);
  const found = new Map<string, OffsetAnswer>();
  await cluster.metadataFor([...new Set(questions.map(({ topic }) => topic))], {
    signal: options.signal,
  });
  let open = questions;
  for (let attempt = 0; open.length > 0; attempt++) {
    const answers = await askOffsets(cluster, open, options);
    for (const [key, answer] of answers) {
      if (!isKafkaError(answer)) found.set(key, answer);
      else if (!answer.retriable || clock.monotonic() >= deadline) throw answer;
    }
    open = open.filter((question) => !found.has(partitionKey(question)));
    if (open.length > 0) await cluster.delay(cluster.retryBackoff(attempt), options.signal);
  }
  return found;
}

export function asKafkaError(error: unknown): KafkaError {
  if (isKafkaError(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new KafkaError('UNKNOWN_SERVER_ERROR', `Something unforeseen failed: ${reason}`, {
    cause: error,
  });
}

function failure(code: KafkaError['code'], of: TopicPartition): KafkaError {
  return new KafkaError(code, undefined, { topic: of.topic, partition: of.partition });
}
