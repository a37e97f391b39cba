/**
 * The named steps of a pipeline: the moments between which a crash makes a difference. A test can
 * make each of them fatal (`onStep`).
 *
 *     fetched → dead-lettered → before-write → mid-write → written → committing → committed
 *
 * (records that wait for another attempt are sent between `retrying` and `retried`); besides them
 * `rebalancing` (partitions are about to be given up), `draining` (the pipeline was told to stop)
 * and `closing`.
 */
export type PipelineStep =
  | 'fetched'
  | 'dead-lettering'
  | 'dead-lettered'
  | 'retrying'
  | 'retried'
  | 'before-write'
  | 'mid-write'
  | 'written'
  | 'committing'
  | 'committed'
  | 'rebalancing'
  | 'draining'
  | 'closing';

export type StepReporter = (step: PipelineStep) => void | Promise<void>;

export const pipelineSteps: readonly PipelineStep[] = [
  'fetched',
  'dead-lettering',
  'dead-lettered',
  'retrying',
  'retried',
  'before-write',
  'mid-write',
  'written',
  'committing',
  'committed',
  'rebalancing',
  'draining',
  'closing',
];
