// Several scripted brokers with one list of topics, leaders and logs. The logs know idempotence
// as Kafka does: sequences per producer id and epoch, duplicates recognised among the last five.
import { isKafkaError } from '../../src/errors/index.js';
import { Cluster, type ClusterOptions } from '../../src/client/cluster/index.js';
import type { RequestDecoded, ResponseInput } from '../../src/protocol/index.js';
import { batchesIn, type RecordBatch } from '../../src/records/index.js';
import { silentLogger } from '../../src/system/index.js';
import { type SimulatedSystem, simulatedSystem } from '../../src/system/simulated/index.js';
import { FakeBroker, loadApis } from './fake-broker.js';

const duplicatesKept = 5;

interface ProducerEntry {
  epoch: number;
  lastSequence: number;
  readonly batches: { sequence: number; count: number; offset: number }[];
}

export class FakeLog {
  leader = 0;
  epoch = 0;
  readonly values: string[] = [];
  readonly #producers = new Map<number, ProducerEntry>();

  /** What Kafka does with a batch: an error code, or the offset where it begins. */
  append(batch: RecordBatch): { errorCode: number; baseOffset: number } {
    const { producerId, producerEpoch, baseSequence, count } = batch;
    if (!batch.isValid()) return { errorCode: 2, baseOffset: -1 };
    if (producerId >= 0) {
      let entry = this.#producers.get(producerId);
      if (entry !== undefined && producerEpoch < entry.epoch)
        return { errorCode: 47, baseOffset: -1 };
      if (entry === undefined || producerEpoch > entry.epoch) {
        // Whom the log does not know may begin anywhere.
        if (entry !== undefined && baseSequence !== 0) return { errorCode: 45, baseOffset: -1 };
        entry = { epoch: producerEpoch, lastSequence: baseSequence - 1, batches: [] };
        this.#producers.set(producerId, entry);
      }
      const twin = entry.batches.find(
        (one) => one.sequence === baseSequence && one.count === count,
      );
      if (twin !== undefined) return { errorCode: 0, baseOffset: twin.offset };
      if (baseSequence !== entry.lastSequence + 1) return { errorCode: 45, baseOffset: -1 };
      entry.lastSequence += count;
      entry.batches.push({ sequence: baseSequence, count, offset: this.values.length });
      if (entry.batches.length > duplicatesKept) entry.batches.shift();
    }
    const baseOffset = this.values.length;
    for (const record of batch.records()) this.values.push(record.value?.toString() ?? '');
    return { errorCode: 0, baseOffset };
  }
}

export interface FakeTopic {
  id: string;
  readonly logs: FakeLog[];
}

type Produce = RequestDecoded<'Produce'>;
type ProduceAnswer = ResponseInput<'Produce'>;

/** Ids of topics: 22 characters of base64url. */
function topicId(number: number): string {
  return Buffer.from(number.toString().padStart(16, 't')).toString('base64url');
}

export class FakeCluster {
  readonly system: SimulatedSystem;
  readonly brokers: FakeBroker[] = [];
  readonly topics = new Map<string, FakeTopic>();
  /** Whether asking for metadata creates a topic (of one partition). */
  autoCreate = false;
  nextProducerId = 1000;
  #ids = 0;

  constructor(seed = 1) {
    this.system = simulatedSystem(seed);
  }

  static async start(brokers = 1, seed = 1): Promise<FakeCluster> {
    await loadApis();
    const cluster = new FakeCluster(seed);
    for (let id = 0; id < brokers; id++) {
      const broker = new FakeBroker(cluster.system.net, `broker-${id}`, 9092, {
        Metadata: (request) => cluster.metadata(request),
        InitProducerId: () => ({
          errorCode: 0,
          producerId: cluster.nextProducerId++,
          producerEpoch: 0,
        }),
        Produce: (request) => cluster.produce(request, id),
        FindCoordinator: (request) => ({
          coordinators: request.coordinatorKeys.map((key) => ({
            key,
            nodeId: 0,
            host: 'broker-0',
            port: 9092,
            errorCode: 0,
            errorMessage: null,
          })),
        }),
      });
      cluster.brokers.push(await broker.start());
    }
    return cluster;
  }

