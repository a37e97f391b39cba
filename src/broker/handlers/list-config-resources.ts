import { errnoOf } from '../../errors/index.js';
import { resourceType } from '../metadata/metadata-record.js';
import type { Handler } from './handler.js';

const clientMetrics = 16;
const brokerLogger = 8;
const listable: ReadonlySet<number> = new Set([
  resourceType.topic,
  resourceType.broker,
  brokerLogger,
  clientMetrics,
  resourceType.group,
]);

/** ListConfigResources v0–1: what has configs. v0 asks for client-metrics resources only. */
export const listConfigResources: Handler<'ListConfigResources'> = (request, context) => {
  const { broker, version } = context;
  const all = version >= 1 && request.resourceTypes.length === 0;
  const wanted = new Set(version === 0 ? [clientMetrics] : all ? listable : request.resourceTypes);
  for (const type of wanted) {
    if (!listable.has(type)) {
      return { errorCode: errnoOf('UNSUPPORTED_VERSION'), configResources: [] };
    }
  }
  const configResources = [];
  if (wanted.has(resourceType.topic)) {
    for (const { name } of broker.topics.all()) {
      configResources.push({ resourceName: name, resourceType: resourceType.topic });
    }
  }
  if (wanted.has(resourceType.group)) {
    for (const groupId of broker.groupSettings.groupIds()) {
      configResources.push({ resourceName: groupId, resourceType: resourceType.group });
    }
  }
  for (const type of [resourceType.broker, brokerLogger]) {
    if (!wanted.has(type)) continue;
    for (const id of broker.nodes.running) {
      configResources.push({ resourceName: String(id), resourceType: type });
    }
  }
  return { errorCode: 0, configResources };
};
