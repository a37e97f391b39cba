import { KafkaError } from '../../errors/index.js';
import type { RequestInput, ResponseDecoded } from '../../protocol/index.js';

/** Kafka's number for the endpoints of controllers (KIP-919); those of brokers are 1. */
const controllerEndpoint = 2;

/** Asks controllers about themselves: they know no Metadata request. */
export const describeControllers: RequestInput<'DescribeCluster'> = {
  includeClusterAuthorizedOperations: false,
  endpointType: controllerEndpoint,
};

/** Below it nobody says which kind of endpoint is meant. */
export const endpointTypeVersion = 1;

/**
 * What a controller says about the quorum, as an answer to Metadata in which the controllers stand
 * for the brokers. Fails with what the answer says, and MISMATCHED_ENDPOINT_TYPE where it comes
 * from a broker.
 */
export function controllersAsMetadata(
  answer: ResponseDecoded<'DescribeCluster'>,
): ResponseDecoded<'Metadata'> {
  const { errorCode, errorMessage, endpointType, brokers, clusterId, controllerId } = answer;
  const error = KafkaError.fromErrno(errorCode, errorMessage, { api: 'DescribeCluster' });
  if (error.code === 'MISMATCHED_ENDPOINT_TYPE' || endpointType !== controllerEndpoint) {
    throw new KafkaError('MISMATCHED_ENDPOINT_TYPE', 'bootstrapControllers leads to a broker.', {
      hint: 'Name the controllers’ listeners there, or use bootstrapServers.',
    });
  }
  if (error.code !== 'NONE') throw error;
  return {
    throttleTimeMs: 0,
    brokers: brokers.map(({ brokerId: nodeId, host, port, rack }) => {
      return { nodeId, host, port, rack };
    }),
    clusterId,
    controllerId,
    topics: [],
    clusterAuthorizedOperations: answer.clusterAuthorizedOperations,
    errorCode: 0,
  };
}

/** The error for asking controllers for what only brokers have. */
export function onlyOfBrokers(what: string, cause?: unknown): KafkaError {
  return new KafkaError('UNSUPPORTED_ENDPOINT_TYPE', `Controllers do not serve ${what}.`, {
    hint: 'Ask the brokers: new Kafka({ bootstrapServers }).',
    cause,
  });
}
