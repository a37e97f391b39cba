import { graduate } from '../broker/index.js';
import { ByteProgress } from './byte-progress.js';
import { byteSize, counted } from './byte-size.js';
import { absolutePath } from './directory-path.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { transferLogger } from './transfer-logger.js';
import { readProperties } from './up.js';

/** Settings that describe the place kafkit ran at, not what it did: Kafka gets its own. */
const ownPlace = new Set([
  'process.roles',
  'node.id',
  'broker.id',
  'listeners',
  'advertised.listeners',
  'log.dir',
  'log.dirs',
  'controller.quorum.voters',
  'controller.listener.names',
]);

/** `kafkit graduate`: makes a directory that Apache Kafka boots on, and says how. */
export async function graduateCommand(input: Input, io: CliIo): Promise<number> {
  const data = input.onlyOperand('data directory');
  const out = input.text('out');
  const progress = new ByteProgress(io);
  const done = await graduate({
    data,
    out,
    listen: input.text('listen'),
    logDirectory: absolutePath(out ?? data),
    settings: settingsOf(input, io),
    copy: input.has('copy'),
    onProgress: progress.at,
    system: io.system,
    logger: transferLogger(input, io),
  }).finally(() => progress.end());
  const { topics, partitions, bytes, groupsEmptied } = done;
  say(
    io,
    `kafkit: ${done.directory} is ready for Apache Kafka: ${counted(topics, 'topic')}, ` +
      `${counted(partitions, 'partition')}, ${byteSize(bytes)}.`,
  );
  const { transactionsAborted, transactionsCommitted } = done;
  if (transactionsAborted + transactionsCommitted > 0) {
    say(
      io,
      `  Open transactions: ${transactionsCommitted} committed as decided, ` +
        `${transactionsAborted} aborted.`,
    );
  }
  if (groupsEmptied > 0) {
    say(io, `  ${counted(groupsEmptied, 'group')} had members, who have to join again.`);
  }
  for (const note of done.notes) say(io, `  ${note}`);
  say(io, "  In Apache Kafka's folder, type:");
  await io.stdout.write(`${done.commands.join('\n')}\n`);
  return 0;
}

function settingsOf(input: Input, io: CliIo): Record<string, string> {
  const file = input.text('config');
  const settings = file === undefined ? new Map<string, string>() : readProperties(file, io);
  for (const name of ownPlace) settings.delete(name);
  for (const [name, value] of input.pairs('option')) settings.set(name, value);
  return Object.fromEntries(settings);
}
