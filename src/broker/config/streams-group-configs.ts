import type { StreamsGroupSettings } from '../coordinator/index.js';
import type { BrokerConfigName } from './broker-configs.js';
import { configNumber } from './config-facts.js';
import type { GroupConfigFacts } from './share-group-configs.js';

type Row = readonly [
  name: string,
  fallback: string,
  min: number,
  names: Pick<GroupConfigFacts, 'minName' | 'maxName'> & { readonly brokerName: BrokerConfigName },
  doc: string,
];

// Names and bounds are Apache's, the sentences our own.
const rows: readonly Row[] = [
  [
    'streams.assignment.interval.ms',
    '1000',
    0,
    {
      brokerName: 'group.streams.assignment.interval.ms',
      minName: 'group.streams.min.assignment.interval.ms',
      maxName: 'group.streams.max.assignment.interval.ms',
    },
    'This streams group gets a new assignment at most this often.',
  ],
  [
    'streams.heartbeat.interval.ms',
    '5000',
    1,
    {
      brokerName: 'group.streams.heartbeat.interval.ms',
      minName: 'group.streams.min.heartbeat.interval.ms',
      maxName: 'group.streams.max.heartbeat.interval.ms',
    },
    'How often the members of this streams group are told to send heartbeats.',
  ],
  [
    'streams.initial.rebalance.delay.ms',
    '3000',
    0,
    { brokerName: 'group.streams.initial.rebalance.delay.ms' },
    'How long this streams group waits for more members when it is new.',
  ],
  [
    'streams.num.standby.replicas',
    '0',
    0,
    {
      brokerName: 'group.streams.num.standby.replicas',
      maxName: 'group.streams.max.standby.replicas',
    },
    'Copies of each stateful task of this streams group beside the active one.',
  ],
  [
    'streams.session.timeout.ms',
    '45000',
    1,
    {
      brokerName: 'group.streams.session.timeout.ms',
      minName: 'group.streams.min.session.timeout.ms',
      maxName: 'group.streams.max.session.timeout.ms',
    },
    'A member of this streams group that is silent for so long is taken out.',
  ],
  [
    'streams.task.offset.interval.ms',
    '60000',
    1,
    {
      brokerName: 'group.streams.task.offset.interval.ms',
      minName: 'group.streams.min.task.offset.interval.ms',
    },
    'How often the members of this streams group tell how far the state on their disks is.',
  ],
];

export const streamsGroupConfigs: readonly GroupConfigFacts[] = rows.map(
  ([name, fallback, min, names, doc]) => ({
    name,
    type: 'int',
    fallback,
    bounds: { min },
    doc,
    ...names,
  }),
);

const fields = [
  ['streams.assignment.interval.ms', 'assignmentIntervalMs'],
  ['streams.heartbeat.interval.ms', 'heartbeatIntervalMs'],
  ['streams.initial.rebalance.delay.ms', 'initialRebalanceDelayMs'],
  ['streams.num.standby.replicas', 'standbyReplicas'],
  ['streams.session.timeout.ms', 'sessionTimeoutMs'],
  ['streams.task.offset.interval.ms', 'taskOffsetIntervalMs'],
] as const;

/** What rules a streams group that has set this for itself; the others are left out. */
export function streamsSettings(overrides: Readonly<Record<string, string>>): StreamsGroupSettings {
  const settings: { -readonly [F in keyof StreamsGroupSettings]: StreamsGroupSettings[F] } = {};
  for (const [name, field] of fields) {
    const own = overrides[name];
    if (own !== undefined) settings[field] = configNumber(own);
  }
  return settings;
}
