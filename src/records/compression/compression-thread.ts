import { errorFacts, KafkaError } from '../../errors/index.js';
import { startWorker, WorkerFailure, type WorkerThread } from '../../system/index.js';
import type { CompressionTask } from './codec.js';

let thread: Promise<WorkerThread | undefined> | undefined;

/**
 * Does the task in another thread, started at the first one; undefined where there can be none,
 * and the caller does it itself.
 */
export async function inThread(task: CompressionTask): Promise<Buffer | undefined> {
  thread ??= startWorker(new URL('./compression-worker.js', import.meta.url));
  const worker = await thread;
  if (worker === undefined) return undefined;
  try {
    // The view alone: what lies around it in the same memory is not copied.
    return await worker.run({ ...task, bytes: new Uint8Array(task.bytes) });
  } catch (error) {
    if (error instanceof WorkerFailure) throw asKafkaError(error);
    // The thread is gone; the next task starts another.
    thread = undefined;
    return undefined;
  }
}

function asKafkaError(failure: WorkerFailure): Error {
  const { code, message } = failure;
  const known = (
    ['CODEC_MISSING', 'DECOMPRESSION_FAILED', 'DECOMPRESSION_TOO_LARGE'] as const
  ).find((each) => errorFacts(each).code === code);
  return known === undefined ? failure : new KafkaError(known, message);
}
