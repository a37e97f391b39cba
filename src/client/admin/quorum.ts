import type { ResponseDecoded } from '../../protocol/index.js';
import type { Cluster } from '../cluster/index.js';
import { type CallOptions, retrying, throwOn } from './routing.js';

/** A controller, or a broker that follows them, as the leader of the metadata log sees it. */
export interface QuorumReplica {
  readonly replicaId: number;
  /** Null where the broker does not say. */
  readonly directoryId: string | null;
  readonly logEndOffset: number;
  /** ms since 1970; null for the leader's unknown. */
  readonly lastFetchTimestamp: number | null;
  readonly lastCaughtUpTimestamp: number | null;
}

/** The KRaft quorum (KIP-836, KIP-853). */
export interface MetadataQuorum {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly QuorumReplica[];
  readonly observers: readonly QuorumReplica[];
  /** The listeners of the voters; empty where the broker does not say. */
  readonly nodes: readonly {
    readonly id: number;
    readonly listeners: readonly RaftListener[];
  }[];
}

/** Where a controller listens. */
export interface RaftListener {
  /** Its name, such as `CONTROLLER`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface RaftVoter {
  readonly id: number;
  /** The id in the `meta.properties` of its metadata directory. */
  readonly directoryId: string;
}

export interface NewRaftVoter extends RaftVoter {
  readonly listeners: readonly RaftListener[];
}

export interface RaftVoterOptions extends CallOptions {
  /** Refuse where the cluster is another one (INCONSISTENT_CLUSTER_ID). */
  readonly clusterId?: string | undefined;
}

const metadataTopic = '__cluster_metadata';

export async function describeMetadataQuorum(
  cluster: Cluster,
  options: CallOptions,
): Promise<MetadataQuorum> {
  const request = { topics: [{ topicName: metadataTopic, partitions: [{ partitionIndex: 0 }] }] };
  return await retrying(cluster, options, async () => {
    const { signal } = options;
    const answer = await cluster.send('DescribeQuorum', request, 'any', { signal });
    throwOn(answer.errorCode, answer.errorMessage, { api: 'DescribeQuorum' });
    const partition = answer.topics[0]?.partitions[0];
    throwOn(partition?.errorCode ?? -1, partition?.errorMessage, { api: 'DescribeQuorum' });
    return {
      leaderId: partition?.leaderId ?? -1,
      leaderEpoch: partition?.leaderEpoch ?? -1,
      highWatermark: partition?.highWatermark ?? -1,
      voters: (partition?.currentVoters ?? []).map(replicaOf),
      observers: (partition?.observers ?? []).map(replicaOf),
      nodes: answer.nodes.map(({ nodeId: id, listeners }) => ({ id, listeners })),
    };
  });
}

type Replica = NonNullable<
  ResponseDecoded<'DescribeQuorum'>['topics'][number]['partitions'][number]
>['currentVoters'][number];

function replicaOf(replica: Replica): QuorumReplica {
  const { replicaId, replicaDirectoryId, logEndOffset } = replica;
  const { lastFetchTimestamp: fetched, lastCaughtUpTimestamp: caughtUp } = replica;
  return {
    replicaId,
    directoryId: replicaDirectoryId === noDirectory ? null : replicaDirectoryId,
    logEndOffset,
    lastFetchTimestamp: fetched < 0 ? null : fetched,
    lastCaughtUpTimestamp: caughtUp < 0 ? null : caughtUp,
  };
}

const noDirectory = 'AAAAAAAAAAAAAAAAAAAAAA';

/** DUPLICATE_VOTER, REQUEST_TIMED_OUT while it is not caught up, INVALID_REQUEST … */
export async function addRaftVoter(
  cluster: Cluster,
  voter: NewRaftVoter,
  options: RaftVoterOptions,
): Promise<void> {
  const request = {
    clusterId: options.clusterId ?? null,
    timeoutMs: options.timeoutMs ?? cluster.options.requestTimeoutMs,
    voterId: voter.id,
    voterDirectoryId: voter.directoryId,
    listeners: voter.listeners.map(({ name, host, port }) => ({ name, host, port })),
  };
  await retrying(cluster, options, async () => {
    const { signal } = options;
    const answer = await cluster.send('AddRaftVoter', request, 'controller', { signal });
    throwOn(answer.errorCode, answer.errorMessage, { api: 'AddRaftVoter' });
  });
}

/** VOTER_NOT_FOUND where there is no voter of this id in this directory. */
export async function removeRaftVoter(
  cluster: Cluster,
  voter: RaftVoter,
  options: RaftVoterOptions,
): Promise<void> {
  const request = {
    clusterId: options.clusterId ?? null,
    voterId: voter.id,
    voterDirectoryId: voter.directoryId,
  };
  await retrying(cluster, options, async () => {
    const { signal } = options;
    const answer = await cluster.send('RemoveRaftVoter', request, 'controller', { signal });
    throwOn(answer.errorCode, answer.errorMessage, { api: 'RemoveRaftVoter' });
  });
}
