/**
 * Java's murmur2 as Kafka's default partitioner uses it (`Utils.murmur2`), as a signed int32.
 * The partition of a key is `(murmur2(key) & 0x7fffffff) % partitions`.
 */
export function murmur2(key: Uint8Array): number {
  const m = 0x5bd1e995;
  const length = key.length;
  let h = 0x9747b28c ^ length;
  const fours = length & ~3;
  for (let at = 0; at < fours; at += 4) {
    let k =
      (key[at] as number) |
      ((key[at + 1] as number) << 8) |
      ((key[at + 2] as number) << 16) |
      ((key[at + 3] as number) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const left = length - fours;
  if (left === 3) h ^= (key[fours + 2] as number) << 16;
  if (left >= 2) h ^= (key[fours + 1] as number) << 8;
  if (left >= 1) h = Math.imul(h ^ (key[fours] as number), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

/** Java's `String.hashCode` over UTF-16 units, as a signed int32. */
export function javaStringHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0;
  return hash;
}

/**
 * The partition of an internal topic that keeps a group or a transactional id: Kafka's
 * `Utils.abs(id.hashCode) % partitions`, where the most negative int32 counts as 0.
 */
export function coordinatorPartition(id: string, partitions: number): number {
  const hash = javaStringHash(id);
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitions;
}
