import { errnoOf } from '../../errors/index.js';
import { features } from '../config/compat.js';
import type { Handler } from './handler.js';

/** What KIP-511 allows as the name and version of a client. */
const softwareText = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

/**
 * ApiVersions v0–5: what this broker serves, derived from the table of handlers. Until v3 features
 * whose minimum is 0 are left out, because older clients stumble over them.
 */
export const apiVersions: Handler<'ApiVersions'> = (request, context) => {
  const { broker, version } = context;
  if (version >= 3) {
    const named =
      softwareText.test(request.clientSoftwareName) &&
      softwareText.test(request.clientSoftwareVersion);
    if (!named) return { errorCode: errnoOf('INVALID_REQUEST'), apiKeys: [] };
  }
  if (version >= 5) {
    const elsewhere =
      (request.clusterId !== null && request.clusterId !== broker.clusterId) ||
      (request.nodeId >= 0 && request.nodeId !== broker.nodeId);
    if (elsewhere) return { errorCode: errnoOf('REBOOTSTRAP_REQUIRED'), apiKeys: [] };
  }
  const apiKeys = broker.served().map(({ key, range: [minVersion, maxVersion] }) => ({
    apiKey: key,
    minVersion,
    maxVersion,
  }));
  const all = features(broker.compat);
  return {
    errorCode: 0,
    apiKeys,
    ...(version < 3
      ? {}
      : {
          supportedFeatures: all
            .filter((feature) => version >= 4 || feature.min > 0)
            .map(({ name, min, max }) => ({ name, minVersion: min, maxVersion: max })),
          finalizedFeaturesEpoch: 1,
          finalizedFeatures: all.map(({ name, level }) => ({
            name,
            maxVersionLevel: level,
            minVersionLevel: level,
          })),
        }),
  };
};
