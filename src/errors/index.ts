/**
 * Errors: the one error class and the table of error codes that both wings read, the broker to
 * answer and the client to throw. Knows nothing of any other room.
 */
export {
  errnoOf,
  type ErrorCode,
  type ErrorCodeFacts,
  errorCodeOf,
  errorFacts,
  errorTable,
} from './error-codes.js';
export {
  type ErrorContext,
  isKafkaError,
  KafkaError,
  type KafkaErrorOptions,
} from './kafka-error.js';
