import { dumpLog, type DumpOptions } from '../broker/index.js';
import { CommandFailure, UsageError } from './command.js';
import type { Input } from './input.js';
import type { CliIo } from './io.js';

/** Each switch says which decoder it stands for; the data is printed as text without any. */
const decoders = [
  ['cluster-metadata-decoder', 'metadata'],
  ['share-group-state-decoder', 'share-state'],
  ['transaction-log-decoder', 'transactions'],
  ['offsets-decoder', 'offsets'],
  ['print-data-log', 'text'],
] as const;

/** Lines that tell of damage. */
const complaint =
  /^(Found \d+ invalid bytes|Found timestamp mismatch|Mismatches in)|isvalid: false$/;
/** Lines that are written at once. */
const linesAtOnce = 500;

/** `kafkit dump-log` and `kafka-dump-log`: prints what is in files; 1 where one is damaged. */
export async function dumpLogCommand(input: Input, io: CliIo): Promise<number> {
  const files = filesOf(input);
  if (files.length === 0) throw new UsageError('Which files? None is named.');
  for (const path of files) {
    if (!io.system.disk.exists(path)) throw new CommandFailure(`There is no file ${path}.`);
  }
  const options: DumpOptions = {
    files,
    deep: input.has('deep-iteration'),
    decoder: decoders.find(([flag]) => input.has(flag))?.[1],
    dataOnly: input.has('skip-record-metadata'),
    verifyIndexOnly: input.has('verify-index-only'),
    indexSanityCheck: input.has('index-sanity-check'),
    maxBytes: input.number('max-bytes', 1),
    signal: io.interrupted,
    system: io.system,
  };
  let isDamaged = false;
  let waiting: string[] = [];
  const flush = async () => {
    if (waiting.length > 0) await io.stdout.write(`${waiting.join('\n')}\n`);
    waiting = [];
  };
  try {
    for await (const line of dumpLog(options)) {
      isDamaged ||= complaint.test(line);
      waiting.push(line);
      if (waiting.length >= linesAtOnce) await flush();
      if (io.stdout.closed || io.interrupted.aborted) return 1;
    }
  } finally {
    await flush();
  }
  return isDamaged ? 1 : 0;
}

function filesOf(input: Input): readonly string[] {
  const named = input.command.name === 'dump-log' ? input.operands : input.list('files');
  if (named !== input.operands) input.noOperands();
  return named.flatMap((list) => list.split(',')).filter((path) => path !== '');
}
