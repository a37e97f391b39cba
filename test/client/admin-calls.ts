// What the tests of Admin's calls begin with: a scripted cluster and a client of it.
import { itemResults } from '../../src/client/admin/index.js';
import type { Cluster } from '../../src/client/cluster/index.js';
import { type ApiName, loadApi } from '../../src/protocol/index.js';
import { FakeCluster, finished } from './fake-cluster.js';

const loaded = [
  ...['CreateAcls', 'DescribeAcls', 'DeleteAcls', 'AlterUserScramCredentials'],
  ...['DescribeClientQuotas', 'AlterClientQuotas', 'DescribeLogDirs', 'AlterReplicaLogDirs'],
  ...['AlterPartitionReassignments', 'ElectLeaders', 'UpdateFeatures', 'DescribeQuorum'],
  ...['AddRaftVoter', 'ListTransactions', 'DescribeTransactions', 'WriteTxnMarkers'],
  ...['DescribeProducers', 'CreateDelegationToken', 'ListConfigResources', 'DescribeGroups'],
  ...['ConsumerGroupDescribe', 'ShareGroupDescribe', 'StreamsGroupDescribe', 'LeaveGroup'],
  ...['DescribeShareGroupOffsets', 'OffsetFetch', 'OffsetCommit', 'ListOffsets', 'DeleteTopics'],
  ...['DescribeTopicPartitions', 'DescribeCluster', 'ListGroups'],
] as const satisfies readonly string[];

/** The messages in memory, so that a request leaves in the turn in which it is made. */
export async function loadAdminApis(): Promise<void> {
  await Promise.all(loaded.map((name) => loadApi(name as ApiName)));
}

export async function fake(brokers = 1) {
  const cluster = await FakeCluster.start(brokers);
  const client = cluster.client();
  client.retain();
  const [first] = cluster.brokers;
  if (first === undefined) throw new Error('there is no broker');
  const done = <T>(work: (cluster: Cluster) => Promise<T>) =>
    finished(cluster.system, work(client));
  return { cluster, client, broker: first, handlers: first.handlers, done };
}

/** What became of each item of a call that failed: the code of its error, or null. */
export async function codesOf(work: Promise<unknown>): Promise<(string | null)[]> {
  const error = await work.then(() => undefined).catch((thrown: unknown) => thrown);
  return itemResults(error).map((result) => result.error?.code ?? null);
}
