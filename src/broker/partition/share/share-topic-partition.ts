/** A partition as share requests name it. */
export interface ShareTopicPartition {
  readonly topicId: string;
  readonly partition: number;
}

export function shareTopicPartitionKey({ topicId, partition }: ShareTopicPartition): string {
  return `${topicId}:${partition}`;
}
