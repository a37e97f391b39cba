/**
 * The simulated half of the system room: a clock that stands still, randomness from a seed, files
 * and connections inside the process that can be made to fail, tear and crash.
 */
export { ManualClock } from './manual-clock.js';
export {
  type DiskCall,
  type DiskFault,
  MemoryDisk,
  type MemoryDiskOptions,
} from './memory-disk.js';
export { MemoryNet } from './memory-net.js';
export type { MemorySocket } from './memory-socket.js';
export { SeededRandom } from './seeded-random.js';
export {
  type MemorySystem,
  memorySystem,
  type SimulatedSystem,
  simulatedSystem,
} from './simulated-system.js';
