import { errorCodeOf, KafkaError } from '../../../errors/index.js';
import type { ResponseDecoded } from '../../../protocol/index.js';
import type { Cluster } from '../../cluster/index.js';
import { asKafkaError } from '../offset-lookup.js';
import { type SharePartition, sharePartitionKey } from './acquired-record.js';
import type { HeldRecords } from './held-records.js';
import type { ShareConsumerSettings } from './share-consumer-settings.js';
import { readShareFetched } from './share-fetched.js';
import { finalEpoch, shareAcknowledgeInput, shareFetchInput } from './share-requests.js';
import type { AcknowledgementsByPartition, ShareSource } from './share-source.js';

type FetchResponse = ResponseDecoded<'ShareFetch'>;
type FetchPartition = FetchResponse['responses'][number]['partitions'][number];

/** What an exchange tells. */
export interface ShareExchangeHost {
  readonly memberId: string;
  /** Whether whole batches may be asked for. */
  isAmple(): boolean;
  partitionFailed(source: ShareSource, error: KafkaError): void;
  changed(): void;
  troubled(error: KafkaError): void;
}

/** The requests of share sessions, and what their answers say of records and acknowledgements. */
export class ShareExchange {
  /** How long a lock lasts, in ms, as a broker said last. */
  lockMs: number | undefined;
  readonly #cluster: Cluster;
  readonly #settings: ShareConsumerSettings<unknown, unknown>;
  readonly #held: HeldRecords;
  readonly #host: ShareExchangeHost;
  readonly #lane: string;
  readonly #signal: AbortSignal;