  topic(name: string, partitions = 1): FakeTopic {
    const logs = Array.from({ length: partitions }, (_, index) => {
      const log = new FakeLog();
      log.leader = index % Math.max(1, this.brokers.length);
      return log;
    });
    const topic = { id: topicId(++this.#ids), logs };
    this.topics.set(name, topic);
    return topic;
  }

  log(name: string, partition = 0): FakeLog {
    const log = this.topics.get(name)?.logs[partition];
    if (log === undefined) throw new Error(`no ${name}-${partition}`);
    return log;
  }

  metadata(request: RequestDecoded<'Metadata'>): ResponseInput<'Metadata'> {
    const names = request.topics?.map(({ name }) => name ?? '') ?? [...this.topics.keys()];
    return {
      brokers: this.brokers.map(({ host, port }, nodeId) => ({ nodeId, host, port })),
      clusterId: 'fake',
      controllerId: 0,
      topics: names.map((name) => this.#describe(name, request.allowAutoTopicCreation)),
    };
  }

  #describe(name: string, mayCreate: boolean): ResponseInput<'Metadata'>['topics'][number] {
    const topic = this.topics.get(name);
    if (topic === undefined) {
      if (this.autoCreate && mayCreate) this.topic(name);
      return { errorCode: 3, name, partitions: [] };
    }
    const partitions = topic.logs.map(({ leader, epoch }, partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: leader,
      leaderEpoch: epoch,
      replicaNodes: [0],
      isrNodes: [0],
    }));
    return { errorCode: 0, name, topicId: topic.id, partitions };
  }

  produce(request: Produce, broker: number): ProduceAnswer {
    const responses = request.topicData.map(({ name, topicId: id, partitionData }) => {
      const [found = name] = [...this.topics].find(([, topic]) => topic.id === id) ?? [];
      const topic = this.topics.get(found);
      const partitionResponses = partitionData.map(({ index, records }) => {
        const log = topic?.logs[index];
        if (log === undefined) return { index, errorCode: 3, baseOffset: -1 };
        if (log.leader !== broker) return { index, errorCode: 6, baseOffset: -1 };
        const [batch] = [...batchesIn(records ?? Buffer.alloc(0))];
        if (batch === undefined) return { index, errorCode: 2, baseOffset: -1 };
        return { index, ...log.append(batch) };
      });
      return { name: found, topicId: id, partitionResponses };
    });
    return { responses };
  }

  client(options: Partial<ClusterOptions> = {}): Cluster {
    return new Cluster({
      bootstrapServers: this.brokers.map(({ address }) => address),
      clientId: 'test',
      system: this.system,
      logger: silentLogger,
      requestTimeoutMs: 30_000,
      connectionTimeoutMs: 10_000,
      connectionTimeoutMaxMs: 30_000,
      reconnectBackoffMs: 50,
      reconnectBackoffMaxMs: 1000,
      retryBackoffMs: 100,
      retryBackoffMaxMs: 1000,
      metadataMaxAgeMs: 300_000,
      metadataClusterCheckEnable: true,
      connectionsMaxIdleMs: 540_000,
      apiTimeoutMs: 60_000,
      tls: undefined,
      ...options,
    });
  }
}

/** The code of the error a promise fails with, and its message. */
export async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    if (isKafkaError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('it worked');
}

/** Runs virtual time on until the work is done, in steps, up to `limitMs`. */
export async function finished<T>(
  system: SimulatedSystem,
  work: Promise<T>,
  limitMs = 600_000,
): Promise<T> {
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  work.then(done, done);
  await system.clock.settle();
  for (let passed = 0; !isDone && passed < limitMs; passed += 10) await system.clock.advance(10);
  if (!isDone) throw new Error(`not finished after ${limitMs} ms of virtual time`);
  return await work;
}
