import type { Cluster } from '../cluster/index.js';
import { askItems, type CallOptions, outcomeOf, retrying, throwOn } from './routing.js';
import type { ValidateOptions } from './topics.js';

/** Whom a quota binds; null means the default for all users, client ids or addresses. */
export interface QuotaEntity {
  readonly user?: string | null | undefined;
  readonly 'client-id'?: string | null | undefined;
  readonly ip?: string | null | undefined;
}

/** A name; null for the default; `true` for whatever is set, by name or by default. */
export interface QuotaFilter {
  readonly user?: string | null | true | undefined;
  readonly 'client-id'?: string | null | true | undefined;
  readonly ip?: string | null | true | undefined;
}

export interface DescribeClientQuotasOptions extends CallOptions {
  /** Leave out quotas that also depend on something the filter does not name. Default false. */
  readonly strict?: boolean | undefined;
}

export interface ClientQuota {
  readonly entity: QuotaEntity;
  /** By Kafka's names: `producer_byte_rate`, `consumer_byte_rate`, `request_percentage` … */
  readonly quotas: Readonly<Record<string, number>>;
}

/** Changes to the quotas of one entity; what is not named stays (KIP-546). */
export interface QuotaChange {
  readonly entity: QuotaEntity;
  readonly set?: Readonly<Record<string, number>> | undefined;
  readonly delete?: readonly string[] | undefined;
}

const exactly = 0;
const byDefault = 1;
const specified = 2;

export async function describeClientQuotas(
  cluster: Cluster,
  filter: QuotaFilter,
  options: DescribeClientQuotasOptions,
): Promise<ClientQuota[]> {
  const components = given(filter).map(([entityType, wanted]) => {
    if (wanted === true) return { entityType, matchType: specified, match: null };
    if (wanted === null) return { entityType, matchType: byDefault, match: null };
    return { entityType, matchType: exactly, match: wanted };
  });
  const request = { components, strict: options.strict ?? false };
  return await retrying(cluster, options, async () => {
    const answer = await cluster.send('DescribeClientQuotas', request, 'any', {
      signal: options.signal,
    });
    throwOn(answer.errorCode, answer.errorMessage, { api: 'DescribeClientQuotas' });
    return (answer.entries ?? []).map(({ entity, values }) => ({
      entity: entityOf(entity),
      quotas: Object.fromEntries(
        values.map(({ key, value }) => [key, value] as const).sort(byName),
      ),
    }));
  });
}

export async function alterClientQuotas(
  cluster: Cluster,
  changes: readonly QuotaChange[],
  options: ValidateOptions,
): Promise<void> {
  await askItems(cluster, changes, options, 'alterClientQuotas', async (items) => {
    const request = {
      entries: items.map((change) => ({
        entity: given(change.entity).map(([entityType, entityName]) => ({
          entityType,
          entityName: entityName === true ? null : entityName,
        })),
        ops: [
          ...Object.entries(change.set ?? {}).map(([key, value]) => ({
            key,
            value,
            remove: false,
          })),
          ...(change.delete ?? []).map((key) => ({ key, value: 0, remove: true })),
        ],
      })),
      validateOnly: options.validateOnly ?? false,
    };
    const answer = await cluster.send('AlterClientQuotas', request, 'controller', {
      signal: options.signal,
    });
    const answers = new Map(answer.entries.map((one) => [nameOf(entityOf(one.entity)), one]));
    return items.map(({ entity }) => {
      const one = answers.get(nameOf(entity));
      return outcomeOf(one?.errorCode ?? -1, one?.errorMessage, { entity }, () => undefined);
    });
  });
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function given(filter: QuotaFilter): [type: string, name: string | null | true][] {
  return Object.entries(filter).filter(
    (entry): entry is [string, string | null | true] => entry[1] !== undefined,
  );
}

function entityOf(
  parts: readonly { readonly entityType: string; readonly entityName: string | null }[],
): QuotaEntity {
  return Object.fromEntries(parts.map(({ entityType, entityName }) => [entityType, entityName]));
}

function nameOf(entity: QuotaEntity): string {
  return JSON.stringify(given(entity).sort(byName));
}