  constructor(
    cluster: Cluster,
    settings: ShareConsumerSettings<unknown, unknown>,
    held: HeldRecords,
    host: ShareExchangeHost,
    via: { readonly lane: string; readonly signal: AbortSignal },
  ) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#held = held;
    this.#host = host;
    this.#lane = via.lane;
    this.#signal = via.signal;
  }

  /** The acknowledgements failed, all of them. */
  fail(acknowledgements: AcknowledgementsByPartition, error: KafkaError): void {
    for (const each of acknowledgements.values()) this.#held.answered(each, error, undefined);
  }

  /** A fetch for exactly these partitions; what waits to be acknowledged travels along. */
  async fetch(
    source: ShareSource,
    partitions: readonly SharePartition[],
    maxRecords: number,
  ): Promise<void> {
    const acknowledgements = source.take();
    const { groupId, acquireMode } = this.#settings;
    const identity = { groupId, memberId: this.#host.memberId };
    const isRecordLimit =
      acquireMode === undefined ? !this.#host.isAmple() : acquireMode === 'record_limit';
    const request = source.session.next(partitions);
    const bounds = { maxRecords, isRecordLimit };
    try {
      const response = await this.#cluster.send(
        'ShareFetch',
        shareFetchInput(identity, request, acknowledgements, this.#settings, bounds),
        { broker: source.broker },
        { lane: this.#lane, signal: this.#signal },
      );
      this.#check(response, 'ShareFetch');
      source.session.succeeded();
      this.lockMs = response.acquisitionLockTimeoutMs;
      this.#held.fetches++;
      await this.#fetched(source, response, partitions, acknowledgements);
    } catch (error) {
      this.fail(acknowledgements, asKafkaError(error));
      throw error;
    }
    this.fail(acknowledgements, unanswered());
  }

  async #fetched(
    source: ShareSource,
    response: FetchResponse,
    partitions: readonly SharePartition[],
    acknowledgements: AcknowledgementsByPartition,
  ): Promise<void> {
    const lockEndsAt = this.#cluster.system.clock.monotonic() + response.acquisitionLockTimeoutMs;
    const known = new Map(partitions.map((each) => [sharePartitionKey(each), each]));
    for (const { topicId, partitions: answers } of response.responses) {
      for (const answer of answers) {
        const key = `${topicId}:${answer.partitionIndex}`;
        const sent = acknowledgements.get(key);
        if (sent !== undefined) {
          acknowledgements.delete(key);
          const { acknowledgeErrorCode: code, acknowledgeErrorMessage: text } = answer;
          this.#held.answered(sent, errorOf(code, text, sent.of), this.lockMs);
        }
        const of = known.get(key) ?? sent?.of;
        if (of === undefined) continue;
        this.#leads(of, answer, response.nodeEndpoints);
        await this.#received(source, of, answer, lockEndsAt);
      }
    }
    this.#host.changed();
  }

  async #received(
    source: ShareSource,
    of: SharePartition,
    answer: FetchPartition,
    lockEndsAt: number,
  ): Promise<void> {
    const error = errorOf(answer.errorCode, answer.errorMessage, of);
    if (error !== null) {
      this.#host.partitionFailed(source, error);
      return;
    }
    if (answer.acquiredRecords.length === 0) return;
    const fetched = await readShareFetched({
      of,
      broker: source.broker,
      records: answer.records ?? Buffer.alloc(0),
      acquired: answer.acquiredRecords,
      lockEndsAt,
      checkCrcs: this.#settings.checkCrcs,
    });
    const now = this.#cluster.system.clock.monotonic();
    for (const [offset, type] of fetched.others) source.note(of, offset, type, undefined, now);
    if (fetched.damage !== undefined) this.#host.troubled(fetched.damage);
    this.#held.add(fetched.records);
  }

  /** Takes over who leads now, where the answer says so (KIP-951). */
  #leads(
    { topic, partition }: SharePartition,
    { currentLeader: { leaderId, leaderEpoch } }: Pick<FetchPartition, 'currentLeader'>,
    endpoints: FetchResponse['nodeEndpoints'],
  ): void {
    if (leaderId < 0 || leaderEpoch < 0) return;
    const brokers = endpoints.map(({ nodeId: id, host, port, rack }) => ({ id, host, port, rack }));
    this.#cluster.leaderHint(topic, partition, leaderId, leaderEpoch, brokers);
  }

  /** What waits to be acknowledged, alone; with the final epoch it closes the session. */
  async acknowledge(source: ShareSource, epoch: number): Promise<void> {
    const acknowledgements = source.take();
    if (!source.session.isOpen) {
      this.fail(acknowledgements, new KafkaError('SHARE_SESSION_NOT_FOUND'));
      return;
    }
    const { groupId } = this.#settings;
    const identity = { groupId, memberId: this.#host.memberId };
    try {
      const response = await this.#cluster.send(
        'ShareAcknowledge',
        shareAcknowledgeInput(identity, epoch, acknowledgements),
        { broker: source.broker },
        { lane: this.#lane, signal: this.#signal },
      );
      this.#check(response, 'ShareAcknowledge');
      if (epoch === finalEpoch) source.session.reset();
      else source.session.succeeded();
      this.#held.acknowledges++;
      if (response.acquisitionLockTimeoutMs > 0) this.lockMs = response.acquisitionLockTimeoutMs;
      for (const { topicId, partitions } of response.responses) {
        for (const answer of partitions) {
          const key = `${topicId}:${answer.partitionIndex}`;
          const sent = acknowledgements.get(key);
          if (sent === undefined) continue;
          acknowledgements.delete(key);
          const error = errorOf(answer.errorCode, answer.errorMessage, sent.of);
          this.#held.answered(sent, error, this.lockMs);
          this.#leads(sent.of, answer, response.nodeEndpoints);
        }
      }
    } catch (error) {
      this.fail(acknowledgements, asKafkaError(error));
      throw error;
    }
    this.fail(acknowledgements, unanswered());
  }

  #check(
    answer: { readonly errorCode: number; readonly errorMessage: string | null },
    api: string,
  ) {
    const code = errorCodeOf(answer.errorCode);
    if (code === 'NONE') return;
    const { groupId: group } = this.#settings;
    throw new KafkaError(code, answer.errorMessage ?? undefined, { group, api });
  }
}

function errorOf(
  errorCode: number,
  message: string | null,
  { topic, partition }: SharePartition,
): KafkaError | null {
  if (errorCode === 0) return null;
  return KafkaError.fromErrno(errorCode, message, { topic, partition });
}

function unanswered(): KafkaError {
  const text = 'The broker answered without a word about the acknowledgements.';
  return new KafkaError('UNKNOWN_SERVER_ERROR', text);
}
