import { hangUp, noAnswer } from '../../network/index.js';
import type { ApiName, RequestDecoded, ResponseInput } from '../../protocol/index.js';
import type { BrokerInternals } from '../broker-internals.js';

/** What a handler may know of the connection a request came over. */
export interface RequestConnection {
  /** Unique in this broker since its start. */
  readonly id: number;
  readonly closed: boolean;
  /** The address and port the client reached us at. */
  readonly localAddress: string;
  readonly localPort: number;
  /** Runs once when the connection closes; gives back a function that takes the listener away. */
  onClosed(run: () => void): () => void;
}

/** Everything beside the request's own fields that a handler may need. */
export interface RequestContext {
  readonly api: ApiName;
  readonly version: number;
  readonly clientId: string | null;
  /** The client's address as Kafka shows it: `/127.0.0.1`. */
  readonly clientHost: string;
  readonly connection: RequestConnection;
  readonly broker: BrokerInternals;
  /** Wall clock when the handler was called, in milliseconds. */
  readonly now: number;
}

/**
 * A handler returns `noAnswer` when the client expects none (Produce with acks 0), `hangUp` to
 * close the connection without one.
 */
export { hangUp, noAnswer };

export type Answer<A extends ApiName> = ResponseInput<A> | typeof noAnswer | typeof hangUp;

/**
 * Answers one request. Requests of one connection are handled one after the other (Produce
 * requests may overlap), so a handler that waits holds up only its own connection. What it throws
 * is logged and closes the connection: errors a client should see belong in the answer.
 */
export type Handler<A extends ApiName> = (
  request: RequestDecoded<A>,
  context: RequestContext,
) => Answer<A> | Promise<Answer<A>>;

export type HandlerTable = { readonly [A in ApiName]?: Handler<A> };
