import type { ApiFacts, ApiName } from '../../protocol/index.js';

/** The Apache Kafka version whose ranges and features a broker shows. */
export type Compat = '4.0' | '4.2' | '4.3' | '4.4';

export const newestCompat: Compat = '4.4';

interface Range {
  /** Where brokers advertise from, if not from the schema's first version. */
  readonly from?: number | undefined;
  /** The Kafka version that served it first, where that is later than 4.0. */
  readonly since?: '4.2' | '4.4' | undefined;
  /** The highest version of each Kafka version, where that is not the schema's last. */
  readonly to?: { readonly [C in Compat]?: number } | undefined;
}

/**
 * Where a broker's range differs from the versions that the schema knows. Produce is advertised
 * from 0 because old librdkafka looks at the minimum; unstable versions are hidden.
 */
const ranges: { readonly [A in ApiName]?: Range } = {
  Produce: { from: 0, to: { '4.0': 12 } },
  Fetch: { to: { '4.0': 17 } },
  ListOffsets: { to: { '4.0': 10 } },
  OffsetCommit: { to: { '4.0': 9 } },
  OffsetFetch: { to: { '4.0': 9 } },
  ApiVersions: { to: { '4.0': 4, '4.2': 4, '4.3': 4 } },
  TxnOffsetCommit: { to: { '4.0': 5, '4.2': 5, '4.3': 5 } },
  WriteTxnMarkers: { to: { '4.0': 1 } },
  ListTransactions: { to: { '4.0': 1 } },
  InitProducerId: { to: { '4.0': 5, '4.2': 5, '4.3': 5, '4.4': 5 } },
  DescribeLogDirs: { to: { '4.0': 4, '4.2': 4 } },
  DeleteGroups: { to: { '4.0': 2, '4.2': 2, '4.3': 2 } },
  ListConfigResources: { to: { '4.0': 0 } },
  StreamsGroupHeartbeat: { since: '4.2', to: { '4.2': 0, '4.3': 0 } },
  StreamsGroupDescribe: { since: '4.2', to: { '4.2': 0, '4.3': 0 } },
  StreamsGroupTopologyDescriptionUpdate: { since: '4.4' },
  ShareGroupHeartbeat: { since: '4.2' },
  ShareGroupDescribe: { since: '4.2' },
  ShareFetch: { since: '4.2' },
  ShareAcknowledge: { since: '4.2' },
  InitializeShareGroupState: { since: '4.2' },
  ReadShareGroupState: { since: '4.2' },
  WriteShareGroupState: { since: '4.2' },
  DeleteShareGroupState: { since: '4.2' },
  ReadShareGroupStateSummary: { since: '4.2' },
  DescribeShareGroupOffsets: { since: '4.2' },
  AlterShareGroupOffsets: { since: '4.2' },
  DeleteShareGroupOffsets: { since: '4.2' },
};

/** The metadata.version each Kafka version is formatted with. */
const metadataVersion: Readonly<Record<Compat, number>> = {
  '4.0': 25,
  '4.2': 29,
  '4.3': 30,
  '4.4': 33,
};

/** The versions of an API that a broker of this Kafka version advertises. */
export function advertisedRange(
  facts: ApiFacts,
  compat: Compat,
): readonly [from: number, to: number] {
  const range = ranges[facts.name];
  return [range?.from ?? facts.versions[0], range?.to?.[compat] ?? facts.versions[1]];
}

/** Whether a broker of this Kafka version serves the API at all. */
export function isServedBy(api: ApiName, compat: Compat): boolean {
  const since = ranges[api]?.since;
  return since === undefined || Number(compat) >= Number(since);
}

export interface Feature {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** The level that is in force. */
  readonly level: number;
}

/** What share groups of this Kafka version can do: 0 none, 1 as such, 2 a dead-letter queue. */
export function shareVersion(compat: Compat): number {
  if (compat === '4.0') return 0;
  return compat === '4.4' ? 2 : 1;
}

/** The features that work here. Kafka's others stay unnamed until they are served. */
export function features(compat: Compat): readonly Feature[] {
  const level = metadataVersion[compat];
  const highest = shareVersion(compat);
  const share =
    highest === 0 ? [] : [{ name: 'share.version', min: 0, max: highest, level: highest }];
  const streams = compat === '4.0' ? [] : [{ name: 'streams.version', min: 0, max: 1, level: 1 }];
  return [
    { name: 'group.version', min: 0, max: 1, level: 1 },
    { name: 'metadata.version', min: 7, max: level, level },
    ...share,
    ...streams,
    { name: 'transaction.version', min: 0, max: 2, level: 2 },
  ];
}
