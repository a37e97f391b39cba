import { type ErrorCode, type ErrorContext, isKafkaError, KafkaError } from '../../errors/index.js';
import type { Cluster, CoordinatorType } from '../cluster/index.js';
import { type ItemKey, type ItemResult, withResults } from './item-results.js';

/** Options of every call. */
export interface CallOptions {
  /** How long the call may try, in ms; default `defaultApiTimeoutMs` of `Kafka`, 60 000. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PartitionOf {
  readonly topic: string;
  readonly partition: number;
}

/** What one of several things came to: its result, or why there is none. */
export type Outcome<T> = { readonly key?: ItemKey } & (
  | { readonly value: T }
  | { readonly error: KafkaError }
);

/**
 * Repeats an attempt while it fails in a way that passes, with backoff, until the time is over.
 * `again` hears of each such failure before the next attempt.
 */
export async function retrying<T>(
  cluster: Cluster,
  options: CallOptions,
  attempt: () => Promise<T>,
  again: (error: KafkaError) => void = () => undefined,
): Promise<T> {
  const { clock } = cluster.system;
  const deadline = clock.monotonic() + (options.timeoutMs ?? cluster.options.apiTimeoutMs);
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isKafkaError(error) || !error.retriable) throw error;
      const wait = cluster.retryBackoff(tries);
      if (clock.monotonic() + wait > deadline) throw error;
      again(error);
      await cluster.delay(wait, options.signal);
      // Another controller may be the active one by now.
      if (cluster.isOfControllers) await cluster.refresh([], { signal: options.signal });
    }
  }
}

/** Asks the coordinator of a group, looking it up again when it has moved. */
export async function askCoordinator<T>(
  cluster: Cluster,
  key: string,
  options: CallOptions,
  ask: (broker: number) => Promise<T>,
  type: CoordinatorType = 'group',
): Promise<T> {
  const { signal, timeoutMs } = options;
  return await retrying(
    cluster,
    options,
    async () => await ask(await cluster.coordinator(type, key, { signal, timeoutMs })),
    () => cluster.forgetCoordinator(type, key),
  );
}

/**
 * Asks about several things at one place, and again about those whose failure passes: all that are
 * retriable, or those that `mayPass` lets. Gives the results in the order of `items`; fails when
 * any has none in the end.
 */
export async function askItems<I, T>(
  cluster: Cluster,
  items: readonly I[],
  options: CallOptions,
  what: string,
  ask: (items: readonly I[]) => Promise<readonly Outcome<T>[]>,
  mayPass: (error: KafkaError) => boolean = ({ retriable }) => retriable,
): Promise<T[]> {
  const results = new Map<I, Outcome<T>>();
  let open = items;
  const attempt = async () => {
    const outcomes = await ask(open);
    for (const [index, item] of open.entries()) {
      results.set(item, outcomes[index] ?? { error: unanswered() });
    }
    open = open.filter((item) => isTransient(results.get(item), mayPass));
    const [first] = open;
    const outcome = first === undefined ? undefined : results.get(first);
    if (outcome !== undefined && 'error' in outcome) throw outcome.error;
  };
  if (items.length === 0) return [];
  await retrying(cluster, options, attempt).catch((error: unknown) => {
    // What has an answer of its own is told below, with everything else that failed.
    if (open.some((item) => results.get(item) === undefined)) throw error;
  });
  return valuesOf(
    what,
    items.map((item) => results.get(item) ?? { error: unanswered() }),
  );
}

/** The outcome of work that fails with a KafkaError or not at all. */
export async function outcomeFor<T>(key: ItemKey, work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { key, value: await work() };
  } catch (error) {
    if (isKafkaError(error)) return { key, error };
    throw error;
  }
}

/**
 * Asks the leaders of partitions, each about its own, and asks again about those whose leader has
 * moved. Gives the results in the order of `items`; fails when any has none in the end.
 */
export async function askLeaders<I extends PartitionOf, T>(
  cluster: Cluster,
  items: readonly I[],
  options: CallOptions,
  what: string,
  ask: (leader: number, items: readonly I[]) => Promise<readonly Outcome<T>[]>,
): Promise<T[]> {
  const results = new Map<I, Outcome<T>>();
  let open = items;
  const attempt = async () => {
    const topics = [...new Set(open.map(({ topic }) => topic))];
    const { signal, timeoutMs } = options;
    await cluster.metadataFor(topics, { signal, timeoutMs });
    // Partitions may have been added since this metadata came.
    if (open.some((item) => isBeyond(cluster, item))) await cluster.refresh(topics, { signal });
    const asked = [...groupByLeader(cluster, open)].map(async ([leader, group]) => {
      const outcomes = await askOne(leader, group, ask);
      for (const [index, item] of group.entries()) {
        const outcome = outcomes[index] ?? { error: unanswered(item) };
        results.set(item, { key: placeOf(item), ...outcome });
      }
    });
    await Promise.all(asked);
    open = open.filter((item) => isTransient(results.get(item)));
    const [first] = open;
    const outcome = first === undefined ? undefined : results.get(first);
    if (outcome !== undefined && 'error' in outcome) throw outcome.error;
  };
  const again = () => cluster.refresh(topicsOf(open)).catch(() => undefined);
  await retrying(cluster, options, attempt, () => void again()).catch((error: unknown) => {
    // What is left unanswered is told below, with everything else that failed.
    if (open.some((item) => results.get(item) === undefined)) throw error;
  });
  return valuesOf(
    what,
    items.map((item) => results.get(item) ?? { error: unanswered(item) }),
  );
}

