import { realClock } from '../real-clock.js';
import { realRandom } from '../real-random.js';
import type { System } from '../system.js';
import { ManualClock } from './manual-clock.js';
import { MemoryDisk } from './memory-disk.js';
import { MemoryNet } from './memory-net.js';
import { SeededRandom } from './seeded-random.js';

/** A system in which nothing happens by itself and a seed repeats everything. */
export interface SimulatedSystem extends System {
  readonly clock: ManualClock;
  readonly random: SeededRandom;
  readonly disk: MemoryDisk;
  readonly net: MemoryNet;
}

export function simulatedSystem(seed: number, disk?: MemoryDisk): SimulatedSystem {
  const clock = new ManualClock();
  return {
    clock,
    random: new SeededRandom(seed),
    disk: disk ?? new MemoryDisk({ crashable: true, soon: (run) => clock.soon(run) }),
    net: new MemoryNet(clock),
  };
}

/** Real time and randomness, but files and connections inside the process. */
export interface MemorySystem extends System {
  readonly disk: MemoryDisk;
  readonly net: MemoryNet;
}

export function memorySystem(): MemorySystem {
  return {
    clock: realClock,
    random: realRandom,
    disk: new MemoryDisk(),
    net: new MemoryNet(realClock),
  };
}
