/** The id that stands for "none" (`Uuid.ZERO_UUID`). */
export const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Ids below this one are kept for Kafka itself (metadata topic, special directories). */
const reservedBelow = 100;

/**
 * A random (version 4) topic or directory id from 16 random bytes, as text of 22 characters.
 * Undefined when the bytes give an id that Kafka keeps for itself or that would start with a
 * dash: draw again then (`Uuid.randomUuid`).
 */
export function uuidFrom(random: Uint8Array): string | undefined {
  const bytes = Buffer.from(random.subarray(0, 16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const text = bytes.toString('base64url');
  const reserved = bytes.readBigUInt64BE(0) === 0n && bytes.readBigUInt64BE(8) < reservedBelow;
  return reserved || text.startsWith('-') ? undefined : text;
}

/** Whether the text is a uuid as Kafka writes it. */
export function isUuid(text: string): boolean {
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(text);
}
