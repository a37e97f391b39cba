import { KafkaError } from '../errors/index.js';
import { milliseconds } from './duration.js';

/** A topic in which records wait for their next attempt. */
export interface RetryTopic {
  readonly topic: string;
  /** How long each of them waits. */
  readonly delayMs: number;
}

/**
 * The retry topics of a group, first to last: `GROUP.retry.1s` for `1s`. Fails with
 * INVALID_ARGUMENT for what is no duration, and for a duration that comes twice.
 */
export function retryTopics(
  groupId: string,
  delays: readonly (string | number)[],
): readonly RetryTopic[] {
  const topics = delays.map((delay) => ({
    topic: `${groupId}.retry.${typeof delay === 'number' ? `${delay}ms` : delay}`,
    delayMs: milliseconds(delay),
  }));
  const names = topics.map(({ topic }) => topic);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return topics;
  throw new KafkaError('INVALID_ARGUMENT', `There would be two retry topics ${twice}.`);
}

/** The topics of a pipeline, and those in which its records wait. */
export function withRetryTopics(
  topics: readonly string[] | RegExp,
  retries: readonly RetryTopic[],
): readonly string[] | RegExp {
  if (retries.length === 0) return topics;
  const names = retries.map(({ topic }) => topic);
  if (!(topics instanceof RegExp)) return [...topics, ...names];
  const literal = names.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`(?:${topics.source})|^(?:${literal.join('|')})$`, topics.flags);
}
