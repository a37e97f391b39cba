import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { answersFor, byTopicName } from './by-topic.js';
import { askLeaders, type CallOptions, outcomeOf, type PartitionOf } from './routing.js';

/** Places with a name, by the numbers that stand for them in ListOffsets. */
const places = {
  latest: -1,
  earliest: -2,
  'max-timestamp': -3,
  'earliest-local': -4,
  'latest-tiered': -5,
  'earliest-pending-upload': -6,
} as const;

/** Versions from which on a broker knows the place. */
const placeVersions: Readonly<Record<keyof typeof places, number>> = {
  latest: 1,
  earliest: 1,
  'max-timestamp': 7,
  'earliest-local': 8,
  'latest-tiered': 9,
  'earliest-pending-upload': 11,
};

/**
 * `earliest` is the first record kept, `latest` the offset of the next to come, `max-timestamp`
 * the record with the largest timestamp (KIP-734); a timestamp (ms since 1970) means the first
 * record that is as new. Where records are tiered (KIP-405): `earliest-local` is the first on the
 * leader's own disk (KIP-1005), `latest-tiered` the last that has been moved, and
 * `earliest-pending-upload` the first that has not (KIP-1023).
 */
export type OffsetPlace = keyof typeof places | { readonly timestamp: number };

export interface OffsetQuery extends PartitionOf {
  readonly at: OffsetPlace;
}

export interface ListOffsetsOptions extends CallOptions {
  /** With `read_committed`, `latest` is the last stable offset. Default `read_uncommitted`. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed' | undefined;
}

export interface ListedOffset extends PartitionOf {
  /** -1 where no record is as new as the timestamp asked for. */
  readonly offset: number;
  /** Timestamp of that record; -1 for `earliest` and `latest`. */
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

export async function listOffsets(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  options: ListOffsetsOptions,
): Promise<ListedOffset[]> {
  // A broker refuses a request that names a partition twice: such questions go one by one.
  const layers = layersOf(queries);
  const answers = await Promise.all(layers.map((layer) => askFor(cluster, layer, options)));
  const found = new Map<OffsetQuery, ListedOffset>();
  for (const [index, layer] of layers.entries()) {
    for (const [at, query] of layer.entries()) {
      found.set(query, answers[index]?.[at] as ListedOffset);
    }
  }
  return queries.map((query) => found.get(query) as ListedOffset);
}

/** The queries in groups, none of which names a partition twice. */
function layersOf(queries: readonly OffsetQuery[]): OffsetQuery[][] {
  const layers: OffsetQuery[][] = [];
  const seen = new Map<string, number>();
  for (const query of queries) {
    const name = `${query.topic}/${query.partition}`;
    const depth = seen.get(name) ?? 0;
    seen.set(name, depth + 1);
    const layer = layers[depth];
    if (layer === undefined) layers.push([query]);
    else layer.push(query);
  }
  return layers;
}

async function askFor(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  options: ListOffsetsOptions,
): Promise<ListedOffset[]> {
  const isolationLevel = options.isolationLevel === 'read_committed' ? 1 : 0;
  const versionMin = Math.max(1, ...queries.map(({ at }) => versionFor(at)));
  return await askLeaders(cluster, queries, options, 'listOffsets', async (leader, items) => {
    const response = await cluster.send(
      'ListOffsets',
      (version) => ({
        replicaId: -1,
        ...(version >= 2 ? { isolationLevel } : {}),
        topics: byTopicName(items).map(([name, list]) => ({
          name,
          partitions: list.map(({ partition, at }) => ({
            partitionIndex: partition,
            timestamp: timestampOf(at),
          })),
        })),
        ...(version >= 10 ? { timeoutMs: cluster.options.requestTimeoutMs } : {}),
      }),
      { broker: leader },
      { signal: options.signal, versionMin },
    );
    return answersFor(items, response.topics, ({ topic, partition }, answer) =>
      answer === undefined
        ? { error: new KafkaError('UNKNOWN_SERVER_ERROR', undefined, { topic, partition }) }
        : outcomeOf(answer.errorCode, undefined, { topic, partition }, () => ({
            topic,
            partition,
            offset: answer.offset,
            timestamp: answer.timestamp,
            leaderEpoch: answer.leaderEpoch,
          })),
    );
  });
}

function versionFor(at: OffsetPlace): number {
  return typeof at === 'string' ? (placeVersions[at] ?? 1) : 1;
}

function timestampOf(at: OffsetPlace): number {
  if (typeof at === 'object') return at.timestamp;
  const place = places[at] as number | undefined;
  if (place !== undefined) return place;
  throw new KafkaError('INVALID_ARGUMENT', `'${String(at)}' is no place in a partition.`, {
    hint: `It is a timestamp, or one of ${Object.keys(places).join(', ')}.`,
  });
}
