import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { aclNumbers, aclWords } from './acl-words.js';
import type {
  AclOperation,
  AclPatternFilter,
  AclPatternType,
  AclPermission,
  AclResourceType,
} from './acl-words.js';
import { askItems, type CallOptions, outcomeOf, retrying, throwOn } from './routing.js';

/** Who may, or may not, do what with which things, and from where (KIP-140, KIP-290). */
export interface AclBinding {
  readonly resourceType: AclResourceType;
  /** A name, the beginning of names, or `*`; of the cluster `kafka-cluster`. */
  readonly resourceName: string;
  /** Default `literal`. */
  readonly patternType?: AclPatternType | undefined;
  /** `User:alice`, `User:*` … */
  readonly principal: string;
  /** An address, or `*` for all; default `*`. */
  readonly host?: string | undefined;
  readonly operation: AclOperation;
  /** Default `allow`. */
  readonly permission?: AclPermission | undefined;
}

/** Which ACLs are meant; what is left out is any. */
export interface AclFilter {
  readonly resourceType?: AclResourceType | 'any' | undefined;
  readonly resourceName?: string | undefined;
  /** Default `any`; `match` finds every ACL that concerns `resourceName`. */
  readonly patternType?: AclPatternFilter | undefined;
  readonly principal?: string | undefined;
  readonly host?: string | undefined;
  readonly operation?: AclOperation | 'any' | undefined;
  readonly permission?: AclPermission | 'any' | undefined;
}

/** The ACLs that one filter of `deleteAcls` found and deleted. */
export interface DeletedAcls {
  readonly filter: AclFilter;
  readonly deleted: readonly Required<AclBinding>[];
}

export async function createAcls(
  cluster: Cluster,
  acls: readonly AclBinding[],
  options: CallOptions,
): Promise<void> {
  const wanted = acls.map((acl) => ({ acl, creation: creationOf(acl) }));
  await askItems(cluster, wanted, options, 'createAcls', async (items) => {
    const request = { creations: items.map(({ creation }) => creation) };
    const answer = await cluster.send('CreateAcls', request, 'any', options);
    return answer.results.map(({ errorCode, errorMessage }, index) =>
      outcomeOf(errorCode, errorMessage, { acl: items[index]?.acl }, () => undefined),
    );
  });
}

function creationOf(acl: AclBinding) {
  return {
    resourceType: aclNumbers.resourceType(acl.resourceType),
    resourceName: acl.resourceName,
    resourcePatternType: aclNumbers.patternType(acl.patternType ?? 'literal'),
    principal: acl.principal,
    host: acl.host ?? '*',
    operation: aclNumbers.operation(acl.operation),
    permissionType: aclNumbers.permission(acl.permission ?? 'allow'),
  };
}

function filterOf(filter: AclFilter) {
  return {
    resourceTypeFilter: aclNumbers.resourceType(filter.resourceType ?? 'any'),
    resourceNameFilter: filter.resourceName ?? null,
    patternTypeFilter: aclNumbers.patternType(filter.patternType ?? 'any'),
    principalFilter: filter.principal ?? null,
    hostFilter: filter.host ?? null,
    operation: aclNumbers.operation(filter.operation ?? 'any'),
    permissionType: aclNumbers.permission(filter.permission ?? 'any'),
  };
}

export async function describeAcls(
  cluster: Cluster,
  filter: AclFilter,
  options: CallOptions,
): Promise<Required<AclBinding>[]> {
  return await retrying(cluster, options, async () => {
    const answer = await cluster.send('DescribeAcls', filterOf(filter), 'any', options);
    throwOn(answer.errorCode, answer.errorMessage, { api: 'DescribeAcls' });
    return answer.resources.flatMap((resource) =>
      resource.acls.map((acl) => bindingOf({ ...resource, ...acl })),
    );
  });
}

interface AclOnTheWire {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

function bindingOf(acl: AclOnTheWire): Required<AclBinding> {
  return {
    resourceType: aclWords.resourceType(acl.resourceType),
    resourceName: acl.resourceName,
    patternType: aclWords.patternType(acl.patternType),
    principal: acl.principal,
    host: acl.host,
    operation: aclWords.operation(acl.operation),
    permission: aclWords.permission(acl.permissionType),
  };
}

export async function deleteAcls(
  cluster: Cluster,
  filters: readonly AclFilter[],
  options: CallOptions,
): Promise<DeletedAcls[]> {
  return await askItems(cluster, filters, options, 'deleteAcls', async (items) => {
    const request = { filters: items.map(filterOf) };
    const answer = await cluster.send('DeleteAcls', request, 'any', options);
    return answer.filterResults.map(({ errorCode, errorMessage, matchingAcls }, index) => {
      const filter = items[index] ?? {};
      const failed = matchingAcls.find((acl) => acl.errorCode !== 0);
      if (errorCode === 0 && failed !== undefined) {
        const { code } = KafkaError.fromErrno(failed.errorCode);
        const acl = JSON.stringify(bindingOf(failed));
        const why = `${failed.errorMessage ?? 'it failed'}; not deleted: ${acl}`;
        return { key: { filter }, error: new KafkaError(code, why) };
      }
      return outcomeOf(errorCode, errorMessage, { filter }, () => ({
        filter,
        deleted: matchingAcls.map(bindingOf),
      }));
    });
  });
}
