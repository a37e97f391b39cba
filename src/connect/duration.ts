import { KafkaError } from '../errors/index.js';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `30s`, `5m`, `2h`, or a number of milliseconds. Fails with INVALID_ARGUMENT. */
export function milliseconds(duration: string | number): number {
  if (typeof duration === 'number' && duration >= 0) return duration;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(duration));
  const unit = units[match?.[2] ?? ''];
  if (unit === undefined) {
    const message = `'${duration}' is no duration; '500ms', '30s', '5m' or '2h' are.`;
    throw new KafkaError('INVALID_ARGUMENT', message);
  }
  return Number(match?.[1]) * unit;
}
