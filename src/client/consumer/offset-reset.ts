import type { OffsetReset } from './consumer-options.js';
import { earliestTimestamp, latestTimestamp } from './partition-state.js';

const byDuration = 'by_duration:';
/** Days to seconds, as `java.time.Duration` reads them. */
const isoDuration =
  /^P(?!$)(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d{1,9})?)S)?)?$/i;

/** The milliseconds of `by_duration:PT1H` (KIP-1106); undefined for anything else. */
export function durationOf(reset: string): number | undefined {
  if (!reset.startsWith(byDuration)) return undefined;
  const found = isoDuration.exec(reset.slice(byDuration.length));
  if (found === null) return undefined;
  const [days, hours, minutes, seconds] = found.slice(1).map((part: string | undefined) => {
    return part === undefined ? 0 : Number(part.replace(',', '.'));
  });
  const all = (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
  return Math.round(all * 1000);
}

/** The timestamp to ask ListOffsets for; undefined when there is to be no reset. */
export function resetTimestamp(reset: OffsetReset, now: number): number | undefined {
  if (reset === 'none') return undefined;
  if (reset === 'earliest') return earliestTimestamp;
  const duration = durationOf(reset);
  return duration === undefined ? latestTimestamp : Math.max(0, now - duration);
}
