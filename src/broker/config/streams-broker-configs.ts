import type { ConfigBounds, ConfigType } from './config-facts.js';

const positive: ConfigBounds = { min: 1 };
const counting: ConfigBounds = { min: 0 };

type Row = readonly [
  name: string,
  type: ConfigType,
  fallback: string | null,
  bounds: ConfigBounds,
  doc: string,
];

/** The configs of the broker that rule streams groups, in the manner of broker-configs.ts. */
export const streamsRows = [
  [
    'group.streams.assignment.interval.ms',
    'int',
    '1000',
    counting,
    'A streams group gets a new assignment at most this often; 0 where data is kept in memory.',
  ],
  [
    'group.streams.heartbeat.interval.ms',
    'int',
    '5000',
    positive,
    'How often members of streams groups are told to send heartbeats.',
  ],
  [
    'group.streams.initial.rebalance.delay.ms',
    'int',
    '3000',
    counting,
    'How long a new streams group waits for more members; 0 where data is kept in memory.',
  ],
  [
    'group.streams.max.assignment.interval.ms',
    'int',
    '15000',
    counting,
    'What a streams group may set for itself at most.',
  ],
  [
    'group.streams.max.heartbeat.interval.ms',
    'int',
    '15000',
    positive,
    'What a streams group may set for itself at most.',
  ],
  [
    'group.streams.max.session.timeout.ms',
    'int',
    '60000',
    positive,
    'What a streams group may set for itself at most.',
  ],
  ['group.streams.max.size', 'int', '2147483647', positive, 'Members of a streams group.'],
  [
    'group.streams.max.standby.replicas',
    'int',
    '2',
    counting,
    'What a streams group may set for itself at most.',
  ],
  [
    'group.streams.min.assignment.interval.ms',
    'int',
    '0',
    counting,
    'What a streams group may set for itself at least.',
  ],
  [
    'group.streams.min.heartbeat.interval.ms',
    'int',
    '5000',
    positive,
    'What a streams group may set for itself at least.',
  ],
  [
    'group.streams.min.session.timeout.ms',
    'int',
    '45000',
    positive,
    'What a streams group may set for itself at least.',
  ],
  [
    'group.streams.min.task.offset.interval.ms',
    'int',
    '15000',
    positive,
    'What a streams group may set for itself at least.',
  ],
  [
    'group.streams.num.standby.replicas',
    'int',
    '0',
    counting,
    'Copies of each stateful task of a streams group beside the active one.',
  ],
  [
    'group.streams.session.timeout.ms',
    'int',
    '45000',
    positive,
    'A member of a streams group that is silent for so long is taken out.',
  ],
  [
    'group.streams.task.offset.interval.ms',
    'int',
    '60000',
    positive,
    'How often members of streams groups tell how far the state on their disks is.',
  ],
] as const satisfies readonly Row[];
