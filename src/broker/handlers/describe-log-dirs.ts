import type { Topic } from '../metadata/topic.js';
import type { Handler } from './handler.js';

/** DescribeLogDirs v1–5: the size of every partition that this node keeps. */
export const describeLogDirs: Handler<'DescribeLogDirs'> = (request, { broker }) => {
  const sizes = (topic: Topic, wanted?: readonly number[]) => ({
    name: topic.name,
    partitions: topic.partitions
      .filter(
        ({ index, replicas }) =>
          replicas.includes(broker.nodeId) && (wanted === undefined || wanted.includes(index)),
      )
      .map((partition) => ({
        partitionIndex: partition.index,
        partitionSize: partition.log.size,
        offsetLag: 0,
        isFutureKey: false,
      })),
  });
  const topics =
    request.topics === null
      ? broker.topics.all().map((topic) => sizes(topic))
      : request.topics.flatMap(({ topic: name, partitions }) => {
          const topic = broker.topics.byName(name);
          return topic === undefined ? [] : [sizes(topic, partitions)];
        });
  const logDir = broker.logDirectory;
  return { errorCode: 0, results: [{ errorCode: 0, logDir, topics }] };
};
