import { type Channel, channel } from 'node:diagnostics_channel';
import type { KafkaError } from '../errors/index.js';
import type { Clock } from '../system/index.js';

/** What the channel `kafkit.client.connection` tells. */
export interface ConnectionEvent {
  readonly clientId: string;
  /** `host:port`, with the id of the broker where it is known. */
  readonly broker: string;
  readonly state: 'opened' | 'failed' | 'closed';
  /** Why it failed or was closed by the other side. */
  readonly error: KafkaError | undefined;
}

/** What the channel `kafkit.client.request` tells of each request that waits for an answer. */
export interface RequestEvent {
  readonly clientId: string;
  readonly api: string;
  readonly broker: string;
  readonly durationMs: number;
  /** Why there was no answer; errors within an answer are none of these. */
  readonly error: unknown;
}

/** What the channel `kafkit.consumer.rebalance` tells. */
export interface RebalanceEvent {
  readonly groupId: string | undefined;
  readonly kind: 'assigned' | 'revoked' | 'lost';
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
}

/** What the channel `kafkit.consumer.commit` tells. */
export interface CommitEvent {
  readonly groupId: string;
  readonly offsets: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  }[];
  readonly error: KafkaError | undefined;
}

export const connections: Channel = channel('kafkit.client.connection');
export const requests: Channel = channel('kafkit.client.request');
export const rebalances: Channel = channel('kafkit.consumer.rebalance');
export const commits: Channel = channel('kafkit.consumer.commit');

/** Passes the answer on and tells how long it took. */
export async function tellRequest<T>(
  clock: Clock,
  facts: Pick<RequestEvent, 'clientId' | 'api' | 'broker'>,
  answer: Promise<T>,
): Promise<T> {
  const startedAt = clock.monotonic();
  const tell = (error: unknown): void => {
    const event: RequestEvent = { ...facts, durationMs: clock.monotonic() - startedAt, error };
    requests.publish(event);
  };
  try {
    const answered = await answer;
    tell(undefined);
    return answered;
  } catch (error) {
    tell(error);
    throw error;
  }
}
