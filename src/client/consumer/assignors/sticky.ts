import { Reader, Writer } from '../../../bytes/index.js';
import { isKafkaError } from '../../../errors/index.js';
import type { TopicPartition } from '../consumer-options.js';
import { byTopic, partitionKey } from '../topic-partitions.js';
import type { Assignor, AssignorMember } from './assignor.js';
import { balance, type Claim, rightfulClaims } from './balance.js';

/**
 * Evenly shared, and as few partitions as possible change hands. Every member gives up all its
 * partitions during a rebalance and tells in `userData` what they were. Follows Kafka's
 * `StickyAssignor` (KIP-54, KIP-341).
 */
export const sticky: Assignor = {
  name: 'sticky',
  cooperative: false,
  userData(owned, generationId) {
    const writer = new Writer();
    const topics = byTopic(owned);
    writer.int32(topics.size);
    for (const [topic, partitions] of topics) {
      const length = Buffer.byteLength(topic);
      writer.int16(length);
      writer.utf8(topic, length);
      writer.int32(partitions.length);
      for (const partition of partitions) writer.int32(partition);
    }
    writer.int32(generationId);
    return Buffer.from(writer.bytes());
  },
  assign: (members, partitionCounts, racks) =>
    balance(members, partitionCounts, stickyClaim, racks),
};

/**
 * The same balance, but members keep what they hold while the group rebalances: a partition that
 * changes hands is first given up by its holder, and handed out in the rebalance that follows at
 * once. Follows Kafka's `CooperativeStickyAssignor` (KIP-429).
 */
export const cooperativeSticky: Assignor = {
  name: 'cooperative-sticky',
  cooperative: true,
  userData(_owned, generationId) {
    if (generationId < 0) return null;
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(generationId);
    return bytes;
  },
  assign(members, partitionCounts, racks) {
    const assignments = balance(members, partitionCounts, cooperativeClaim, racks);
    const holders = rightfulClaims(members, cooperativeClaim);
    for (const [memberId, share] of assignments) {
      const free = share.filter(
        (each) => (holders.get(partitionKey(each)) ?? memberId) === memberId,
      );
      assignments.set(memberId, free);
    }
    return assignments;
  },
};

function cooperativeClaim(member: AssignorMember): Claim {
  if (member.generationId >= 0) return { owned: member.owned, generation: member.generationId };
  const data = member.userData;
  const generation = data !== null && data.length >= 4 ? data.readInt32BE() : -1;
  return { owned: member.owned, generation };
}

/** Version 0 ends before the generation. What cannot be read claims nothing. */
function stickyClaim(member: AssignorMember): Claim {
  if (member.userData === null) return { owned: [], generation: -1 };
  const reader = new Reader(member.userData);
  const owned: TopicPartition[] = [];
  try {
    for (let topics = reader.int32(); topics > 0; topics--) {
      const topic = reader.utf8(reader.int16());
      for (let count = reader.int32(); count > 0; count--) {
        owned.push({ topic, partition: reader.int32() });
      }
    }
    return { owned, generation: reader.remaining >= 4 ? reader.int32() : -1 };
  } catch (error) {
    if (isKafkaError(error)) return { owned: [], generation: -1 };
    throw error;
  }
}
