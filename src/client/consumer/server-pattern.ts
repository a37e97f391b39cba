import { KafkaError } from '../../errors/index.js';

/** What RE2 has not; `(?<name>…)` it has since 2023 only, brokers not yet. */
const unknownToBrokers = /\(\?[=!<]|\\[1-9]|\\k</;

/**
 * The expression as brokers evaluate it (KIP-848): RE2 syntax, matched against the whole name,
 * while JavaScript's finds its match anywhere. Fails with INVALID_ARGUMENT for look-around, back
 * references and named groups, which RE2 does not have.
 */
export function serverPattern(expression: RegExp): string {
  const { source, ignoreCase, dotAll } = expression;
  if (unknownToBrokers.test(source)) {
    throw new KafkaError('INVALID_ARGUMENT', `Brokers cannot evaluate ${String(expression)}.`, {
      hint: 'RE2 has no look-around, no back references and no named groups.',
    });
  }
  const flags = `${ignoreCase ? 'i' : ''}${dotAll ? 's' : ''}`;
  return `${flags === '' ? '' : `(?${flags})`}.*(?:${source}).*`;
}
