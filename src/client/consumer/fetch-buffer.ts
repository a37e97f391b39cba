import type { FetchedPartition } from './fetched-partition.js';
import type { PartitionState } from './partition-state.js';

/**
 * What has been fetched and waits for the loop, in the order it came, which is fair to all
 * partitions. Bounded by the fetcher, which stops asking when `bytes` reaches `queuedMaxBytes`.
 */
export class FetchBuffer {
  #queue: FetchedPartition[] = [];
  #bytes = 0;

  /** Bytes waiting; what belongs to paused partitions counts too. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  push(fetched: FetchedPartition): void {
    this.#queue.push(fetched);
    this.#count(fetched, fetched.sizeInBytes);
  }

  /** Puts back what had been taken, to be taken next. */
  putBack(fetched: FetchedPartition): void {
    this.#queue.unshift(fetched);
    this.#count(fetched, fetched.sizeInBytes);
  }

  /**
   * The next one whose partition is not paused and that may be taken; what has become void is
   * dropped on the way.
   */
  take(may?: (state: PartitionState) => boolean): FetchedPartition | undefined {
    for (let index = 0; index < this.#queue.length; ) {
      const fetched = this.#queue[index] as FetchedPartition;
      const { state } = fetched;
      if (fetched.isCurrent && (state.paused || may?.(state) === false)) {
        index++;
        continue;
      }
      this.#queue.splice(index, 1);
      this.#count(fetched, -fetched.sizeInBytes);
      if (fetched.isCurrent) return fetched;
    }
    return undefined;
  }

  /** Drops what seeks and revocations have made void. */
  sweep(): void {
    const kept: FetchedPartition[] = [];
    for (const fetched of this.#queue) {
      if (fetched.isCurrent) kept.push(fetched);
      else this.#count(fetched, -fetched.sizeInBytes);
    }
    this.#queue = kept;
  }

  clear(): void {
    this.#queue = [];
    this.#bytes = 0;
  }

  #count(fetched: FetchedPartition, bytes: number): void {
    this.#bytes += bytes;
    fetched.state.queuedBytes += bytes;
  }
}
