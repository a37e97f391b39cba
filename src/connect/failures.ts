import { type ErrorCode, isKafkaError, KafkaError } from '../errors/index.js';

/** What no repetition mends: the pipeline ends with it. */
const fatal = new Set<ErrorCode>([
  'RECORD_REJECTED',
  'INVALID_ARGUMENT',
  'PACKAGE_MISSING',
  'CODEC_MISSING',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'UNSUPPORTED_VERSION',
  'INVALID_GROUP_ID',
  'INVALID_TOPIC_EXCEPTION',
  'INCONSISTENT_GROUP_PROTOCOL',
  'FENCED_INSTANCE_ID',
]);

/** Whether starting the task anew is pointless. */
export function isFatal(error: KafkaError): boolean {
  if (error.code === 'SINK_FAILED' || error.code === 'SOURCE_FAILED') return !error.retriable;
  return fatal.has(error.code);
}

/** The partition has moved on to somebody else, who begins at what was committed last. */
export function isRefusedCommit({ code }: KafkaError): boolean {
  return (
    code === 'UNKNOWN_MEMBER_ID' || code === 'ILLEGAL_GENERATION' || code === 'FENCED_INSTANCE_ID'
  );
}

export function asKafkaError(thrown: unknown, code: ErrorCode, what: string): KafkaError {
  if (isKafkaError(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new KafkaError(code, `${what}: ${reason}`, { cause: thrown });
}
