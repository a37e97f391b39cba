import type { Logger, System } from '../system/index.js';
import type { BrokerConfig } from './config/broker-config.js';
import type { GroupCoordinator } from './coordinator/index.js';
import type { TopicLookup } from './metadata/topic-lookup.js';
import type { InternalTopic } from './partition/internal-topic.js';

/** The parts of a running broker that handlers and coordinators work with. */
export interface BrokerInternals {
  readonly system: System;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly nodeId: number;
  readonly clusterId: string;
  /** Where clients are told to connect. */
  readonly advertised: { readonly host: string; readonly port: number };
  readonly topics: TopicLookup;
  /** `__consumer_offsets`. */
  readonly offsetsTopic: InternalTopic;
  readonly groups: GroupCoordinator;
}