function topicsOf(items: readonly PartitionOf[]): string[] {
  return [...new Set(items.map(({ topic }) => topic))];
}

function isBeyond(cluster: Cluster, { topic, partition }: PartitionOf): boolean {
  return partition >= (cluster.topic(topic)?.partitions.length ?? Infinity);
}

function groupByLeader<I extends PartitionOf>(
  cluster: Cluster,
  items: readonly I[],
): Map<number, I[]> {
  const groups = new Map<number, I[]>();
  for (const item of items) {
    const { topic, partition } = item;
    const known = cluster.topic(topic)?.partitions;
    if (known !== undefined && partition >= known.length) {
      throw new KafkaError(
        'UNKNOWN_TOPIC_OR_PARTITION',
        `${topic} has ${known.length} partitions; there is no partition ${partition}.`,
        { topic, partition, retriable: false },
      );
    }
    const leader = known?.[partition]?.leader ?? -1;
    if (leader < 0) throw new KafkaError('LEADER_NOT_AVAILABLE', undefined, { topic, partition });
    const group = groups.get(leader);
    if (group === undefined) groups.set(leader, [item]);
    else group.push(item);
  }
  return groups;
}

async function askOne<I extends PartitionOf, T>(
  leader: number,
  items: readonly I[],
  ask: (leader: number, items: readonly I[]) => Promise<readonly Outcome<T>[]>,
): Promise<readonly Outcome<T>[]> {
  try {
    return await ask(leader, items);
  } catch (error) {
    if (!isKafkaError(error)) throw error;
    return items.map(() => ({ error }));
  }
}

function isTransient(
  outcome: Outcome<unknown> | undefined,
  mayPass: (error: KafkaError) => boolean = ({ retriable }) => retriable,
): boolean {
  return outcome === undefined || ('error' in outcome && mayPass(outcome.error));
}

function unanswered(about: ErrorContext = {}): KafkaError {
  const { topic, partition } = about;
  const what = partition === undefined ? 'what was asked for' : 'this partition';
  return new KafkaError('UNKNOWN_SERVER_ERROR', `The broker answered without ${what}.`, {
    topic,
    partition,
  });
}

function placeOf({ topic, partition }: PartitionOf): ItemKey {
  return { topic, partition };
}

/**
 * The values, when every outcome has one. Otherwise throws: the error itself when there is but
 * one, or the first with the number of failures and all of them as an AggregateError in `cause`;
 * `itemResults` tells of each item what became of it.
 */
export function valuesOf<T>(what: string, outcomes: readonly Outcome<T>[]): T[] {
  const values: T[] = [];
  const errors: KafkaError[] = [];
  for (const outcome of outcomes) {
    if ('error' in outcome) errors.push(outcome.error);
    else values.push(outcome.value);
  }
  const [first] = errors;
  if (first === undefined) return values;
  const results = outcomes.map(resultOf);
  if (errors.length === 1) throw withResults(first, results);
  const message = `${what} failed for ${errors.length} of ${outcomes.length}: ${first.message}`;
  const error = new KafkaError(first.code, message, {
    ...first.context,
    cause: new AggregateError(errors, message),
    retriable: errors.every((one) => one.retriable),
  });
  throw withResults(error, results);
}

function resultOf(outcome: Outcome<unknown>): ItemResult {
  const key = outcome.key ?? {};
  if ('error' in outcome) return { key, value: undefined, error: outcome.error };
  return { key, value: outcome.value, error: null };
}

/** The outcome of one thing from its error code; `key` names the thing. */
export function outcomeOf<T>(
  errorCode: number,
  errorMessage: string | null | undefined,
  key: ItemKey,
  value: () => T,
): Outcome<T> {
  if (errorCode === 0) return { key, value: value() };
  return { key, error: KafkaError.fromErrno(errorCode, errorMessage, contextOf(key)) };
}

/** What an error can name of a key: topic, partition and group. */
function contextOf(key: ItemKey): ErrorContext {
  const { topic, partition, group } = key;
  return {
    ...(typeof topic === 'string' ? { topic } : {}),
    ...(typeof partition === 'number' ? { partition } : {}),
    ...(typeof group === 'string' ? { group } : {}),
  };
}

/** Throws when an answer as a whole carries an error. */
export function throwOn(
  errorCode: number,
  errorMessage: string | null | undefined,
  about: { readonly group?: string; readonly api?: string; readonly broker?: string },
): void {
  if (errorCode !== 0) throw KafkaError.fromErrno(errorCode, errorMessage, about);
}

/** Throws when one of the codes says that the whole request went to the wrong place. */
export function throwWhenAny<T extends { readonly errorCode: number }>(
  answers: readonly T[],
  codes: readonly ErrorCode[],
): void {
  for (const { errorCode } of answers) {
    if (errorCode === 0) continue;
    const error = KafkaError.fromErrno(errorCode);
    if (codes.includes(error.code)) throw error;
  }
}
