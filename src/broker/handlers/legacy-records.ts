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
 * several sets or compressed wrappers; all become one batch.
 */
export function upgradedRecords(messageSet: Buffer): Buffer | Promise<Buffer> {
  try {
    const compression = compressionTypeOf((messageSet[attributesAt] ?? 0) & codecMask);
    if (compression === 'none' || isCodecLoaded(compression)) return upConvert(messageSet);
    return loadCodec(compression).then(() => upConvert(messageSet));
  } catch (error) {
    if (!isKafkaError(error) || error.errno === null) throw error;
    throw new AppendError(error.code, error.message, { cause: error });
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
): Buffer | Promise<Buffer> {
  const [first] = chunks;
  if (first === undefined) return Buffer.alloc(0);
  const batches = chunks.length === 1 ? first : Buffer.concat(chunks);
  const missing = new Set<Parameters<typeof loadCodec>[0]>();
  for (const { compression } of batchesIn(batches)) {
    if (!isCodecLoaded(compression)) missing.add(compression);
  }
  const convert = (): Buffer =>
    downConvert(batches, { magic: version < 2 ? 0 : 1, firstOffset: fetchOffset });
  if (missing.size === 0) return convert();
  return Promise.all([...missing].map((type) => loadCodec(type))).then(convert);
}
