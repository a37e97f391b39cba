import { KafkaError } from '../errors/index.js';
import type { RecordView } from './record.js';
import { RecordBatchBuilder } from './record-batch-builder.js';

/** What a control record says, in the order of Kafka's numbers (`ControlRecordType`). */
const controlTypes = [
  'abort',
  'commit',
  'leader-change',
  'snapshot-header',
  'snapshot-footer',
  'kraft-version',
  'kraft-voters',
] as const;

export type ControlRecordType = (typeof controlTypes)[number] | 'unknown';

export interface ControlRecord {
  /** `unknown` for a number this version has no name for; such records are skipped. */
  readonly type: ControlRecordType;
  /** Of the transaction coordinator that wrote a commit or an abort; -1 in other records. */
  readonly coordinatorEpoch: number;
}

/** Reads the record of a control batch; INVALID_RECORD where it is none. */
export function controlRecordOf(record: RecordView): ControlRecord {
  const { key, value } = record;
  if (key === null || key.length < 4) {
    const length = key?.length ?? 'no';
    throw new KafkaError('INVALID_RECORD', `A control record has a key of ${length} bytes.`, {
      offset: record.offset,
    });
  }
  const type = controlTypes[key.readInt16BE(2)] ?? 'unknown';
  if (type !== 'abort' && type !== 'commit') return { type, coordinatorEpoch: -1 };
  if (value === null || value.length < 6) {
    throw new KafkaError('INVALID_RECORD', `The marker of a transaction's ${type} is cut off.`, {
      offset: record.offset,
    });
  }
  return { type, coordinatorEpoch: value.readInt32BE(2) };
}

export interface EndTxnMarkerOptions {
  readonly type: 'commit' | 'abort';
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly timestamp: number;
  /** Default 0. */
  readonly baseOffset?: number | undefined;
  /** Default -1. */
  readonly partitionLeaderEpoch?: number | undefined;
}

/** The control batch that ends a transaction in a partition (Kafka's `EndTransactionMarker`). */
export function endTxnMarker(options: EndTxnMarkerOptions): Buffer {
  const { type, producerId, producerEpoch, coordinatorEpoch, timestamp } = options;
  const key = Buffer.alloc(4);
  key.writeInt16BE(controlTypes.indexOf(type), 2);
  const value = Buffer.alloc(6);
  value.writeInt32BE(coordinatorEpoch, 2);
  const builder = new RecordBatchBuilder({
    isControl: true,
    baseOffset: options.baseOffset,
    partitionLeaderEpoch: options.partitionLeaderEpoch,
    producer: { producerId, producerEpoch, baseSequence: -1, isTransactional: true },
  });
  builder.append({ key, value, timestamp });
  return builder.build();
}
