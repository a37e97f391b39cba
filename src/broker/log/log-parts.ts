import type { LeaderEpochCache } from './leader-epoch-cache.js';
import type { LogConfig } from './log-config.js';
import type { LogSegments } from './log-segments.js';
import type { LogSync } from './log-sync.js';
import type { OpenFiles } from './open-files.js';
import type { ProducerState } from './producer-state.js';
import type { LogTail } from './tail-cache.js';

/** What a log is made of; put together when it is created or loaded. */
export interface LogParts {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  readonly directory: string;
  readonly config: LogConfig;
  readonly files: OpenFiles;
  readonly sync: LogSync;
  readonly tail: LogTail;
  readonly segments: LogSegments;
  readonly producers: ProducerState;
  readonly epochs: LeaderEpochCache;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** Everything below is on disk. */
  readonly recoveryPoint: number;
  readonly unsyncedFiles: readonly string[];
  readonly unsyncedDirectories: readonly string[];
  /** Whether indexes and snapshot on disk are those of the end of the log. */
  readonly isFinished: boolean;
}
