import { KafkaError } from '../../errors/index.js';
import { RecordBatch, rewriteTimestamps, validateRecords } from '../../records/index.js';
import { AppendError, type RecordError } from './append.js';
import { type LogConfig, openingOf } from './log-config.js';
import { recompressed } from './recompress.js';

const overheadBytes = 12;
/** What an older message needs at least behind its overhead; Kafka checks it for every magic. */
const lengthMin = 14;
const bytesUpToMagic = 17;
/** Records named one by one in a refusal. */
const recordErrorsMax = 1000;
const longMax = 9_223_372_036_854_775_807n;

export interface ValidationContext {
  readonly topic: string;
  readonly partition: number;
  readonly config: LogConfig;
  readonly now: number;
  readonly logStartOffset: number;
}

/**
 * Checks what a client wants appended as Kafka's broker does (`ProduceRequest`, `UnifiedLog`,
 * `LogValidator`) and gives the batch that is to be stored: the same bytes, with the largest
 * timestamp and the timestamp type set right, or recompressed where the topic wants another codec.
 *
 * Compressed batches are not opened (ADR 0010) unless the topic is compacted or recompresses:
 * their header is believed, and readers find out when the content is damaged. Kafka opens them.
 */
export function validateClientBatch(bytes: Buffer, context: ValidationContext): RecordBatch {
  const { config, topic, partition } = context;
  const batch = onlyBatch(bytes, topic, partition);
  const refuse = (reason: string) => invalid(reason, context);
  if (batch.sizeInBytes > config.maxMessageBytes) throw tooLarge(batch.sizeInBytes, context);
  if (!batch.isValid()) {
    throw new AppendError('CORRUPT_MESSAGE', 'The checksum of a batch does not fit its bytes.', {
      topic,
      partition,
    });
  }
  if (batch.baseOffset !== 0) throw refuse(`a base offset of ${batch.baseOffset} instead of 0`);
  const { count, lastOffsetDelta } = batch;
  if (count <= 0) throw refuse(`a count of ${count} records`);
  if (lastOffsetDelta !== count - 1) {
    throw refuse(`a last offset delta of ${lastOffsetDelta} with ${count} records`);
  }
  if (batch.isControl) throw refuse('a control batch, which only brokers write');
  if (batch.producerId >= 0 && batch.baseSequence < 0) {
    throw refuse(`producer id ${batch.producerId} without a sequence`);
  }
  if ((batch.attributes & 7) > 4) {
    throw new AppendError('UNKNOWN_SERVER_ERROR', 'A batch has an unknown compression.', {
      topic,
      partition,
      logStartOffset: context.logStartOffset,
    });
  }
  return checkContent(batch, context);
}

/** Exactly one whole batch of magic 2 must be there. */
function onlyBatch(bytes: Buffer, topic: string, partition: number): RecordBatch {
  const about = { topic, partition };
  if (bytes.length >= overheadBytes) {
    const length = bytes.readInt32BE(8);
    if (length < lengthMin) {
      const answer =
        `Record size ${length} is less than the minimum record overhead ` + `(${lengthMin})`;
      throw new AppendError('CORRUPT_MESSAGE', answer, { ...about, answer });
    }
    const magic = bytes.length >= bytesUpToMagic ? bytes.readInt8(16) : 0;
    if (magic < 0 || magic > 2) {
      const answer = `Invalid magic found in record: ${magic}`;
      throw new AppendError('CORRUPT_MESSAGE', answer, { ...about, answer });
    }
    if (magic === 2 && overheadBytes + length === bytes.length && length >= 61 - overheadBytes) {
      return new RecordBatch(bytes);
    }
  }
  throw new AppendError(
    'INVALID_RECORD',
    'A partition of a Produce request must hold exactly one whole batch of magic 2.',
    about,
  );
}

/** Looks into the records as far as needed, and sets what the broker decides. */
function checkContent(batch: RecordBatch, context: ValidationContext): RecordBatch {
  const { config, now } = context;
  const isCompacted = config.cleanupPolicy.includes('compact');
  const stored = batch.compression;
  const wanted = config.compressionType === 'uncompressed' ? 'none' : config.compressionType;
  const recompress = wanted !== 'producer' && wanted !== stored;
  let { maxTimestamp } = batch;
  let minTimestamp = Math.min(batch.baseTimestamp, maxTimestamp);
  if (stored === 'none' || isCompacted || recompress) {
    const summary = summarise(batch, context);
    if (isCompacted && summary.firstKeylessIndex >= 0) throw keyless(batch, context);
    ({ maxTimestamp, minTimestamp } = summary);
  }
  const isLogAppendTime = config.messageTimestampType === 'LogAppendTime';
  if (!isLogAppendTime) checkTimestamps(batch, minTimestamp, maxTimestamp, context);
  const { maxBytes } = openingOf(config, batch);
  const level = config.compressionLevel;
  const result = recompress ? recompressed(batch, wanted, { maxBytes, level }) : batch;
  const latest = isLogAppendTime ? now : maxTimestamp;
  if (batch.timestampType !== config.messageTimestampType || batch.maxTimestamp !== latest) {
    rewriteTimestamps(result.buffer, result.position, config.messageTimestampType, latest);
  }
  if (result.sizeInBytes > config.maxMessageBytes) throw tooLarge(result.sizeInBytes, context);
  return result;
}

