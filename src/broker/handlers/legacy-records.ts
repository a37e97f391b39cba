import { AppendError } from '../log/index.js';
import { isKafkaError } from '../../errors/index.js';
import {
  batchesIn,
  compressionTypeOf,
  downConvert,
  isCodecLoaded,
  loadCodec,
  upConvert,
} from '../../records/index.js';

/** Where the attributes of a message of magic 0 or 1 stand, and the bits that name its codec. */
const attributesAt = 17;
const codecMask = 0x07;

/**
 * One batch of magic 2 from the message set of a Produce request before v3. Some old clients send
 * several sets or compressed wrappers; all become one batch. Together they may not grow beyond
 * `maxBytes` (MESSAGE_TOO_LARGE).
 */
export function upgradedRecords(messageSet: Buffer, maxBytes: number): Buffer | Promise<Buffer> {
  const convert = () => converted(messageSet, maxBytes);
  try {
    const compression = compressionTypeOf((messageSet[attributesAt] ?? 0) & codecMask);
    if (compression === 'none' || isCodecLoaded(compression)) return convert();
    return loadCodec(compression).then(convert);
  } catch (error) {
    if (!isKafkaError(error) || error.errno === null) throw error;
    throw new AppendError(error.code, error.message, { cause: error });
  }
}

function converted(messageSet: Buffer, maxBytes: number): Buffer {
  try {
    return upConvert(messageSet, { maxBytes });
  } catch (error) {
    if (!isKafkaError(error, 'DECOMPRESSION_TOO_LARGE')) throw error;
    const what = `The messages are above max.decompressed.batch.bytes (${maxBytes}).`;
    const hint = 'Send smaller batches, or raise max.decompressed.batch.bytes of the broker.';
    throw new AppendError('MESSAGE_TOO_LARGE', what, { cause: error, hint });
  }
}

/**
 * The message set that a Fetch request before v4 can read: magic 0 before v2, magic 1 from there
 * on. Compressed batches need their codec in memory, which may take a moment.
 */
export function downgradedRecords(
  chunks: readonly Buffer[],
  version: number,
  fetchOffset: number,
  maxBytes: number,
): Buffer | Promise<Buffer> {
  const [first] = chunks;
  if (first === undefined) return Buffer.alloc(0);
  const batches = chunks.length === 1 ? first : Buffer.concat(chunks);
  const missing = new Set<Parameters<typeof loadCodec>[0]>();
  for (const { compression } of batchesIn(batches)) {
    if (!isCodecLoaded(compression)) missing.add(compression);
  }
  const magic = version < 2 ? 0 : 1;
  const convert = (): Buffer => downConvert(batches, { magic, firstOffset: fetchOffset, maxBytes });
  if (missing.size === 0) return convert();
  return Promise.all([...missing].map((type) => loadCodec(type))).then(convert);
}
