import type { Cluster } from '../cluster/index.js';
import { KafkaError } from '../../errors/index.js';
import { askCoordinator, type CallOptions, outcomeFor, outcomeOf } from './routing.js';
import { retrying, throwOn, valuesOf } from './routing.js';

export interface GroupListing {
  readonly groupId: string;
  /** `consumer` for groups of consumers, `connect` …; '' for a group with offsets only. */
  readonly protocolType: string;
  /** `Stable`, `Empty`, `PreparingRebalance` …; '' where the broker does not say. */
  readonly state: string;
  /** `Classic`, `Consumer`, `Share`, `Streams`; '' where the broker does not say. */
  readonly type: string;
}

export interface ListGroupsOptions extends CallOptions {
  /** Only groups in one of these states (KIP-518). */
  readonly states?: readonly string[] | undefined;
  /** Only groups of one of these types (KIP-848). */
  readonly types?: readonly string[] | undefined;
  /** Only groups of one of these protocol types (KIP-1043), sorted out here. */
  readonly protocolTypes?: readonly string[] | undefined;
}

/** A member of a classic group, by the id the group gave it or the instance id it brought. */
export type MemberToRemove = { readonly memberId: string } | { readonly groupInstanceId: string };

export interface RemoveMembersOptions extends CallOptions {
  /** Which; default all the group has. */
  readonly members?: readonly MemberToRemove[] | undefined;
  /** Goes into the broker's log (KIP-800). */
  readonly reason?: string | undefined;
}

/** Every broker knows the groups it coordinates: all are asked. */
export async function listGroups(
  cluster: Cluster,
  options: ListGroupsOptions,
): Promise<GroupListing[]> {
  await cluster.refresh([]);
  const states = options.states ?? [];
  const types = options.types ?? [];
  const versionMin = types.length > 0 ? 5 : states.length > 0 ? 4 : undefined;
  const asked = [...cluster.brokers().keys()].map((broker) =>
    retrying(cluster, options, async () => {
      const answer = await cluster.send(
        'ListGroups',
        (version) => ({
          ...(version >= 4 ? { statesFilter: [...states] } : {}),
          ...(version >= 5 ? { typesFilter: [...types] } : {}),
        }),
        { broker },
        { signal: options.signal, versionMin },
      );
      throwOn(answer.errorCode, undefined, { api: 'ListGroups' });
      return answer.groups;
    }),
  );
  const { protocolTypes } = options;
  const groups = new Map<string, GroupListing>();
  for (const list of await Promise.all(asked)) {
    for (const { groupId, protocolType, groupState, groupType } of list) {
      if (protocolTypes !== undefined && !protocolTypes.includes(protocolType)) continue;
      groups.set(groupId, { groupId, protocolType, state: groupState, type: groupType });
    }
  }
  return [...groups.values()].sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
}

/** Only groups without members can be deleted; their offsets go with them. */
export async function deleteGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: CallOptions,
): Promise<void> {
  const outcomes = groupIds.map((group) =>
    outcomeFor({ group }, () =>
      askCoordinator(cluster, group, options, async (broker) => {
        const request = { groupsNames: [group] };
        const { signal } = options;
        const answer = await cluster.send('DeleteGroups', request, { broker }, { signal });
        for (const { errorCode, errorMessage } of answer.results) {
          throwOn(errorCode, errorMessage, { group });
        }
      }),
    ),
  );
  valuesOf('deleteGroups', await Promise.all(outcomes));
}

/**
 * Sends members of a group away (KIP-345); one that still runs joins again. Only members of the
 * classic protocol can be removed.
 */
export async function removeMembers(
  cluster: Cluster,
  group: string,
  options: RemoveMembersOptions,
): Promise<void> {
  const members = options.members ?? (await everyone(cluster, group, options));
  if (members.length === 0) return;
  const reason = options.reason ?? 'removed by an administrator';
  await askCoordinator(cluster, group, options, async (broker) => {
    const answer = await cluster.send(
      'LeaveGroup',
      (version) => ({
        groupId: group,
        members: members.map((member) => ({
          memberId: 'memberId' in member ? member.memberId : '',
          groupInstanceId: 'groupInstanceId' in member ? member.groupInstanceId : null,
          ...(version >= 5 ? { reason } : {}),
        })),
      }),
      { broker },
      { signal: options.signal, versionMin: 3 },
    );
    throwOn(answer.errorCode, undefined, { group });
    const outcomes = answer.members.map(({ memberId, groupInstanceId, errorCode }) =>
      outcomeOf(errorCode, undefined, { group, memberId, groupInstanceId }, () => undefined),
    );
    valuesOf('removeMembers', outcomes);
  });
}

async function everyone(
  cluster: Cluster,
  group: string,
  options: CallOptions,
): Promise<MemberToRemove[]> {
  const { describeGroups } = await import('./group-descriptions.js');
  const { signal, timeoutMs } = options;
  const [description] = await describeGroups(cluster, [group], { signal, timeoutMs });
  if (description !== undefined && description.type !== 'classic') {
    const text = `${group} is a ${description.type} group: its members leave by themselves.`;
    throw new KafkaError('INVALID_ARGUMENT', text, { group });
  }
  return (description?.members ?? []).map(({ memberId, groupInstanceId }) =>
    groupInstanceId === null ? { memberId } : { groupInstanceId },
  );
}
