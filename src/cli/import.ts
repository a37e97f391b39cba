import { importFromKafka } from '../broker/index.js';
import { ByteProgress } from './byte-progress.js';
import { byteSize, counted } from './byte-size.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { transferLogger } from './transfer-logger.js';

/** `kafkit import`: a directory of a stopped Apache Kafka becomes ours. */
export async function importCommand(input: Input, io: CliIo): Promise<number> {
  const progress = new ByteProgress(io);
  const done = await importFromKafka({
    from: input.onlyOperand("log directory of Apache Kafka's"),
    out: input.text('out'),
    acceptMissing: input.has('accept-missing'),
    copy: input.has('copy'),
    onProgress: progress.at,
    system: io.system,
    logger: transferLogger(input, io),
  }).finally(() => progress.end());
  const { directory, topics, partitions, bytes } = done;
  say(
    io,
    `kafkit: ${directory} is a data directory of kafkit now: ${counted(topics, 'topic')}, ` +
      `${counted(partitions, 'partition')}, ${byteSize(bytes)}.`,
  );
  for (const note of done.notes) say(io, `  ${note}`);
  say(io, '  Start it with:');
  await io.stdout.write(`kafkit up --data ${directory}\n`);
  return 0;
}
