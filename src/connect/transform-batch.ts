import type { ConsumerRecord } from '../client/index.js';
import type { ErrorPolicy } from './error-policy.js';
import { type PipeRecord, pipeRecordOf } from './pipe-record.js';
import type { PipelineMetrics } from './pipeline-metrics.js';
import type { FailedRecord, TransformChain } from './transform.js';

export interface TransformParts {
  readonly chain: TransformChain;
  readonly policy: ErrorPolicy;
  readonly metrics: PipelineMetrics;
}

/** What became of some records: those to be written, and those that did not come through. */
export interface TransformedBatch {
  readonly ready: PipeRecord[];
  readonly failed: FailedRecord[];
}

/** With tolerance `none`, what lies behind the first failure is left alone. */
export async function transformBatch(
  records: readonly ConsumerRecord[],
  { chain, policy, metrics }: TransformParts,
): Promise<TransformedBatch> {
  const ready: PipeRecord[] = [];
  const failed: FailedRecord[] = [];
  for (const record of records) {
    const applied = chain.apply(pipeRecordOf(record));
    const result = applied instanceof Promise ? await applied : applied;
    if (result.failed !== undefined) {
      failed.push(result.failed);
      if (policy.tolerance === 'none') break;
    } else if (result.records.length === 0) metrics.filtered++;
    else for (const each of result.records) ready.push(each);
  }
  return { ready, failed };
}
