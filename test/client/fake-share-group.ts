// A scripted broker with a share group: hands out the offsets that a test puts in, one session
// after the other, and notes what it is told of them.
import type { KafkaError } from '../../src/errors/index.js';
import type { ClusterOptions } from '../../src/client/cluster/index.js';
import {
  type AcknowledgementResult,
  ShareConsumer,
  type ShareConsumerOptions,
} from '../../src/client/consumer/index.js';
import { loadApi, type RequestDecoded, type ResponseInput } from '../../src/protocol/index.js';
import { RecordBatchBuilder } from '../../src/records/index.js';
import { FakeCluster, finished } from './fake-cluster.js';

/** How long its locks last, in ms. */
export const lockMs = 30_000;

export async function loadShareApis(): Promise<void> {
  const names = ['ShareGroupHeartbeat', 'ShareFetch', 'ShareAcknowledge'] as const;
  await Promise.all(names.map((name) => loadApi(name)));
}

type Fetch = RequestDecoded<'ShareFetch'>;
type Acknowledge = RequestDecoded<'ShareAcknowledge'>;

/** A broker whose share group has one partition, with records that tests put in. */
export class FakeShareGroup {
  readonly cluster: FakeCluster;
  readonly topicId: string;
  /** Offsets with records that wait to be acquired. */
  readonly waiting: number[] = [];
  readonly deliveries = new Map<number, number>();
  readonly acknowledged: string[] = [];
  readonly fetches: Fetch[] = [];
  readonly heartbeats: RequestDecoded<'ShareGroupHeartbeat'>[] = [];
  readonly troubles: KafkaError[] = [];
  readonly results: AcknowledgementResult[] = [];
  sessionEpoch = 0;
  acknowledgeError = 0;
  fetchError = 0;
  heartbeatErrors: number[] = [];
  assigned = [0];
  epoch = 0;
  /** Who leads, as answers say. */
  leader = { leaderId: -1, leaderEpoch: -1 };

  constructor(cluster: FakeCluster) {
    this.cluster = cluster;
    this.topicId = cluster.topic('orders', 2).id;
    cluster.log('orders', 1).leader = 0;
    for (const broker of cluster.brokers) {
      broker.handlers.ShareGroupHeartbeat = (request) => this.#heartbeat(request);
      broker.handlers.ShareFetch = (request) => this.#fetch(request);
      broker.handlers.ShareAcknowledge = (request) => this.#acknowledge(request);
    }
  }

  #heartbeat(request: RequestDecoded<'ShareGroupHeartbeat'>): ResponseInput<'ShareGroupHeartbeat'> {
    this.heartbeats.push(request);
    const errorCode = this.heartbeatErrors.shift() ?? 0;
    if (errorCode !== 0) return { errorCode, memberEpoch: 0, heartbeatIntervalMs: 0 };
    if (request.memberEpoch === 0) this.epoch++;
    const topicPartitions = [{ topicId: this.topicId, partitions: this.assigned }];
    return {
      errorCode: 0,
      memberId: request.memberId,
      memberEpoch: this.epoch,
      heartbeatIntervalMs: 5000,
      assignment: { topicPartitions },
    };
  }

  #takes(topics: Acknowledge['topics']): void {
    for (const { partitions } of topics) {
      for (const { partitionIndex, acknowledgementBatches } of partitions) {
        for (const { firstOffset, lastOffset, acknowledgeTypes } of acknowledgementBatches) {
          this.acknowledged.push(
            `${partitionIndex}: ${firstOffset}-${lastOffset} ${acknowledgeTypes.join(',')}`,
          );
        }
      }
    }
  }

  async #fetch(request: Fetch): Promise<ResponseInput<'ShareFetch'>> {
    this.fetches.push(request);
    this.#takes(request.topics);
    const nothing = { acquisitionLockTimeoutMs: lockMs, responses: [], nodeEndpoints: [] };
    if (request.shareSessionEpoch !== this.sessionEpoch && request.shareSessionEpoch !== 0) {
      return { errorCode: 123, ...nothing };
    }
    if (this.fetchError !== 0) return { errorCode: this.fetchError, ...nothing };
    this.sessionEpoch = request.shareSessionEpoch + 1;
    if (this.waiting.length === 0) {
      await new Promise<void>((done) => {
        this.cluster.system.clock.after(request.maxWaitMs, done);
      });
    }
    const offsets = this.waiting.splice(0, request.maxRecords);
    const named = request.topics.flatMap(({ partitions }) => partitions);
    const indexes = new Set(named.map(({ partitionIndex }) => partitionIndex));
    if (offsets.length > 0) indexes.add(0);
    const partitions = [...indexes].map((index) => {
      return this.#partition(index, index === 0 ? offsets : []);
    });
    return { errorCode: 0, ...nothing, responses: [{ topicId: this.topicId, partitions }] };
  }

  #partition(partitionIndex: number, offsets: readonly number[]) {
    const acquiredRecords = offsets.map((offset) => {
      const deliveryCount = (this.deliveries.get(offset) ?? 0) + 1;
      this.deliveries.set(offset, deliveryCount);
      return { firstOffset: offset, lastOffset: offset, deliveryCount };
    });
    const batches = offsets.map((offset) => {
      const builder = new RecordBatchBuilder({ baseOffset: offset, partitionLeaderEpoch: 0 });
      builder.append({ key: null, value: Buffer.from(`v${offset}`), timestamp: 1 });
      return Buffer.from(builder.build());
    });
    return {
      partitionIndex,
      errorCode: 0,
      acknowledgeErrorCode: this.acknowledgeError,
      currentLeader: this.leader,
      records: Buffer.concat(batches),
      acquiredRecords,
    };
  }

  #acknowledge(request: Acknowledge): ResponseInput<'ShareAcknowledge'> {
    this.#takes(request.topics);
    if (request.shareSessionEpoch !== -1) this.sessionEpoch = request.shareSessionEpoch + 1;
    const responses = request.topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: this.acknowledgeError,
        currentLeader: { leaderId: -1, leaderEpoch: -1 },
      })),
    }));
    return { errorCode: 0, acquisitionLockTimeoutMs: lockMs, responses, nodeEndpoints: [] };
  }

  consumer(
    options: Partial<ShareConsumerOptions> = {},
    cluster: Partial<ClusterOptions> = {},
  ): ShareConsumer {
    return new ShareConsumer(this.cluster.client(cluster), {
      groupId: 'queue',
      topics: ['orders'],
      onError: (error) => this.troubles.push(error),
      onAcknowledged: (result) => this.results.push(result),
      ...options,
    });
  }

  done<T>(work: Promise<T>): Promise<T> {
    return finished(this.cluster.system, work);
  }

  async pass(ms: number): Promise<void> {
    const { clock } = this.cluster.system;
    for (let passed = 0; passed < ms; passed += 10) await clock.advance(10);
  }
}

export async function shared(brokers = 1): Promise<FakeShareGroup> {
  return new FakeShareGroup(await FakeCluster.start(brokers));
}
