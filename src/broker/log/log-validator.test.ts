import { describe, expect, test } from 'vitest';
import { crc32c } from '../../bytes/index.js';
import { type RecordBatch, RecordBatchBuilder, type RecordInput } from '../../records/index.js';
import type { AppendError } from './append.js';
import { defaultLogConfig, type LogConfig } from './log-config.js';
import { validateClientBatch } from './log-validator.js';

const now = 1_704_096_000_000;

function built(
  records: readonly Partial<RecordInput>[],
  options: ConstructorParameters<typeof RecordBatchBuilder>[0] = {},
): Buffer {
  const builder = new RecordBatchBuilder(options);
  for (const record of records) {
    builder.append({ key: null, value: Buffer.from('v'), timestamp: now, ...record });
  }
  return Buffer.from(builder.build());
}

/** Changes bytes of the checked part and makes the checksum fit again. */
function patched(bytes: Buffer, change: (bytes: Buffer) => void): Buffer {
  change(bytes);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

function validate(bytes: Buffer, config: Partial<LogConfig> = {}): RecordBatch {
  return validateClientBatch(bytes, {
    topic: 'comp',
    partition: 0,
    config: { ...defaultLogConfig, ...config },
    now,
    logStartOffset: 4,
  });
}

function refusal(bytes: Buffer, config: Partial<LogConfig> = {}): AppendError {
  try {
    validate(bytes, config);
  } catch (error) {
    return error as AppendError;
  }
  throw new Error('the batch was accepted');
}

describe('what a client sends', () => {
  test('is refused as a damaged message, without the log start', () => {
    const magic = refusal(patched(built([{}]), (bytes) => bytes.writeInt8(3, 16)));
    expect(magic).toMatchObject({ code: 'CORRUPT_MESSAGE', logStartOffset: -1 });
    expect(magic.answer).toBe('Invalid magic found in record: 3');
    const size = refusal(Buffer.alloc(100, 0xff));
    expect(size.answer).toBe('Record size -1 is less than the minimum record overhead (14)');
    const crc = built([{}]);
    crc.writeUInt32BE(1, 17);
    expect(refusal(crc)).toMatchObject({ code: 'CORRUPT_MESSAGE', answer: null });
  });

  test('must be one whole batch of magic 2', () => {
    const one = built([{}]);
    const magic1 = Buffer.from(one);
    magic1.writeInt8(1, 16);
    const wrong = [Buffer.alloc(0), Buffer.alloc(10), one.subarray(0, 65), magic1];
    for (const bytes of [...wrong, Buffer.concat([one, one])]) {
      expect(refusal(bytes)).toMatchObject({
        code: 'INVALID_RECORD',
        answer: null,
        logStartOffset: -1,
      });
    }
  });

  test('must have a header that agrees with itself and with its records', () => {
    const changes: ((bytes: Buffer) => void)[] = [
      (bytes) => bytes.writeInt32BE(0, 57),
      (bytes) => bytes.writeInt32BE(-1, 57),
      (bytes) => bytes.writeInt32BE(5, 23),
      (bytes) => bytes.writeBigInt64BE(3n, 0),
      (bytes) => bytes.writeInt16BE(0x20, 21),
      (bytes) => bytes.writeBigInt64BE(9n, 43),
      (bytes) => {
        bytes.writeInt32BE(3, 57);
        bytes.writeInt32BE(2, 23);
      },
      (bytes) => {
        bytes.writeInt32BE(1, 57);
        bytes.writeInt32BE(0, 23);
      },
    ];
    for (const change of changes) {
      const error = refusal(patched(built([{}, {}]), change));
      expect(error).toMatchObject({ code: 'INVALID_RECORD', answer: null, logStartOffset: 4 });
    }
    const codec = refusal(patched(built([{}]), (bytes) => bytes.writeInt16BE(5, 21)));
    expect(codec.code).toBe('UNKNOWN_SERVER_ERROR');
  });

  test('may be as large as max.message.bytes and not a byte larger', () => {
    const bytes = built([{}]);
    expect(validate(Buffer.from(bytes), { maxMessageBytes: bytes.length }).count).toBe(1);
    expect(refusal(bytes, { maxMessageBytes: bytes.length - 1 }).code).toBe('MESSAGE_TOO_LARGE');
  });

  test('gets the largest timestamp and the type of timestamp set right', () => {
    const wrong = patched(built([{ timestamp: 9 }, { timestamp: 7 }]), (bytes) => {
      bytes.writeBigInt64BE(0n, 35);
      bytes.writeInt16BE(8, 21);
    });
    const batch = validate(wrong);
    expect([batch.maxTimestamp, batch.timestampType, batch.isValid()]).toEqual([
      9,
      'CreateTime',
      true,
    ]);
    expect(validate(built([{ timestamp: -1 }])).maxTimestamp).toBe(-1);
    const appended = validate(built([{ timestamp: 5 }]), { messageTimestampType: 'LogAppendTime' });
    expect([appended.maxTimestamp, appended.baseTimestamp, appended.timestampType]).toEqual([
      now,
      5,
      'LogAppendTime',
    ]);
    expect(appended.isValid()).toBe(true);
  });

  test('names each record whose timestamp is out of bounds', () => {
    const bounds = { messageTimestampBeforeMaxMs: 1000, messageTimestampAfterMaxMs: 1000 };
    const given = [{}, { timestamp: now + 1001 }, {}, { timestamp: now - 1001 }];
    const error = refusal(built(given), bounds);
    expect(error.code).toBe('INVALID_TIMESTAMP');
    expect(error.answer).toBe('One or more records have been rejected due to invalid timestamp');
    expect(error.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([1, 3]);
    expect(refusal(built(given, { compression: 'gzip' }), bounds).code).toBe('INVALID_TIMESTAMP');
    const late = built([{ timestamp: 1 }]);
    expect(validate(late, { messageTimestampType: 'LogAppendTime', ...bounds }).count).toBe(1);
  });

  test('needs keys where the topic is compacted', () => {
    const compacted: Partial<LogConfig> = { cleanupPolicy: ['compact'] };
    const key = Buffer.from('k');
    for (const compression of ['none', 'lz4'] as const) {
      const error = refusal(built([{}, { key }, {}], { compression }), compacted);
      expect(error.code).toBe('INVALID_RECORD');
      expect(error.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([0, 2]);
      expect(error.recordErrors[0]?.message).toBe(
        'Compacted topic cannot accept message without key in topic partition comp-0',
      );
      expect(error.answer).toMatch(/due to 2 record errors in total, and only showing the first/);
    }
    expect(validate(built([{ key }]), compacted).count).toBe(1);
  });

  test('is compressed anew where the topic wants another codec, and only there', () => {
    const records = [{ timestamp: 10 }, { timestamp: 12, value: Buffer.alloc(500, 'x') }];
    const plain = built(records);
    const gzip = validate(Buffer.from(plain), { compressionType: 'gzip' });
    expect([gzip.compression, gzip.baseTimestamp, gzip.isValid()]).toEqual(['gzip', 10, true]);
    expect([...gzip.records()].map(({ timestamp }) => timestamp)).toEqual([10, 12]);
    const again = validate(Buffer.from(gzip.bytes()), { compressionType: 'gzip' });
    expect(again.bytes().equals(gzip.bytes())).toBe(true);
    const bare = validate(Buffer.from(gzip.bytes()), { compressionType: 'uncompressed' });
    expect(bare.bytes().equals(plain)).toBe(true);
  });
});

describe('max.decompressed.batch.bytes', () => {
  const zeros = { key: Buffer.from('k'), value: Buffer.alloc(200_000) };
  const bomb = () => built([zeros, zeros], { compression: 'gzip' });
  const maxDecompressedBatchBytes = 300_000;

  test('bounds what is opened: batches that are recompressed, or go to compacted topics', () => {
    const compacted: Partial<LogConfig> = { cleanupPolicy: ['compact'] };
    const lz4: Partial<LogConfig> = { compressionType: 'lz4' };
    for (const config of [compacted, lz4]) {
      expect(validate(bomb(), config).count).toBe(2);
      const refused = refusal(bomb(), { ...config, maxDecompressedBatchBytes });
      expect(refused.code).toBe('MESSAGE_TOO_LARGE');
      expect(refused.message).toMatch(/above max\.decompressed\.batch\.bytes \(300000\)/);
      expect(refused.hint).toMatch(/raise max\.decompressed\.batch\.bytes of the broker/);
      const half = built([zeros], { compression: 'gzip' });
      expect(validate(half, { ...config, maxDecompressedBatchBytes }).count).toBe(1);
    }
  });

  test('says nothing of batches that stay closed, or are not compressed', () => {
    expect(validate(bomb(), { maxDecompressedBatchBytes }).count).toBe(2);
    const plain = built([zeros, zeros]);
    const config: Partial<LogConfig> = { cleanupPolicy: ['compact'] };
    expect(validate(plain, { ...config, maxDecompressedBatchBytes }).count).toBe(2);
  });
});
