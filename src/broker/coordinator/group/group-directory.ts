import { type ErrorCode, errnoOf } from '../../../errors/index.js';
import type { Ticket } from '../runtime/outcome.js';
import { type ClassicGroup, consumerProtocolType } from './classic-group.js';
import { noBytes } from './classic-member.js';
import type { ConsumerGroups } from './consumer/consumer-groups.js';
import type {
  DeletedGroup,
  GroupDescription,
  GroupFilter,
  GroupListing,
} from './group-messages.js';
import type { OffsetStore } from './offset-store.js';
import type { GroupOutcome } from './rebalance.js';
import type { ShareGroups } from './share/share-groups.js';
import type { StreamsGroups } from './streams/streams-groups.js';

/** The types of groups as ListGroups shows them. */
const classicType = 'classic';
const consumerType = 'consumer';
/** Also what ListGroups shows as the protocol type of share groups. */
const shareType = 'share';
const streamsType = 'streams';

export interface GroupDirectoryParts {
  readonly groups: ReadonlyMap<string, ClassicGroup>;
  readonly consumers: ConsumerGroups;
  readonly shares: ShareGroups;
  readonly streams: StreamsGroups;
  readonly store: OffsetStore;
}

/** What administrators ask: ListGroups, DescribeGroups, DeleteGroups. */
export class GroupDirectory {
  readonly #parts: GroupDirectoryParts;

  constructor(parts: GroupDirectoryParts) {
    this.#parts = parts;
  }

  list(filter: GroupFilter, ticket: Ticket<GroupListing[]>, outcome: GroupOutcome): void {
    const states = new Set(filter.states.map((state) => state.toLowerCase()));
    const types = new Set(filter.types.map((type) => type.toLowerCase()));
    const listed = this.#listings().filter(
      ({ groupState, groupType }) =>
        (states.size === 0 || states.has(stateWord(groupState))) &&
        (types.size === 0 || types.has(groupType)),
    );
    outcome.answer(ticket, listed);
  }

  #listings(): GroupListing[] {
    const classic = Array.from(this.#parts.groups.values(), (group) => ({
      groupId: group.groupId,
      protocolType: group.protocolType ?? '',
      groupState: group.state,
      groupType: classicType,
    }));
    const consumers = Array.from(this.#parts.consumers.all(), (group) => ({
      groupId: group.groupId,
      protocolType: consumerProtocolType,
      groupState: group.state,
      groupType: consumerType,
    }));
    const shares = Array.from(this.#parts.shares.all(), (group) => ({
      groupId: group.groupId,
      protocolType: shareType,
      groupState: group.state,
      groupType: shareType,
    }));
    const streams = Array.from(this.#parts.streams.all(), (group) => ({
      groupId: group.groupId,
      protocolType: streamsType,
      groupState: group.state,
      groupType: streamsType,
    }));
    return [...classic, ...consumers, ...shares, ...streams];
  }

  describe(groupId: string, ticket: Ticket<GroupDescription>, outcome: GroupOutcome): void {
    const group = this.#parts.groups.get(groupId);
    const { consumers, shares, streams } = this.#parts;
    const isOther = [consumers, shares, streams].some((kind) => kind.has(groupId));
    const what = isOther ? 'is not a classic group' : 'not found';
    outcome.answer(ticket, group === undefined ? unknownGroup(groupId, what) : describe(group));
  }

  delete(groupId: string, ticket: Ticket<DeletedGroup>, outcome: GroupOutcome): void {
    const { groups, consumers, streams } = this.#parts;
    const group = groups.get(groupId) ?? consumers.get(groupId) ?? streams.get(groupId);
    let code: ErrorCode = 'NONE';
    if (group === undefined) code = 'GROUP_ID_NOT_FOUND';
    else if (group.state !== 'Empty') code = 'NON_EMPTY_GROUP';
    else this.#bury(groupId, outcome);
    const errorCode = errnoOf(code);
    outcome.answer(ticket, { groupId, errorCode, errorMessage: reasons[code] ?? null });
  }

  /** Tombstones for everything the group has. */
  #bury(groupId: string, outcome: GroupOutcome): void {
    outcome.divisible = true;
    for (const [topic, offsets] of this.#parts.store.topicsOf(groupId)) {
      for (const partition of offsets.keys()) {
        outcome.write({ kind: 'offset', groupId, topic, partition, value: null });
      }
    }
    for (const [topic, partition] of this.#parts.store.pendingOf(groupId)) {
      outcome.write({ kind: 'offset', groupId, topic, partition, value: null });
    }
    const consumers = this.#parts.consumers.get(groupId);
    const streams = this.#parts.streams.get(groupId);
    if (streams !== undefined) this.#parts.streams.bury(streams, outcome);
    else if (consumers === undefined)
      outcome.write({ kind: 'classic-group', groupId, value: null });
    else this.#parts.consumers.bury(consumers, outcome);
  }

  /** The topic is no more, and with it all that was committed for it. */
  forgetTopic(topic: string, ticket: Ticket<number>, outcome: GroupOutcome): void {
    outcome.divisible = true;
    for (const groupId of this.#parts.store.groupIds()) {
      const offsets = this.#parts.store.topicsOf(groupId).get(topic);
      if (offsets === undefined) continue;
      for (const partition of offsets.keys()) {
        outcome.write({ kind: 'offset', groupId, topic, partition, value: null });
      }
    }
    outcome.answer(ticket, outcome.records.length);
  }
}

/** States as filters name them: as they are shown, but for `not_ready` of streams groups. */
function stateWord(state: string): string {
  return state === 'NotReady' ? 'not_ready' : state.toLowerCase();
}

const reasons: Partial<Record<ErrorCode, string>> = {
  GROUP_ID_NOT_FOUND: 'There is no such group.',
  NON_EMPTY_GROUP: 'The group still has members: stop them first.',
};

function describe(group: ClassicGroup): GroupDescription {
  const isStable = group.isIn('Stable');
  return {
    errorCode: 0,
    errorMessage: null,
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: isStable ? (group.protocolName ?? '') : '',
    members: Array.from(group.members(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isStable ? member.metadataFor(group.protocolName) : noBytes,
      memberAssignment: member.assignment,
    })),
  };
}

function unknownGroup(groupId: string, what: string): GroupDescription {
  return {
    errorCode: errnoOf('GROUP_ID_NOT_FOUND'),
    errorMessage: `Group ${groupId} ${what}.`,
    groupId,
    groupState: 'Dead',
    protocolType: '',
    protocolData: '',
    members: [],
  };
}
