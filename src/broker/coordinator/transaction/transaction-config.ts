import type { BrokerConfig } from '../../config/broker-config.js';

/** What the broker's configuration says about transactions. Times are milliseconds. */
export interface TransactionConfig {
  /** The longest time-out a producer may ask for. */
  readonly timeoutMaxMs: number;
  /** How long a transactional id outlives its last transaction. */
  readonly idExpirationMs: number;
  /** How often ids are looked at for expiry. */
  readonly idExpirationCheckMs: number;
}

export const transactionConfigDefaults: TransactionConfig = {
  timeoutMaxMs: 900_000,
  idExpirationMs: 604_800_000,
  idExpirationCheckMs: 3_600_000,
};

export function transactionConfigOf(config: BrokerConfig): TransactionConfig {
  return {
    timeoutMaxMs: config.number('transaction.max.timeout.ms'),
    idExpirationMs: config.number('transactional.id.expiration.ms'),
    idExpirationCheckMs: config.number(
      'transaction.remove.expired.transaction.cleanup.interval.ms',
    ),
  };
}
