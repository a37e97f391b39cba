import type { GroupOutcome } from '../rebalance.js';
import type { ConsumerGroup } from './consumer-group.js';
import type { ConsumerMember } from './consumer-member.js';
import { isSameList } from './consumer-member.js';
import type { ConsumerRebalance, ConsumerRebalanceParts } from './consumer-rebalance.js';
import { topicMatcher } from './topic-regex.js';

/** Expressions are resolved at most this often in one group, in milliseconds. */
export const resolutionIntervalMinMs = 10_000;

export interface RegexSubscriptionsParts
  extends Pick<ConsumerRebalanceParts, 'groups' | 'timers' | 'config' | 'catalog' | 'emit'> {
  readonly rebalance: ConsumerRebalance;
}

/** What came of a heartbeat for the member's regular expression. */
export type RegexChange = 'none' | 'changed' | 'changed-and-known';

/**
 * Subscriptions by regular expression. They are resolved after the heartbeat was answered, all of
 * a group together, so that new topics cause one rebalance and not one for each expression.
 */
export class RegexSubscriptions {
  readonly #parts: RegexSubscriptionsParts;
  /** The version of the topics at the last resolution of each group; not written down. */
  readonly #versions = new WeakMap<ConsumerGroup, number>();

  constructor(parts: RegexSubscriptionsParts) {
    this.#parts = parts;
  }

  /** `before` is the member as it was; the group knows it as it is now. */
  update(
    group: ConsumerGroup,
    before: ConsumerMember,
    regex: string,
    outcome: GroupOutcome,
    now: number,
  ): RegexChange {
    const change = this.#change(group, before.topicRegex, regex, outcome);
    if (this.#isResolutionDue(group, now)) this.#schedule(group.groupId);
    return change;
  }

  #change(group: ConsumerGroup, before: string, regex: string, outcome: GroupOutcome): RegexChange {
    if (before === regex) return 'none';
    if (before !== '') this.#parts.rebalance.forgetUnused(group, before, outcome);
    const isKnown = regex === '' || group.resolved(regex) !== undefined;
    return isKnown ? 'changed-and-known' : 'changed';
  }

  #isResolutionDue(group: ConsumerGroup, now: number): boolean {
    const subscribed = group.subscribedRegexes();
    if (subscribed.size === 0 || this.#parts.timers.has(resolutionKey(group.groupId))) return false;
    let last = -Infinity;
    let known = 0;
    for (const [, { timestamp }] of group.regexes()) {
      known += 1;
      last = Math.max(last, timestamp);
    }
    if (Math.abs(now - last) < resolutionIntervalMinMs) return false;
    return (
      known !== subscribed.size ||
      this.#versions.get(group) !== this.#parts.catalog.version() ||
      now - last > this.#parts.config.regexRefreshIntervalMs
    );
  }

  #schedule(groupId: string): void {
    this.#parts.timers.schedule(resolutionKey(groupId), 0, (outcome, now) => {
      const group = this.#parts.groups.get(groupId);
      if (group !== undefined) this.#resolve(group, outcome, now);
    });
  }

  #resolve(group: ConsumerGroup, outcome: GroupOutcome, now: number): void {
    const { catalog, emit, rebalance } = this.#parts;
    const { groupId } = group;
    const version = catalog.version();
    this.#versions.set(group, version);
    const names = [...catalog.names()].sort();
    let hasChanged = false;
    for (const regex of group.subscribedRegexes().keys()) {
      // An expression of another broker's that we cannot read matches nothing.
      const topics = names.filter(topicMatcher(regex) ?? (() => false));
      if (!isSameList(group.resolved(regex)?.topics ?? [], topics)) hasChanged = true;
      const value = { topics, version, timestamp: now };
      emit(outcome, { kind: 'consumer-regex', groupId, regex, value });
    }
    // The metadata hash has to be looked at anew, too.
    group.topicsSeen = -1;
    rebalance.moveEpoch(group, hasChanged, outcome);
  }
}

function resolutionKey(groupId: string): string {
  return `consumer regex ${groupId}`;
}
