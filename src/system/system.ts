import type { Clock } from './clock.js';
import type { Disk } from './disk.js';
import type { Net } from './net.js';
import type { Random } from './random.js';

/** The windows of the house in one hand: what everything above needs of the world outside. */
export interface System {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly net: Net;
}

/** Where warnings and errors go when the application gives no logger of its own. */
export interface Logger {
  debug(message: string, context?: Record<string, unknown>): void;
  info(message: string, context?: Record<string, unknown>): void;
  warn(message: string, context?: Record<string, unknown>): void;
  error(message: string, context?: Record<string, unknown>): void;
}
