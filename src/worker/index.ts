/**
 * Worker: a job queue on topics. Knows concurrency, order by key, retry topics, dead letters and
 * offsets with gaps. Stands on the public client and knows nothing of brokers.
 */
export { Worker, worker } from './worker.js';
export type { WorkContext, WorkerOptions, WorkerStatus, WorkHandler } from './worker-options.js';
