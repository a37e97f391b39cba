import { KafkaError } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

type Asked = RequestDecoded<'DeleteRecords'>['topics'][number]['partitions'][number];

/** Stands for everything up to the high watermark. */
const everything = -1;

/** DeleteRecords v0–2: moves the log start; what lies before it can no longer be read. */
export const deleteRecords: Handler<'DeleteRecords'> = (request, context) => ({
  topics: request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((asked) => {
      const { partitionIndex } = asked;
      try {
        return { partitionIndex, errorCode: 0, lowWatermark: deleteUpTo(name, asked, context) };
      } catch (error) {
        const { errorCode } = errorAnswer(error, context.broker.logger);
        return { partitionIndex, errorCode, lowWatermark: -1 };
      }
    }),
  })),
});

function deleteUpTo(name: string, asked: Asked, { broker }: RequestContext): number {
  const topic = broker.topics.byName(name);
  const partition = topic?.partitions[asked.partitionIndex];
  if (topic === undefined || partition === undefined) {
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  }
  const fault = partition.leaderFault(broker.nodeId, -1);
  if (fault !== undefined) throw new KafkaError(fault);
  if (!topic.config.list('cleanup.policy').includes('delete')) {
    throw new KafkaError('POLICY_VIOLATION');
  }
  const offset = asked.offset === everything ? partition.highWatermark : asked.offset;
  if (offset < 0 || offset > partition.highWatermark) throw new KafkaError('OFFSET_OUT_OF_RANGE');
  return partition.log.deleteRecordsBefore(offset);
}
