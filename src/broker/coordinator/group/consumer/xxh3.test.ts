import { describe, expect, test } from 'vitest';
import { metadataHashOf, topicHashOf } from './metadata-hash.js';
import { xxh3 } from './xxh3.js';

const sample = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 31 + 7) & 0xff));

/** Printed by hash4j 0.22, the library Kafka uses, for the first n bytes of the sample. */
const printed: readonly (readonly [n: number, hash: bigint])[] = [
  [0, 0x2d06800538d394c2n],
  [1, 0x4c5cca45d0f4811fn],
  [2, 0xa7e250c97710ff27n],
  [3, 0x15f7093b173d005cn],
  [4, 0xdca012f95811b6b9n],
  [5, 0xb290cafc7b254345n],
  [8, 0xdec6a9a43575982en],
  [9, 0xcbe393399f17ffbdn],
  [16, 0x7e484c18d74895d0n],
  [17, 0x208bde5ee2bed407n],
  [32, 0x03df0ac5255d1446n],
  [33, 0x199a362122d71f46n],
  [64, 0xdd30702ab46b3745n],
  [97, 0x60e3e1d0d43785b3n],
  [128, 0xf92b70eaa21a6288n],
  [129, 0xf8f76713f2bb60fan],
  [160, 0xc90911ffcef461e2n],
  [239, 0xcaa9b7a588464745n],
  [240, 0xccc7375172c41f03n],
  [241, 0x0b3b630948ce4a00n],
  [256, 0xec85b75bafe6ca74n],
  [1023, 0xf0d330ce2b3300fbn],
  [1024, 0x23bc880ebf0d29c6n],
  [1025, 0xc09fdfbc398c7d82n],
  [1088, 0xa16bad67843c5a45n],
  [2048, 0x19f6f9c987331373n],
  [2049, 0x5045460f5d85c275n],
  [3000, 0x6eb4b5bfe14d9786n],
];

describe('XXH3', () => {
  test.each(printed)('of %i bytes is what hash4j says', (size, hash) => {
    expect(xxh3(sample.subarray(0, size))).toBe(hash);
  });

  test('the hash of a group is the one a live Apache Kafka 4.3.1 has written', () => {
    const topic = { name: 'tt', id: 'hDZU9pkIT7Wf7NIjIz4YEA', partitionCount: 2 };
    const hash = metadataHashOf([['tt', topicHashOf(topic)]]);
    expect(hash).toBe(BigInt.asIntN(64, 0x4c61b87f9b08568cn));
    expect(metadataHashOf([])).toBe(0n);
  });
});
