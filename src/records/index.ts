/**
 * Records: the batch on the wire, which is also the batch on disk. Reads it lazily, builds it,
 * patches what a broker sets, checks it, compresses and decompresses its records, and converts
 * from and to the message sets of Kafka before 0.11. Knows bytes and errors; knows nothing of
 * requests, logs, topics or serializers. Synchronous, but for compressing and decompressing big
 * batches and for loading a codec.
 */
export { RecordBatch, type RecordsOptions, batchesIn } from './record-batch.js';
export type {
  RecordHeader,
  RecordHeaderInput,
  RecordInput,
  RecordView,
  TimestampType,
} from './record.js';
export {
  asyncFrom,
  type CompressionTask,
  compress,
  compressAsync,
  decompress,
  decompressAsync,
  decompressedBytesMax,
  isCodecLoaded,
  loadCodec,
  runCompressionTask,
  useCompressionOffload,
} from './compression/codec.js';
export {
  type CompressionType,
  compressionId,
  compressionTypeOf,
  compressionTypes,
} from './compression/compression-type.js';
export { batchOverhead, estimateRecordSize } from './record-size.js';
export {
  type ProducerFields,
  RecordBatchBuilder,
  type RecordBatchBuilderOptions,
} from './record-batch-builder.js';
export { emptiedBatch } from './emptied-batch.js';
export { assignOffsets, assignProducer, rewriteTimestamps } from './batch-patch.js';
export {
  type ControlRecord,
  type ControlRecordType,
  controlRecordOf,
  type EndTxnMarkerOptions,
  endTxnMarker,
} from './control-record.js';
export {
  type RecordsSummary,
  validateRecords,
  validateRecordsAsync,
} from './record-validator.js';
export {
  type MessageRecord,
  type MessageSetOptions,
  messageSetRecords,
  messageSetSize,
  writeMessageSet,
} from './message-set.js';
export {
  type DownConvertOptions,
  downConvert,
  type UpConvertOptions,
  upConvert,
} from './message-conversion.js';
export { crc32 } from './compression/crc32.js';
export { loadCrc32cAccelerator } from './crc32c-accelerator.js';
