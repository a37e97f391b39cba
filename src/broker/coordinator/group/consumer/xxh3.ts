/**
 * XXH3, 64 bits wide, without a seed: the hash in which Kafka writes down what topics a consumer
 * group sees. In bigints, for the inputs are short and rare: once per topic and change.
 */
const mask = 0xffffffffffffffffn;
const prime32 = [0x9e3779b1n, 0x85ebca77n, 0xc2b2ae3dn] as const;
const prime64 = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;
const primeMx1 = 0x165667919e3779f9n;
const primeMx2 = 0x9fb21c651e98df25n;

/** The secret every implementation begins with. */
const secret = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f' +
    'cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c' +
    '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364' +
    'eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e' +
    '2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
);
const secretSizeMin = 136;
const stripeBytes = 64;
/** The secret moves on by this much with every stripe. */
const secretStep = 8;

const u32 = (bytes: Buffer, at: number): bigint => BigInt(bytes.readUInt32LE(at));
const u64 = (bytes: Buffer, at: number): bigint => bytes.readBigUInt64LE(at);

/** The hash as an unsigned number. */
export function xxh3(bytes: Buffer): bigint {
  const size = bytes.length;
  if (size <= 16) return hashShort(bytes);
  if (size <= 128) return hashUpTo128(bytes);
  if (size <= 240) return hashUpTo240(bytes);
  return hashLong(bytes);
}

function hashShort(bytes: Buffer): bigint {
  const size = bytes.length;
  if (size === 0) return avalanche64(u64(secret, 56) ^ u64(secret, 64));
  if (size <= 3) {
    const first = bytes.readUInt8(0);
    const middle = bytes.readUInt8(size >> 1);
    const last = bytes.readUInt8(size - 1);
    const combined =
      (BigInt(first) << 16n) | (BigInt(middle) << 24n) | BigInt(last) | (BigInt(size) << 8n);
    return avalanche64(combined ^ (u32(secret, 0) ^ u32(secret, 4)));
  }
  if (size <= 8) {
    const combined = u32(bytes, size - 4) + (u32(bytes, 0) << 32n);
    return rrmxmx(combined ^ (u64(secret, 8) ^ u64(secret, 16)), BigInt(size));
  }
  const low = u64(bytes, 0) ^ (u64(secret, 24) ^ u64(secret, 32));
  const high = u64(bytes, size - 8) ^ (u64(secret, 40) ^ u64(secret, 48));
  return avalanche((BigInt(size) + swapped(low) + high + folded(low, high)) & mask);
}

function hashUpTo128(bytes: Buffer): bigint {
  const size = bytes.length;
  let sum = BigInt(size) * prime64[0];
  for (let round = (size - 1) >> 5; round >= 0; round--) {
    sum += mix16(bytes, 16 * round, 32 * round);
    sum += mix16(bytes, size - 16 * (round + 1), 32 * round + 16);
  }
  return avalanche(sum & mask);
}

function hashUpTo240(bytes: Buffer): bigint {
  const size = bytes.length;
  let sum = BigInt(size) * prime64[0];
  for (let block = 0; block < 8; block++) sum += mix16(bytes, 16 * block, 16 * block);
  sum = avalanche(sum & mask);
  for (let block = 8; block < size >> 4; block++) {
    sum += mix16(bytes, 16 * block, 16 * (block - 8) + 3);
  }
  sum += mix16(bytes, size - 16, secretSizeMin - 17);
  return avalanche(sum & mask);
}

function hashLong(bytes: Buffer): bigint {
  const sums = [
    prime32[2],
    prime64[0],
    prime64[1],
    prime64[2],
    prime64[3],
    prime32[1],
    prime64[4],
    prime32[0],
  ];
  const stripesPerBlock = (secret.length - stripeBytes) / secretStep;
  const stripes = Math.floor((bytes.length - 1) / stripeBytes);
  for (let stripe = 0; stripe < stripes; stripe++) {
    const inBlock = stripe % stripesPerBlock;
    accumulate(sums, bytes, stripe * stripeBytes, inBlock * secretStep);
    if (inBlock === stripesPerBlock - 1) scramble(sums);
  }
  accumulate(sums, bytes, bytes.length - stripeBytes, secret.length - stripeBytes - 7);
  let merged = (BigInt(bytes.length) * prime64[0]) & mask;
  for (let pair = 0; pair < 4; pair++) {
    const low = (sums[2 * pair] ?? 0n) ^ u64(secret, 11 + 16 * pair);
    const high = (sums[2 * pair + 1] ?? 0n) ^ u64(secret, 19 + 16 * pair);
    merged += folded(low, high);
  }
  return avalanche(merged & mask);
}

function accumulate(sums: bigint[], bytes: Buffer, at: number, secretAt: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const value = u64(bytes, at + 8 * lane);
    const keyed = value ^ u64(secret, secretAt + 8 * lane);
    const other = lane ^ 1;
    sums[other] = ((sums[other] ?? 0n) + value) & mask;
    sums[lane] = ((sums[lane] ?? 0n) + (keyed & 0xffffffffn) * (keyed >> 32n)) & mask;
  }
}

function scramble(sums: bigint[]): void {
  const secretAt = secret.length - stripeBytes;
  for (let lane = 0; lane < 8; lane++) {
    const sum = sums[lane] ?? 0n;
    sums[lane] = ((sum ^ (sum >> 47n) ^ u64(secret, secretAt + 8 * lane)) * prime32[0]) & mask;
  }
}

function mix16(bytes: Buffer, at: number, secretAt: number): bigint {
  return folded(
    u64(bytes, at) ^ u64(secret, secretAt),
    u64(bytes, at + 8) ^ u64(secret, secretAt + 8),
  );
}

/** Both halves of a 128 bit product, one over the other. */
function folded(one: bigint, other: bigint): bigint {
  const product = one * other;
  return (product & mask) ^ (product >> 64n);
}

function avalanche(hash: bigint): bigint {
  const mixed = ((hash ^ (hash >> 37n)) * primeMx1) & mask;
  return mixed ^ (mixed >> 32n);
}

function avalanche64(hash: bigint): bigint {
  let mixed = ((hash ^ (hash >> 33n)) * prime64[1]) & mask;
  mixed = ((mixed ^ (mixed >> 29n)) * prime64[2]) & mask;
  return mixed ^ (mixed >> 32n);
}

function rrmxmx(hash: bigint, size: bigint): bigint {
  let mixed = hash ^ rotated(hash, 49n) ^ rotated(hash, 24n);
  mixed = (mixed * primeMx2) & mask;
  mixed ^= (mixed >> 35n) + size;
  mixed = (mixed * primeMx2) & mask;
  return mixed ^ (mixed >> 28n);
}

function rotated(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & mask;
}

function swapped(value: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.readBigUInt64BE();
}
