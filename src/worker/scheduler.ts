import { Fifo } from './fifo.js';

/** Work that waits for its turn. Jobs of the same chain run one after the other. */
export interface Job {
  /** Undefined: order does not matter. */
  readonly chain: string | undefined;
  run(): Promise<void>;
  /** Asked before it starts: whether it is still wanted. */
  isWanted(): boolean;
  /** It was not wanted any more. */
  dropped(): void;
}

interface Chain {
  readonly name: string | undefined;
  readonly jobs: Fifo<Job>;
}

/**
 * Runs at most `concurrency` jobs at a time, and of each chain at most one: ten thousand keys share
 * fifty hands, and each key keeps its order.
 */
export class Scheduler {
  readonly #concurrency: number;
  /** Called whenever a job is through. */
  readonly #settled: () => void;
  readonly #chains = new Map<string, Chain>();
  /** Chains with a job to start and none running. */
  readonly #ready = new Fifo<Chain>();
  #running = 0;
  #waiting = 0;

  constructor(concurrency: number, settled: () => void) {
    this.#concurrency = concurrency;
    this.#settled = settled;
  }

  get running(): number {
    return this.#running;
  }

  /** Jobs that have not been started. */
  get waiting(): number {
    return this.#waiting;
  }

  add(job: Job): void {
    this.#waiting++;
    const known = job.chain === undefined ? undefined : this.#chains.get(job.chain);
    if (known !== undefined) {
      known.jobs.push(job);
      return;
    }
    const chain: Chain = { name: job.chain, jobs: new Fifo() };
    chain.jobs.push(job);
    if (job.chain !== undefined) this.#chains.set(job.chain, chain);
    this.#ready.push(chain);
    this.#pump();
  }

  #pump(): void {
    while (this.#running < this.#concurrency) {
      const chain = this.#ready.shift();
      if (chain === undefined) return;
      const job = chain.jobs.shift() as Job;
      this.#waiting--;
      if (!job.isWanted()) {
        job.dropped();
        this.#next(chain);
        continue;
      }
      this.#running++;
      void this.#run(job, chain);
    }
  }

  async #run(job: Job, chain: Chain): Promise<void> {
    try {
      await job.run();
    } finally {
      this.#running--;
      this.#next(chain);
      this.#pump();
      this.#settled();
    }
  }

  #next(chain: Chain): void {
    if (chain.jobs.size > 0) this.#ready.push(chain);
    else if (chain.name !== undefined) this.#chains.delete(chain.name);
  }
}
