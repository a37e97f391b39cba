import { KafkaError } from '../errors/index.js';
import { type ErrorPolicy, whole } from './error-policy.js';
import type {
  KafkaFrom,
  KafkaTo,
  PipelineOptions,
  SinkPipelineOptions,
  SourcePipelineOptions,
  TopicPipelineOptions,
} from './pipeline-options.js';
import type { Sink } from './sink.js';
import type { Source } from './source.js';

/** What a pipeline joins, told from its two ends. */
export type PipelineKind =
  | { readonly kind: 'sink'; readonly options: SinkPipelineOptions }
  | {
      readonly kind: 'topics';
      readonly options: TopicPipelineOptions;
      readonly exactlyOnce: boolean;
    }
  | { readonly kind: 'source'; readonly options: SourcePipelineOptions };

/** Fails with INVALID_ARGUMENT for ends that do not go together. */
export function kindOf(options: PipelineOptions): PipelineKind {
  const { from, to } = options;
  const reads = isTopics(from);
  const writes = isTopic(to);
  if (reads && writes) {
    const topics = options as TopicPipelineOptions;
    return { kind: 'topics', options: topics, exactlyOnce: checkTopics(topics) };
  }
  if (reads) return { kind: 'sink', options: options as SinkPipelineOptions };
  if (writes) return { kind: 'source', options: options as SourcePipelineOptions };
  throw invalid('A pipeline needs Kafka on one side: `from.topics` or `to.topic`.');
}

/** The name it goes by unless it was given one. */
export function nameOf({ from, to }: PipelineOptions): string {
  const target = isTopic(to) ? to.topic : to.name;
  if (!isTopics(from)) return `${from.name}-${target}`;
  const { groupId, topics } = from;
  if (groupId !== undefined) return groupId;
  return `${topics instanceof RegExp ? 'topics' : topics.join('-')}-${target}`;
}

/** Checks numbers and what a sink allows. Fails with INVALID_ARGUMENT. */
export function checkNumbers(kind: PipelineKind): void {
  if (kind.kind === 'source') return;
  const { options } = kind;
  const tasks = whole('tasks', options.tasks ?? 1, 1);
  whole('drainTimeoutMs', options.drainTimeoutMs ?? 1, 1);
  if (kind.kind !== 'sink') return;
  const { name, tasksMax } = kind.options.to;
  if (tasksMax !== undefined && tasks > tasksMax) {
    throw invalid(`tasks is ${tasks}, but ${name} allows ${tasksMax} here.`);
  }
  whole('batchSize', kind.options.batchSize ?? 1000, 1);
  whole('commitIntervalMs', kind.options.commitIntervalMs ?? 1000, 1);
}

/** Checks that records may be tried again later. Fails with INVALID_ARGUMENT. */
export function checkRetries(kind: PipelineKind, { retryTopics }: ErrorPolicy): void {
  if (retryTopics.length === 0) return;
  if (kind.kind === 'source') {
    throw invalid('errors.retryTopics are for records of topics: a source is read again anyway.');
  }
  if (kind.kind !== 'sink') return;
  const { name, refusesLate } = kind.options.to;
  if (refusesLate === undefined) return;
  throw invalid(`errors.retryTopics do not go with ${name} here: ${refusesLate}.`);
}

/** Whether it is in one transaction. */
function checkTopics({ from, to }: TopicPipelineOptions): boolean {
  const isSame = sameServers(from.bootstrapServers, to.bootstrapServers);
  if (to.exactlyOnce === true && !isSame) {
    throw invalid('exactlyOnce needs both topics in one cluster: transactions end at its border.');
  }
  // The pattern is filled with the names of topics, and may make one of them.
  const isLoop = isSame && !(from.topics instanceof RegExp) && from.topics.includes(to.topic);
  if (isLoop || (isSame && to.topic === '${topic}')) {
    throw invalid(
      `The topic ${to.topic} is read and written: its records would go round for ever.`,
    );
  }
  return to.exactlyOnce ?? isSame;
}

function sameServers(from: KafkaFrom['bootstrapServers'], to: KafkaTo['bootstrapServers']) {
  if (to === undefined || from === undefined) return to === undefined;
  return listOf(from).sort().join() === listOf(to).sort().join();
}

function listOf(servers: string | readonly string[]): string[] {
  const list = typeof servers === 'string' ? servers.split(',') : [...servers];
  return list.map((each) => each.trim());
}

function isTopics(from: KafkaFrom | Source): from is KafkaFrom {
  return 'topics' in from;
}

function isTopic(to: KafkaTo | Sink): to is KafkaTo {
  return 'topic' in to;
}

function invalid(message: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', message);
}
