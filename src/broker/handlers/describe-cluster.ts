import { errnoOf } from '../../errors/index.js';
import { clusterOperations } from './authorized-operations.js';
import type { Handler } from './handler.js';

const brokersEndpoint = 1;
const controllersEndpoint = 2;

/** DescribeCluster v0–2. */
export const describeCluster: Handler<'DescribeCluster'> = (request, context) => {
  const { broker } = context;
  const { endpointType } = request;
  if (endpointType !== brokersEndpoint) {
    const known = endpointType === controllersEndpoint;
    return {
      errorCode: errnoOf(known ? 'MISMATCHED_ENDPOINT_TYPE' : 'UNSUPPORTED_ENDPOINT_TYPE'),
      errorMessage: known
        ? 'The request was sent to an endpoint of type BROKER, ' +
          'but we wanted an endpoint of type CONTROLLER'
        : `Unsupported endpoint type ${endpointType}`,
      endpointType,
      clusterId: '',
      brokers: [],
    };
  }
  const { nodes } = broker;
  const ids = request.includeFencedBrokers ? nodes.ids : nodes.running;
  return {
    errorCode: 0,
    clusterId: broker.clusterId,
    controllerId: nodes.controllerId,
    brokers: ids.map((brokerId) => ({
      brokerId,
      ...broker.addressOf(brokerId, context.connection),
      isFenced: !nodes.isRunning(brokerId),
    })),
    ...(request.includeClusterAuthorizedOperations
      ? { clusterAuthorizedOperations: clusterOperations }
      : {}),
  };
};
