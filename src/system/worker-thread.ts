import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A thread of ours that does one kind of work: plain values in, bytes out. */
export interface WorkerThread {
  /** Rejects with what the work threw (its message and code), or when the thread has died. */
  run(task: Readonly<Record<string, unknown>>): Promise<Buffer>;
}

interface Answer {
  readonly id: number;
  readonly bytes?: Uint8Array;
  readonly failure?: { readonly code: string; readonly message: string };
}

/** What the work of a thread threw, as it came over. */
export class WorkerFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Starts a thread that runs a module, which calls `serveWorker`. Undefined where the module is not
 * there as a file (sources that a test runner compiles on the fly). The thread keeps the process
 * alive only while it has work.
 */
export async function startWorker(module: URL): Promise<WorkerThread | undefined> {
  if (!existsSync(fileURLToPath(module))) return undefined;
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(module);
  worker.unref();
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let dead: Error | undefined;
  const die = (error: Error): void => {
    dead = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('error', (error) => die(error as Error));
  worker.on('exit', (code) => die(new Error(`The worker thread ended with ${code}.`)));
  worker.on('message', ({ id, bytes, failure }: Answer) => {
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
    if (failure !== undefined) waiter?.reject(new WorkerFailure(failure.code, failure.message));
    else if (bytes !== undefined) {
      waiter?.resolve(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    }
  });
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        if (dead !== undefined) {
          reject(dead);
          return;
        }
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, task });
      }),
  };
}

/** Inside such a thread: answers every task with what `work` gives. */
export async function serveWorker(
  work: (task: Readonly<Record<string, unknown>>) => Promise<Uint8Array>,
): Promise<void> {
  const { parentPort } = await import('node:worker_threads');
  parentPort?.on('message', ({ id, task }: { id: number; task: Record<string, unknown> }) => {
    work(task).then(
      (result) => {
        // A copy of its own, so that it can change hands instead of being copied again.
        const bytes = new Uint8Array(result);
        parentPort.postMessage({ id, bytes }, [bytes.buffer]);
      },
      (error: unknown) => {
        const { code = '', message } = error as Error & { readonly code?: string };
        parentPort.postMessage({ id, failure: { code, message } });
      },
    );
  });
}
