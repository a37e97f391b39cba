import { KafkaError } from '../errors/index.js';
import { type ApiName, apis, type ResponseDecoded } from '../protocol/index.js';

/** What a broker said about itself when the connection was made. */
export class ApiRanges {
  readonly #ranges = new Map<number, readonly [min: number, max: number]>();
  /** Levels of the features that the cluster has switched on, such as `transaction.version`. */
  readonly finalizedFeatures: ReadonlyMap<string, number>;
  readonly supportedFeatures: ReadonlyMap<string, readonly [min: number, max: number]>;

  constructor(response: ResponseDecoded<'ApiVersions'>) {
    for (const { apiKey, minVersion, maxVersion } of response.apiKeys) {
      this.#ranges.set(apiKey, [minVersion, maxVersion]);
    }
    const known = response.finalizedFeaturesEpoch >= 0 ? response.finalizedFeatures : [];
    this.finalizedFeatures = new Map(known.map((one) => [one.name, one.maxVersionLevel]));
    this.supportedFeatures = new Map(
      response.supportedFeatures.map((one) => [one.name, [one.minVersion, one.maxVersion]]),
    );
  }

  /** Versions of an API that the broker serves, whether or not this client knows them. */
  range(api: ApiName): readonly [min: number, max: number] | undefined {
    return this.#ranges.get(apis[api].key);
  }

  /** All ranges by API key, as the broker listed them. */
  all(): ReadonlyMap<number, readonly [min: number, max: number]> {
    return this.#ranges;
  }

  /**
   * The newest version that both sides know, within the caller's bounds. UNSUPPORTED_VERSION
   * where there is none.
   */
  choose(
    api: ApiName,
    broker: string,
    bounds: { readonly versionMin?: number | undefined; readonly versionMax?: number | undefined },
  ): number {
    const served = this.#ranges.get(apis[api].key);
    if (served === undefined) {
      throw new KafkaError('UNSUPPORTED_VERSION', `${broker} does not serve ${api}.`, {
        api,
        broker,
        hint: 'The broker is too old for it, or has it switched off.',
      });
    }
    const [knownMin, knownMax] = apis[api].versions;
    const min = Math.max(served[0], knownMin, bounds.versionMin ?? 0);
    const max = Math.min(served[1], knownMax, bounds.versionMax ?? knownMax);
    if (min <= max) return max;
    const wanted = `${bounds.versionMin ?? knownMin} to ${bounds.versionMax ?? knownMax}`;
    throw new KafkaError(
      'UNSUPPORTED_VERSION',
      `${broker} serves ${api} in the versions ${served.join(' to ')}; ${wanted} are needed here.`,
      { api, broker },
    );
  }
}
