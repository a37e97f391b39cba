import type { Admin, ConfigEntry, Kafka } from '../client/index.js';
import { isKafkaError, KafkaError } from '../errors/index.js';
import type { WorkerOptions } from './worker-options.js';

/** What a worker must know of its share group. */
export interface ShareGroup {
  /** How often the broker gives a record out. */
  readonly deliveryLimit: number;
}

const limitName = 'share.delivery.count.limit';
const resetName = 'share.auto.offset.reset';
/** Kafka's own, where no broker says. */
const defaultDeliveryLimit = 5;

/** Fails with INVALID_ARGUMENT where a share group is asked for and cannot do what else is. */
export function checkGroupType(options: WorkerOptions<never, never>): void {
  if (options.groupType !== 'share') return;
  const why = whyNoShareGroup(options);
  if (why === undefined) return;
  throw new KafkaError('INVALID_ARGUMENT', `The worker cannot be in a share group: ${why}.`);
}

/**
 * The share group that this worker is to be in, made ready; undefined for a consumer group. A group
 * stays what it is; a new one is a share group where records have no order and the brokers have
 * share groups (KIP-932, Kafka 4.2).
 */
export async function shareGroupOf(
  kafka: Kafka,
  options: WorkerOptions<never, never>,
): Promise<ShareGroup | undefined> {
  if (options.groupType === 'consumer' || whyNoShareGroup(options) !== undefined) return undefined;
  const admin = kafka.admin();
  try {
    const type = await typeOf(admin, options.groupId);
    const isOther = type !== undefined && type !== 'share';
    if (isOther || !(await areThere(admin))) {
      if (options.groupType !== 'share') return undefined;
      const group = options.groupId;
      if (!isOther) {
        const hint = 'They are in Kafka 4.2 and later; leave groupType out to do without.';
        throw new KafkaError('UNSUPPORTED_VERSION', 'The cluster has no share groups.', { hint });
      }
      const text = `The group ${group} is a ${type} group already.`;
      const hint = 'Name another groupId: a group stays what it is.';
      throw new KafkaError('INVALID_ARGUMENT', text, { group, hint });
    }
    return await madeReady(admin, options);
  } finally {
    await admin.close();
  }
}

function whyNoShareGroup(options: WorkerOptions<never, never>): string | undefined {
  const { orderBy, deadLetter, offsetReset, consumer } = options;
  if (orderBy !== 'none') return "it has no order: set orderBy to 'none'";
  if (deadLetter === false) return 'it gives records out only so often, and needs deadLetter';
  if (offsetReset === 'none') return "it has to begin somewhere: offsetReset is 'none'";
  if (consumer !== undefined) return 'consumer holds options of a consumer group';
  return undefined;
}

async function typeOf(admin: Admin, groupId: string): Promise<string | undefined> {
  try {
    const [group] = await admin.describeGroups([groupId]);
    return group?.type;
  } catch (error) {
    if (isKafkaError(error, 'GROUP_ID_NOT_FOUND')) return undefined;
    throw error;
  }
}

async function areThere(admin: Admin): Promise<boolean> {
  const { finalized } = await admin.describeFeatures();
  return (finalized.get('share.version') ?? 0) >= 1;
}

/** A share group begins at the end unless told otherwise; a worker wants what waits, too. */
async function madeReady(
  admin: Admin,
  { groupId, offsetReset = 'earliest' }: WorkerOptions<never, never>,
): Promise<ShareGroup> {
  const keys = [resetName, limitName];
  const [configs] = await admin.describeConfigs([{ type: 'group', name: groupId, keys }]);
  const entries = configs?.entries ?? [];
  const reset = entries.find(({ name }) => name === resetName);
  if (reset?.source !== 'group' && reset?.value !== offsetReset) {
    await admin.alterConfigs([{ type: 'group', name: groupId, set: { [resetName]: offsetReset } }]);
  }
  const limit = entries.find(({ name }) => name === limitName) ?? (await brokersLimit(admin));
  return { deliveryLimit: Number(limit?.value ?? defaultDeliveryLimit) };
}

/** Before groups had a limit of their own. */
async function brokersLimit(admin: Admin): Promise<ConfigEntry | undefined> {
  const { brokers } = await admin.describeCluster();
  const [first] = brokers;
  if (first === undefined) return undefined;
  const query = { type: 'broker', name: String(first.id), keys: [`group.${limitName}`] } as const;
  const [configs] = await admin.describeConfigs([query]);
  return configs?.entries[0];
}
