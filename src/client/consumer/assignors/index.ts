import { KafkaError } from '../../../errors/index.js';
import type { AssignorName } from '../consumer-options.js';
import type { Assignor } from './assignor.js';
import { range } from './range.js';
import { roundRobin } from './round-robin.js';
import { cooperativeSticky, sticky } from './sticky.js';

const assignors: Record<AssignorName, Assignor> = {
  range,
  roundrobin: roundRobin,
  sticky,
  'cooperative-sticky': cooperativeSticky,
};

/** Java's default: range, with a way to roll over to cooperative rebalances. */
const defaultAssignors: readonly AssignorName[] = ['range', 'cooperative-sticky'];

/** The assignors behind names or objects; fails with INVALID_ARGUMENT on names nobody knows. */
export function resolveAssignors(
  wanted: readonly (AssignorName | Assignor)[] = defaultAssignors,
): Assignor[] {
  const resolved = wanted.map((each) => {
    if (typeof each !== 'string') return each;
    const assignor = Object.hasOwn(assignors, each) ? assignors[each] : undefined;
    if (assignor !== undefined) return assignor;
    const names = Object.keys(assignors).join(', ');
    throw new KafkaError('INVALID_ARGUMENT', `There is no assignor ${String(each)}: use ${names}.`);
  });
  if (resolved.length > 0) return resolved;
  throw new KafkaError('INVALID_ARGUMENT', 'A group member needs at least one assignor.');
}
