import { errnoOf } from '../../errors/index.js';
import type { Handler } from './handler.js';

/**
 * StreamsGroupTopologyDescriptionUpdate v0 (KIP-1331). Nobody keeps descriptions here, as in Kafka
 * 4.4 without a plug-in; heartbeats never ask members for one.
 */
export const topologyDescriptionUpdate: Handler<
  'StreamsGroupTopologyDescriptionUpdate'
> = async () => ({
  errorCode: errnoOf('UNSUPPORTED_VERSION'),
  errorMessage: 'The broker has no streams group topology description plugin configured.',
});
