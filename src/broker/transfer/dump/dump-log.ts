import { KafkaError } from '../../../errors/index.js';
import { type Disk, realSystem } from '../../../system/index.js';
import { suffix } from '../../log/file-names.js';
import { journalName } from '../../metadata/metadata-journal.js';
import { dumpBatches, nameOf } from './dump-batches.js';
import {
  dumpOffsetIndex,
  dumpSnapshot,
  dumpText,
  dumpTimeIndex,
  dumpTransactionIndex,
} from './dump-indexes.js';
import type { DumpOptions } from './dump-options.js';

/** The lines of what is in the files, in the words of Kafka's `DumpLogSegments`. */
export async function* dumpFiles(options: DumpOptions): AsyncGenerator<string> {
  const { disk } = options.system ?? realSystem();
  for (const path of options.files) {
    if (!disk.exists(path)) {
      throw new KafkaError('INVALID_ARGUMENT', `There is no file ${path}.`, { path });
    }
    yield `Dumping ${path}`;
    yield* dumpFile(disk, path, options);
  }
}

async function* dumpFile(disk: Disk, path: string, options: DumpOptions): AsyncGenerator<string> {
  // What compaction or retention has set aside is of the kind that it was.
  const name = nameOf(path).replace(/\.(deleted|swap|cleaned)$/, '');
  if (name.endsWith(suffix.log) || name.endsWith('.checkpoint')) {
    yield* dumpBatches(disk, path, options);
  } else if (name === journalName) {
    yield* dumpBatches(disk, path, { decoder: 'metadata', ...options });
  } else if (name.endsWith(suffix.offsetIndex)) yield* dumpOffsetIndex(disk, path, options);
  else if (name.endsWith(suffix.timeIndex)) yield* dumpTimeIndex(disk, path, options);
  else if (name.endsWith(suffix.transactionIndex)) yield* dumpTransactionIndex(disk, path);
  else if (name.endsWith(suffix.snapshot)) yield* dumpSnapshot(disk, path);
  else if (isText(name)) yield* dumpText(disk, path);
  else yield `Ignoring unknown file ${path}`;
}

function isText(name: string): boolean {
  return (
    /-checkpoint$|^quorum-state$|^\.kafka_cleanshutdown$/.test(name) ||
    name === 'partition.metadata' ||
    name.endsWith('.properties')
  );
}
