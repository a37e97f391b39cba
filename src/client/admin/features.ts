import { KafkaError } from '../../errors/index.js';
import { clientSoftware } from '../../network/index.js';
import type { Cluster } from '../cluster/index.js';
import { type CallOptions, outcomeOf, retrying, throwOn, valuesOf } from './routing.js';
import type { ValidateOptions } from './topics.js';

export interface Features {
  /** Levels that the whole cluster has switched on, such as `transaction.version`. */
  readonly finalized: ReadonlyMap<string, number>;
  /** Grows with each change of the levels; -1 where the broker does not say. */
  readonly finalizedEpoch: number;
  /** Levels that the broker asked could serve. */
  readonly supported: ReadonlyMap<string, readonly [min: number, max: number]>;
}

/** The level that a feature of the whole cluster shall have (KIP-584, KIP-1022). */
export interface FeatureUpdate {
  readonly feature: string;
  /** 0 switches it off. */
  readonly level: number;
  /** Going down loses nothing with `safe-downgrade`, or fails; default `upgrade`. */
  readonly type?: 'upgrade' | 'safe-downgrade' | 'unsafe-downgrade' | undefined;
}

const upgradeTypes = { upgrade: 1, 'safe-downgrade': 2, 'unsafe-downgrade': 3 } as const;

export async function describeFeatures(cluster: Cluster, options: CallOptions): Promise<Features> {
  const { name: clientSoftwareName, version: clientSoftwareVersion } = clientSoftware;
  // Asked anew: what a connection learned when it began may be old.
  return await retrying(cluster, options, async () => {
    const request = { clientSoftwareName, clientSoftwareVersion };
    const answer = await cluster.send('ApiVersions', request, 'any', { signal: options.signal });
    throwOn(answer.errorCode, undefined, { api: 'ApiVersions' });
    return {
      finalized: new Map(answer.finalizedFeatures.map((one) => [one.name, one.maxVersionLevel])),
      finalizedEpoch: answer.finalizedFeaturesEpoch,
      supported: new Map(
        answer.supportedFeatures.map(({ name, minVersion, maxVersion }) => [
          name,
          [minVersion, maxVersion] as const,
        ]),
      ),
    };
  });
}

/** All or nothing; INVALID_UPDATE_VERSION for a level that no broker has, or that loses data. */
export async function updateFeatures(
  cluster: Cluster,
  updates: readonly FeatureUpdate[],
  options: ValidateOptions,
): Promise<void> {
  if (updates.length === 0) return;
  const featureUpdates = updates.map(({ feature, level, type = 'upgrade' }) => ({
    feature,
    maxVersionLevel: level,
    upgradeType: upgradeTypeOf(type),
  }));
  const timeoutMs = options.timeoutMs ?? cluster.options.requestTimeoutMs;
  const validateOnly = options.validateOnly ?? false;
  await retrying(cluster, options, async () => {
    const request = { timeoutMs, featureUpdates, validateOnly };
    const answer = await cluster.send('UpdateFeatures', request, 'controller', {
      signal: options.signal,
      versionMin: 1,
    });
    // The first error of a single feature says more than the whole's.
    valuesOf(
      'updateFeatures',
      answer.results.map(({ feature, errorCode, errorMessage }) =>
        outcomeOf(errorCode, errorMessage, { feature }, () => undefined),
      ),
    );
    throwOn(answer.errorCode, answer.errorMessage, { api: 'UpdateFeatures' });
  });
}

function upgradeTypeOf(type: keyof typeof upgradeTypes): number {
  const number = upgradeTypes[type] as number | undefined;
  if (number !== undefined) return number;
  const known = Object.keys(upgradeTypes).join(', ');
  throw new KafkaError('INVALID_ARGUMENT', `'${type}' is no way to change a level.`, {
    hint: `There are ${known}.`,
  });
}
