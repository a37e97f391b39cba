import { KafkaError } from '../../errors/index.js';
import { type BrokerConfigName, brokerConfigFacts } from './broker-configs.js';
import { checkConfig, configNumber } from './config-facts.js';
import { type DynamicConfigs, usableConfigs } from './dynamic-broker-configs.js';

/** Where a value of a broker config was set; the first of these wins. */
export type ConfigLayer = 'ownBroker' | 'allBrokers' | 'staticBroker';

/**
 * The broker's own configuration: what `server.properties` (or the embedding program) set, over
 * the defaults. Checked once, when it is made; names kafkit has no use for are kept aside in
 * `ignored`, so that they can be reported instead of silently dropped. Above it lies what was set
 * while the broker ran, for this one and for all (KIP-226).
 */
export class BrokerConfig {
  readonly #values = new Map<string, string>();
  #own: ReadonlyMap<string, string> = new Map();
  #all: ReadonlyMap<string, string> = new Map();
  /** Names that were set and have no effect here. */
  readonly ignored: readonly string[];

  /** Fails with INVALID_CONFIG when a value does not fit its type or bounds. */
  constructor(settings: Readonly<Record<string, string>> = {}) {
    const ignored: string[] = [];
    for (const [name, value] of Object.entries(settings)) {
      const facts = brokerConfigFacts(name);
      if (facts === undefined) ignored.push(name);
      else this.#values.set(name, checkConfig(facts, String(value)));
    }
    this.ignored = ignored;
  }

  /** Takes over what was set for this broker and for all while they ran. */
  setDynamic(own: DynamicConfigs, all: DynamicConfigs): void {
    this.#own = usableConfigs(own);
    this.#all = usableConfigs(all);
  }

  /** The value in force that somebody set, or undefined. */
  setting(name: string): string | undefined {
    return this.#own.get(name) ?? this.#all.get(name) ?? this.#values.get(name);
  }

  /** Every value that was set, the one in force first. */
  layers(name: string): { value: string; layer: ConfigLayer }[] {
    const found: { value: string; layer: ConfigLayer }[] = [];
    const add = (layer: ConfigLayer, value: string | undefined) => {
      if (value !== undefined) found.push({ value, layer });
    };
    add('ownBroker', this.#own.get(name));
    add('allBrokers', this.#all.get(name));
    add('staticBroker', this.#values.get(name));
    return found;
  }

  /** What was set, else the default; null where there is none. */
  value(name: string): string | null {
    return this.setting(name) ?? brokerConfigFacts(name)?.fallback ?? null;
  }

  text(name: BrokerConfigName): string {
    const value = this.value(name);
    if (value === null) throw new KafkaError('INVALID_CONFIG', `${name} is not set.`);
    return value;
  }

  /** Longs beyond ±(2^53−1) come as the nearest safe integer. */
  number(name: BrokerConfigName): number {
    return configNumber(this.text(name));
  }

  boolean(name: BrokerConfigName): boolean {
    return this.text(name) === 'true';
  }

  /**
   * The default of a topic config as the broker sets it: `log.retention.minutes` and `.hours` stand
   * in for `log.retention.ms`, `log.roll.hours` for `log.roll.ms`.
   */
  topicDefault(brokerName: string): string | null {
    const own = this.setting(brokerName);
    if (own !== undefined) return own;
    if (brokerName === 'log.retention.ms') return this.#retention();
    if (brokerName === 'log.roll.ms') return String(this.number('log.roll.hours') * 3_600_000);
    return brokerConfigFacts(brokerName)?.fallback ?? null;
  }

  #retention(): string {
    const minutes = this.value('log.retention.minutes');
    if (minutes !== null) return inMs(configNumber(minutes), 60_000);
    return inMs(this.number('log.retention.hours'), 3_600_000);
  }
}

/** A negative number of hours or minutes means for ever. */
function inMs(count: number, unit: number): string {
  return count < 0 ? '-1' : String(count * unit);
}
