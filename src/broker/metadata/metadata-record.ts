/**
 * What happens to the cluster's metadata, one fact at a time. On disk each becomes the metadata
 * record of Kafka that the comment names.
 */
export type MetadataRecord =
  /** TopicRecord */
  | { readonly type: 'topic'; readonly name: string; readonly topicId: string }
  /** PartitionRecord: a new partition, or the same one under a new leader epoch or elsewhere. */
  | {
      readonly type: 'partition';
      readonly topicId: string;
      readonly partition: number;
      readonly leaderEpoch: number;
      /** The nodes that keep it, the preferred leader first. */
      readonly replicas: readonly number[];
    }
  /** RemoveTopicRecord */
  | { readonly type: 'removeTopic'; readonly topicId: string }
  /** ConfigRecord; a null value takes the config away. */
  | {
      readonly type: 'config';
      readonly resourceType: number;
      readonly resourceName: string;
      readonly name: string;
      readonly value: string | null;
    }
  /** ProducerIdsRecord: ids below `nextProducerId` may be in use. */
  | { readonly type: 'producerIds'; readonly nextProducerId: number };

/** Resource types as requests and ConfigRecord number them. */
export const resourceType = { topic: 2, broker: 4, group: 32 } as const;

/** The records that turn the configs `before` of a resource into `wanted`. */
export function configChanges(
  resource: { readonly resourceType: number; readonly resourceName: string },
  before: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): MetadataRecord[] {
  const records: MetadataRecord[] = [];
  for (const [name, value] of Object.entries(wanted)) {
    if (before[name] !== value) records.push({ type: 'config', ...resource, name, value });
  }
  for (const name of Object.keys(before)) {
    if (wanted[name] === undefined)
      records.push({ type: 'config', ...resource, name, value: null });
  }
  return records;
}
