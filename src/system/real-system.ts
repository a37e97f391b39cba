import { realClock } from './real-clock.js';
import { realDisk } from './real-disk.js';
import { realNet } from './real-net.js';
import { realRandom } from './real-random.js';
import type { System } from './system.js';

const system: System = { clock: realClock, random: realRandom, disk: realDisk, net: realNet };

/** The windows onto the real machine. */
export function realSystem(): System {
  return system;
}
