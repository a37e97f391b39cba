import { type ErrorCode, isKafkaError, KafkaError } from '../errors/index.js';
import { type PipeRecord, placeOf } from './pipe-record.js';

/** What no repetition mends: the pipeline ends with it. */
const fatal = new Set<ErrorCode>([
  'RECORD_REJECTED',
  // A dead letter that does not fit: nothing may be left out for that.
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
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

/** The end of a pipeline that may leave nothing out. */
export function stoppedBy(of: { readonly error: KafkaError; readonly record: PipeRecord }) {
  const { topic, partition, offset } = of.record.source;
  const place = placeOf(of.record.source);
  const message = `The record ${place} cannot be processed: ${of.error.message}`;
  return new KafkaError('RECORD_REJECTED', message, {
    topic,
    partition,
    offset,
    cause: of.error,
    hint: 'Everything before it is written. Mend the pipeline, or set errors.deadLetterTopic.',
  });
}

/** A write that may be done or not. */
export function tooSlow(sink: string, timeoutMs: number): KafkaError {
  return new KafkaError('SINK_FAILED', `${sink} did not finish a write within ${timeoutMs} ms.`);
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
