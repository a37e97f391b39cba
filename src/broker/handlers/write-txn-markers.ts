import { errnoOf } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

type Marker = RequestDecoded<'WriteTxnMarkers'>['markers'][number];

/** WriteTxnMarkers v1–2: how an administrator ends a transaction that hangs in a partition. */
export const writeTxnMarkers: Handler<'WriteTxnMarkers'> = async (request, context) => {
  const markers = await Promise.all(
    request.markers.map(async (marker) => ({
      producerId: marker.producerId,
      topics: await Promise.all(
        marker.topics.map(async ({ name, partitionIndexes }) => ({
          name,
          partitions: await Promise.all(
            partitionIndexes.map(async (partitionIndex) => ({
              partitionIndex,
              errorCode: await written(name, partitionIndex, marker, context),
            })),
          ),
        })),
      ),
    })),
  );
  return { markers };
};

async function written(
  topic: string,
  index: number,
  marker: Marker,
  { broker }: RequestContext,
): Promise<number> {
  const partition = broker.topics.partition(topic, index);
  if (partition === undefined) return errnoOf('UNKNOWN_TOPIC_OR_PARTITION');
  const { producerId, producerEpoch, transactionResult: committed, coordinatorEpoch } = marker;
  if (producerId < 0 || producerEpoch < 0) return errnoOf('UNKNOWN_SERVER_ERROR');
  const known = partition.log.producerState.entry(producerId);
  if (known !== undefined && known.coordinatorEpoch > coordinatorEpoch) {
    return errnoOf('TRANSACTION_COORDINATOR_FENCED');
  }
  try {
    await broker.markers.write(topic, index, {
      producerId,
      producerEpoch,
      committed,
      coordinatorEpoch,
    });
    return 0;
  } catch (error) {
    return errorAnswer(error, broker.logger).errorCode;
  }
}