function summarise(batch: RecordBatch, context: ValidationContext) {
  try {
    return validateRecords(batch, openingOf(context.config, batch));
  } catch (cause) {
    const { topic, partition, logStartOffset } = context;
    const known = cause as KafkaError;
    if (known.code === 'DECOMPRESSION_TOO_LARGE') throw growsTooLarge(context, known);
    // Kafka has no name for content that cannot be decompressed.
    const code = batch.compression === 'none' ? 'INVALID_RECORD' : 'UNKNOWN_SERVER_ERROR';
    throw new AppendError(code, known.message, { topic, partition, cause, logStartOffset });
  }
}

function checkTimestamps(
  batch: RecordBatch,
  minTimestamp: number,
  maxTimestamp: number,
  context: ValidationContext,
): void {
  const { config, now } = context;
  const latest = now + config.messageTimestampAfterMaxMs;
  const earliest = now - config.messageTimestampBeforeMaxMs;
  const isWrong = (timestamp: number) =>
    timestamp >= 0 && (timestamp > latest || timestamp < earliest);
  if (!isWrong(maxTimestamp) && !isWrong(minTimestamp)) return;
  const bounds = `[${bound(now, config.messageTimestampBeforeMaxMs, -1n)}, ${bound(
    now,
    config.messageTimestampAfterMaxMs,
    1n,
  )}]`;
  const errors: RecordError[] = [];
  const note = (batchIndex: number, timestamp: number) => {
    if (!isWrong(timestamp) || errors.length >= recordErrorsMax) return;
    const message =
      `Timestamp ${timestamp} of message with offset ${batchIndex} is out of range. ` +
      `The timestamp should be within ${bounds}`;
    errors.push({ batchIndex, message });
  };
  if (batch.compression === 'none') {
    let index = 0;
    for (const { timestamp } of batch.records()) note(index++, timestamp);
  } else {
    note(0, isWrong(maxTimestamp) ? maxTimestamp : minTimestamp);
  }
  const { topic, partition, logStartOffset } = context;
  const answer = 'One or more records have been rejected due to invalid timestamp';
  const recordErrors = errors;
  throw new AppendError('INVALID_TIMESTAMP', answer, {
    topic,
    partition,
    answer,
    recordErrors,
    logStartOffset,
  });
}

/** A bound of the allowed times, as 64 bits print it. */
function bound(now: number, distance: number, sign: bigint): string {
  const exact = distance >= Number.MAX_SAFE_INTEGER ? longMax : BigInt(distance);
  return String(BigInt.asIntN(64, BigInt(now) + sign * exact));
}

function keyless(batch: RecordBatch, context: ValidationContext): AppendError {
  const { topic, partition, logStartOffset } = context;
  const what = 'Compacted topic cannot accept message without key in topic partition';
  const message = `${what} ${topic}-${partition}`;
  const recordErrors: RecordError[] = [];
  let keylessCount = 0;
  let batchIndex = 0;
  for (const { key } of batch.records(openingOf(context.config, batch))) {
    if (key === null) {
      keylessCount += 1;
      if (recordErrors.length < recordErrorsMax) recordErrors.push({ batchIndex, message });
    }
    batchIndex += 1;
  }
  const shown = recordErrors
    .slice(0, 3)
    .map((error) => `RecordError(batchIndex=${error.batchIndex}, message='${error.message}')`);
  const answer =
    `One or more records have been rejected due to ${keylessCount} record errors in total, ` +
    `and only showing the first three errors at most: [${shown.join(', ')}]`;
  const about = { topic, partition, logStartOffset, answer, recordErrors };
  return new AppendError('INVALID_RECORD', message, about);
}

function invalid(reason: string, context: ValidationContext): AppendError {
  const { topic, partition, logStartOffset } = context;
  const about = { topic, partition, logStartOffset };
  return new AppendError('INVALID_RECORD', `The batch was refused: it has ${reason}.`, about);
}

function tooLarge(bytes: number, context: ValidationContext): AppendError {
  const { topic, partition, config } = context;
  return new AppendError(
    'MESSAGE_TOO_LARGE',
    `A batch of ${bytes} bytes is above max.message.bytes (${config.maxMessageBytes}).`,
    { topic, partition, hint: 'Send smaller batches, or raise max.message.bytes of the topic.' },
  );
}

/** As for a batch that is too large as it lies: producers may split it and send its halves. */
function growsTooLarge({ topic, partition, config }: ValidationContext, cause: KafkaError) {
  const what =
    'A batch is above max.decompressed.batch.bytes ' +
    `(${config.maxDecompressedBatchBytes}) when it is decompressed.`;
  const hint = 'Send smaller batches, or raise max.decompressed.batch.bytes of the broker.';
  return new AppendError('MESSAGE_TOO_LARGE', what, { topic, partition, cause, hint });
}
