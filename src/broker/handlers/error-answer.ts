import { errnoOf, isKafkaError } from '../../errors/index.js';
import type { Logger } from '../../system/index.js';

/** What an answer says of a failure. */
export interface ErrorAnswer {
  readonly errorCode: number;
  readonly errorMessage: string;
}

/**
 * Turns what was thrown into error fields. Failures of the disk become KAFKA_STORAGE_ERROR, what
 * nobody foresaw UNKNOWN_SERVER_ERROR with a line in the log.
 */
export function errorAnswer(error: unknown, logger: Logger): ErrorAnswer {
  if (isKafkaError(error)) {
    const storage = error.code === 'DISK_ERROR' || error.code === 'DISK_FULL';
    const code = storage ? 'KAFKA_STORAGE_ERROR' : error.code;
    if (storage) logger.error(error.message);
    return { errorCode: errnoOf(code), errorMessage: error.message };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  logger.error(`An unforeseen failure: ${text}`);
  return { errorCode: errnoOf('UNKNOWN_SERVER_ERROR'), errorMessage: 'The server failed.' };
}
