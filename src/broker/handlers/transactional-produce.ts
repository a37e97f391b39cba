import type { ErrorCode } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import { AppendError } from '../log/index.js';
import type { ProducerAtEpoch } from '../coordinator/index.js';
import type { Partition } from '../partition/partition.js';
import type { RequestContext } from './handler.js';

type Request = RequestDecoded<'Produce'>;

/** From this version on TRANSACTION_ABORTABLE may be answered (KIP-890). */
const abortableSince = 11;
/** From this version on the broker itself takes the partitions into the transaction. */
const addsSince = 12;

const transactionalBit = 0x10;
const headerBytes = 61;
const attributesAt = 21;
const producerIdAt = 43;
const producerEpochAt = 51;
const baseSequenceAt = 53;

interface TransactionalBatch extends ProducerAtEpoch {
  readonly baseSequence: number;
}

/** What the header of a transactional batch says of its producer; undefined for other batches. */
function transactionalBatch(records: Buffer | null): TransactionalBatch | undefined {
  if (records === null || records.length < headerBytes || records[16] !== 2) return undefined;
  if ((records.readInt16BE(attributesAt) & transactionalBit) === 0) return undefined;
  return {
    producerId: Number(records.readBigInt64BE(producerIdAt)),
    producerEpoch: records.readInt16BE(producerEpochAt),
    baseSequence: records.readInt32BE(baseSequenceAt),
  };
}

/**
 * The transactional batches of one Produce request. A batch may only be appended while its
 * transaction is open and has the partition in it; otherwise it could come behind the marker and
 * never be ended (KIP-890). Where the log knows the producer's transaction already, that is so.
 */
export class TransactionalProduce {
  readonly #request: Request;
  readonly #context: RequestContext;
  /** The answer of the coordinator where partitions had to be added, by producer. */
  readonly #adding = new Map<string, Promise<ErrorCode>>();

  constructor(request: Request, context: RequestContext) {
    this.#request = request;
    this.#context = context;
    if (request.transactionalId !== null && context.version >= addsSince) this.#addAll();
  }

  /**
   * What must be over before the batch is appended, if anything; and the last check, which runs
   * right before that. Throws AppendError where the batch cannot be appended.
   */
  admission(
    partition: Partition,
    records: Buffer,
  ): { readonly before: Promise<void> | undefined; readonly admit: () => void } | undefined {
    const batch = transactionalBatch(records);
    if (batch === undefined) return undefined;
    if (this.#request.transactionalId === null) {
      throw new AppendError(
        'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
        'A transactional batch came without a transactional id.',
      );
    }
    const adding = this.#adding.get(keyOf(batch));
    const before =
      adding === undefined || isOpen(partition, batch)
        ? undefined
        : adding.then((code) => {
            if (code !== 'NONE') throw this.#refusal(code);
          });
    return { before, admit: () => this.#admit(partition, batch) };
  }

  #admit(partition: Partition, batch: TransactionalBatch): void {
    const { transactionalId } = this.#request;
    const { broker, version } = this.#context;
    if (transactionalId === null || isOpen(partition, batch)) return;
    const { topic, index, log } = partition;
    const fault = broker.transactions.fault(transactionalId, batch, topic, index);
    if (fault !== undefined) throw this.#refusal(fault);
    const isUnknown = log.producerState.entry(batch.producerId) === undefined;
    if (version >= addsSince && isUnknown && batch.baseSequence !== 0) {
      throw new AppendError(
        'OUT_OF_ORDER_SEQUENCE_NUMBER',
        `Producer ${batch.producerId} begins ${topic}-${index} at ${batch.baseSequence}, not 0.`,
        { topic, partition: index, logStartOffset: log.logStartOffset },
      );
    }
  }

  /** Asks the coordinator once for all partitions whose log knows no open transaction. */
  #addAll(): void {
    const { topics, transactions } = this.#context.broker;
    const wanted = new Map<string, { batch: TransactionalBatch; at: Map<string, number[]> }>();
    for (const { name, topicId, partitionData } of this.#request.topicData) {
      const topic = this.#context.version >= 13 ? topics.byId(topicId) : topics.byName(name);
      if (topic === undefined || topic.internal) continue;
      for (const { index, records } of partitionData) {
        const partition = topic.partitions[index];
        const batch = transactionalBatch(records);
        if (partition === undefined || batch === undefined || isOpen(partition, batch)) continue;
        const entry = wanted.get(keyOf(batch)) ?? { batch, at: new Map() };
        wanted.set(keyOf(batch), entry);
        const indexes = entry.at.get(topic.name) ?? [];
        entry.at.set(topic.name, [...indexes, index]);
      }
    }
    const transactionalId = this.#request.transactionalId ?? '';
    for (const [key, { batch, at }] of wanted) {
      const { producerId, producerEpoch } = batch;
      const producer = { transactionalId, producerId, producerEpoch };
      const request = { ...producer, partitions: [...at], clientVersion: 2 };
      this.#adding.set(key, transactions.addPartitionsPatiently(request));
    }
  }

  #refusal(code: ErrorCode): AppendError {
    const { version } = this.#context;
    if (code === 'TRANSACTION_ABORTABLE' && version < abortableSince) {
      const answer = 'Partition was not added to the transaction';
      return new AppendError('INVALID_TXN_STATE', answer, { answer });
    }
    return new AppendError(told(code), `The coordinator of the transaction says ${code}.`);
  }
}

/** Produce requests name errors of the coordinator in their own way. */
function told(code: ErrorCode): ErrorCode {
  switch (code) {
    case 'PRODUCER_FENCED':
      return 'INVALID_PRODUCER_EPOCH';
    case 'COORDINATOR_LOAD_IN_PROGRESS':
    case 'COORDINATOR_NOT_AVAILABLE':
    case 'NOT_COORDINATOR':
      return 'NOT_ENOUGH_REPLICAS';
    default:
      return code;
  }
}

function isOpen(partition: Partition, batch: ProducerAtEpoch): boolean {
  return partition.openTransactionOf(batch.producerId)?.producerEpoch === batch.producerEpoch;
}

function keyOf({ producerId, producerEpoch }: ProducerAtEpoch): string {
  return `${producerId}:${producerEpoch}`;
}
