/** The longest topic name: with partition and suffixes it must fit a file name. */
const nameLengthMax = 249;

const internalTopics = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]);

/** Kafka's metadata log looks like a topic, but no client may touch it. */
export const clusterMetadataTopic = '__cluster_metadata';

/** Whether a coordinator keeps its state in this topic: clients may read but not write it. */
export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name);
}

/** What is wrong with a topic name, in Kafka's words (`Topic.validate`); or undefined. */
export function topicNameFault(name: string): string | undefined {
  const invalid = 'Topic name is invalid: ';
  if (name === '') return `${invalid}the empty string is not allowed`;
  if (name === '.' || name === '..') return `${invalid}'.' or '..' is not allowed`;
  if (name.length > nameLengthMax) {
    return (
      `${invalid}the length of '${name}' is longer than ` +
      `the max allowed length ${nameLengthMax}`
    );
  }
  if (/^[A-Za-z0-9._-]+$/.test(name)) return undefined;
  return (
    `${invalid}'${name}' contains one or more characters ` +
    `other than ASCII alphanumerics, '.', '_' and '-'`
  );
}

/** Topics whose names give the same key collide in metric names: Kafka refuses the second. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_');
}
