import type { KafkaError } from '../../errors/index.js';
import type { Logger } from '../../system/index.js';
import { asKafkaError } from './offset-lookup.js';

/**
 * Tells the application's handler, or the logger where there is none. A handler that throws must
 * not take a timer or a rebalance with it.
 */
export function reportTrouble(
  error: KafkaError,
  onError: ((error: KafkaError) => void) | undefined,
  logger: Logger,
): void {
  if (onError === undefined) {
    logger.warn(error.message, { code: error.code });
    return;
  }
  try {
    onError(error);
  } catch (thrown) {
    logger.error(`onError failed: ${asKafkaError(thrown).message}`, { about: error.message });
  }
}
