import { verify, type VerifyReport } from '../broker/index.js';
import { ByteProgress } from './byte-progress.js';
import { byteSize, counted } from './byte-size.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';

/** `kafkit verify`: reads a directory and says what is wrong with it; 1 when something is lost. */
export async function verifyCommand(input: Input, io: CliIo): Promise<number> {
  const progress = new ByteProgress(io);
  const report = await verify({
    data: input.onlyOperand('data directory'),
    deep: input.has('deep'),
    onProgress: progress.at,
    system: io.system,
  }).finally(() => progress.end());
  if (input.has('json')) {
    await io.stdout.write(`${JSON.stringify(report)}\n`);
    return report.errors > 0 ? 1 : 0;
  }
  for (const { level, path, message } of report.findings) {
    const where = path === '' ? '' : `${path}: `;
    await io.stdout.write(`${level === 'error' ? 'ERROR  ' : 'warning'} ${where}${message}\n`);
  }
  if (report.omitted > 0) await io.stdout.write(`… and ${report.omitted} more\n`);
  await io.stdout.write(`${seen(report)}\n${verdict(report)}\n`);
  if (report.errors > 0) {
    say(io, 'kafkit: restore the directory from a backup, or start with what is left of it.');
  }
  return report.errors > 0 ? 1 : 0;
}

const kinds = {
  kafkit: 'a data directory of kafkit',
  kafka: 'a data directory of Apache Kafka',
  backup: 'a backup',
};

function seen(report: VerifyReport): string {
  const { directory, kind, topics, partitions, segments, batches, records, bytes } = report;
  const counts = [
    counted(topics, 'topic'),
    counted(partitions, 'partition'),
    counted(segments, 'segment'),
    `${batches} batches`,
    counted(records, 'record'),
    byteSize(bytes),
  ];
  return `${directory} is ${kinds[kind]}: ${counts.join(', ')}`;
}

function verdict({ errors, warnings }: VerifyReport): string {
  const found = [counted(errors, 'error'), counted(warnings, 'warning')].join(', ');
  if (errors > 0) return `DAMAGED: ${found}`;
  return warnings > 0 ? `sound: ${found} that the next start mends` : 'sound: nothing is wrong';
}
