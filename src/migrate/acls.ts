import { isKafkaError, KafkaError } from '../errors/index.js';
import type { MigrateOptions } from './migration-options.js';
import { matches, type TopicPlan } from './topic-plan.js';

/** Numbers of Kafka's ACL protocol: anything; and kinds of resources. */
const anything = 1;
const resource = { topic: 2, group: 3 } as const;
const patternLiteral = 3;

/** What a cluster says that has no authorizer, or knows nothing of one. */
const without = [
  'SECURITY_DISABLED',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
] as const;

/**
 * Brings access control entries over: of the migrated topics and groups, and all that are about
 * patterns, transactional ids and the cluster itself. Entries that are there already stay one.
 * Returns how many there are; clusters without access control have none.
 */
export async function copyAcls(
  { from, to, topics, groups }: MigrateOptions,
  plans: readonly TopicPlan[],
  notes: string[],
): Promise<number> {
  const entries = await describe(from);
  if (entries === undefined) return 0;
  const wanted = entries.filter(({ resourceType, resourceName, patternType }) => {
    if (patternType !== patternLiteral || resourceName === '*') return true;
    if (resourceType === resource.topic) {
      return topics === undefined || plans.some(({ name }) => name === resourceName);
    }
    return resourceType !== resource.group || matches(groups, resourceName);
  });
  if (wanted.length === 0) return 0;
  const { results } = await to.send('CreateAcls', {
    creations: wanted.map((entry) => {
      const { patternType: resourcePatternType, ...rest } = entry;
      return { ...rest, resourcePatternType };
    }),
  });
  const failed = results.filter(({ errorCode }) => errorCode !== 0);
  const [first] = failed;
  if (first !== undefined) {
    const reason = KafkaError.fromErrno(first.errorCode, first.errorMessage).message;
    notes.push(`${failed.length} access control entries were refused: ${reason}`);
  }
  return wanted.length - failed.length;
}

async function describe(from: MigrateOptions['from']) {
  try {
    const answer = await from.send('DescribeAcls', {
      resourceTypeFilter: anything,
      resourceNameFilter: null,
      patternTypeFilter: anything,
      principalFilter: null,
      hostFilter: null,
      operation: anything,
      permissionType: anything,
    });
    if (answer.errorCode !== 0) throw KafkaError.fromErrno(answer.errorCode, answer.errorMessage);
    return answer.resources.flatMap(({ resourceType, resourceName, patternType, acls }) =>
      acls.map((entry) => ({ ...entry, resourceType, resourceName, patternType })),
    );
  } catch (error) {
    if (without.some((code) => isKafkaError(error, code))) return undefined;
    throw error;
  }
}
