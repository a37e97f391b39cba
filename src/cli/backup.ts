import { backup, type BackupSummary, restore } from '../broker/index.js';
import { isKafkaError } from '../errors/index.js';
import { readAnswer, removeAnswer, removeRequest, writeRequest } from './backup-requests.js';
import { ByteProgress } from './byte-progress.js';
import { byteSize, counted } from './byte-size.js';
import { CommandFailure } from './command.js';
import { absolutePath } from './directory-path.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { transferLogger } from './transfer-logger.js';

/** How long a running broker may take to notice that it is asked. */
const noticeMs = 10_000;
const lookEveryMs = 200;

/** `kafkit backup`: of a stopped broker's directory, or of a running one's that it asks. */
export async function backupCommand(input: Input, io: CliIo): Promise<number> {
  const data = input.onlyOperand('data directory');
  const out = input.required('out');
  const copy = input.has('copy');
  const progress = new ByteProgress(io);
  const common = { copy, system: io.system, logger: transferLogger(input, io) };
  let done: BackupSummary;
  try {
    done = await backup({ data, out, onProgress: progress.at, ...common }).catch(
      async (error: unknown) => {
        if (!isKafkaError(error, 'DATA_DIRECTORY_LOCKED')) throw error;
        return await askBroker(data, out, copy, progress, io, error.message);
      },
    );
  } finally {
    progress.end();
  }
  report('backed up to', done, io);
  return 0;
}

/** `kafkit restore`: makes a data directory of a backup. */
export async function restoreCommand(input: Input, io: CliIo): Promise<number> {
  const progress = new ByteProgress(io);
  const done = await restore({
    backup: input.onlyOperand('backup'),
    data: input.required('data'),
    copy: input.has('copy'),
    onProgress: progress.at,
    system: io.system,
    logger: transferLogger(input, io),
  }).finally(() => progress.end());
  report('restored to', done, io);
  return 0;
}

function report(what: string, done: BackupSummary, io: CliIo): void {
  const { directory, topics, partitions, bytes, linkedBytes } = done;
  const shared = linkedBytes > 0 ? `, ${byteSize(linkedBytes)} of them shared by hard links` : '';
  say(
    io,
    `kafkit: ${counted(topics, 'topic')} with ${counted(partitions, 'partition')} ${what} ` +
      `${directory}: ${byteSize(bytes)}${shared}.`,
  );
}

/** The broker that holds the directory makes the backup itself, without stopping. */
async function askBroker(
  data: string,
  out: string,
  copy: boolean,
  progress: ByteProgress,
  io: CliIo,
  held: string,
): Promise<BackupSummary> {
  const { disk, clock, random } = io.system;
  const id = random.bytes(8).toString('hex');
  const until = clock.monotonic() + noticeMs;
  writeRequest(disk, data, { id, out: absolutePath(out), copy });
  try {
    for (;;) {
      const answer = readAnswer(disk, data, id);
      if (answer?.state === 'done') return answer.summary;
      if (answer?.state === 'failed') throw new CommandFailure(answer.message);
      if (answer?.state === 'running') progress.at(answer.progress);
      else if (clock.monotonic() > until) {
        throw new CommandFailure(
          held.replace(/ Stop it first.*$/, ''),
          'It does not answer: a broker inside another program is backed up by its own ' +
            'broker.backup(), or when it is stopped.',
        );
      }
      if (io.interrupted.aborted) throw new CommandFailure('Interrupted; the broker goes on.');
      await new Promise<void>((resolve) => clock.after(lookEveryMs, () => resolve()));
    }
  } finally {
    removeRequest(disk, data);
    removeAnswer(disk, data, id);
  }
}
