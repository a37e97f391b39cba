/**
 * Legacy: the versions that Apache Kafka 4 no longer serves and clients from before 2017 still
 * send. They decode to the shapes of the modern definitions, so that a handler serves both.
 * Not part of the conformance table: Apache's schemas no longer describe them.
 */
import type { MessagePair } from '../api-messages.js';

/** The APIs that have legacy versions. */
export type LegacyApiName = 'Produce' | 'Fetch' | 'ListOffsets' | 'OffsetCommit' | 'OffsetFetch';

export type {
  LegacyListOffsetsRequestDecoded,
  LegacyListOffsetsResponse,
} from './list-offsets.js';

/** How to load the legacy definitions of an API. */
export const legacyDefinitions: { readonly [A in LegacyApiName]: () => Promise<MessagePair> } = {
  Produce: () =>
    import('./produce.js').then((m) => [m.legacyProduceRequest, m.legacyProduceResponse]),
  Fetch: () => import('./fetch.js').then((m) => [m.legacyFetchRequest, m.legacyFetchResponse]),
  ListOffsets: () =>
    import('./list-offsets.js').then((m) => [
      m.legacyListOffsetsRequest,
      m.legacyListOffsetsResponse,
    ]),
  OffsetCommit: () =>
    import('./offset-commit.js').then((m) => [
      m.legacyOffsetCommitRequest,
      m.legacyOffsetCommitResponse,
    ]),
  OffsetFetch: () =>
    import('./offset-fetch.js').then((m) => [
      m.legacyOffsetFetchRequest,
      m.legacyOffsetFetchResponse,
    ]),
};
