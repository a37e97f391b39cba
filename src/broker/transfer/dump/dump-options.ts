import type { System } from '../../../system/index.js';

/**
 * How keys and values of a `.log` are shown: as text, or as the records that Kafka keeps for itself
 * in `__consumer_offsets`, `__transaction_state`, `__share_group_state` and its metadata log.
 */
export type DumpDecoder = 'text' | 'offsets' | 'transactions' | 'share-state' | 'metadata';

export interface DumpOptions {
  /** Files of any kind that a data directory of kafkit or Apache Kafka has. */
  readonly files: readonly string[];
  /** Looks at every record, not only at batches. Default false; true where data is printed. */
  readonly deep?: boolean | undefined;
  /** Prints keys and values, too. Default: they are not printed. */
  readonly decoder?: DumpDecoder | undefined;
  /** With data: prints keys and values alone, and leaves control records out. Default false. */
  readonly dataOnly?: boolean | undefined;
  /** Compares indexes with the log beside them instead of printing them. Default false. */
  readonly verifyIndexOnly?: boolean | undefined;
  /** Only asks whether an index is sound, as a start does. Default false. */
  readonly indexSanityCheck?: boolean | undefined;
  /** Reads so many bytes of each `.log` at most. Default: all. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly system?: System | undefined;
}
