import { Kafka, type KafkaOptions } from '../client/index.js';
import { migrate, type MigrationProgress, type MigrationReport } from '../migrate/index.js';
import { lineLogger } from '../system/index.js';
import { counted } from './byte-size.js';
import { CommandFailure, UsageError } from './command.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { Progress } from './progress.js';

const defaultState = './kafkit-migration.state';
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const nouns = { copy: 'records copied', verify: 'records compared', groups: 'groups' };

/** `kafkit migrate`: copies from one running cluster to another; 3 when some groups are left. */
export async function migrateCommand(input: Input, io: CliIo): Promise<number> {
  input.noOperands();
  const from = clusterOf('from', input, io);
  const to = clusterOf('to', input, io);
  const bars = new Bars(io);
  const statePath = input.text('state') ?? defaultState;
  try {
    const report = await migrate({
      from,
      to,
      statePath,
      topics: input.has('topic') ? input.list('topic') : undefined,
      groups: input.has('group') ? input.list('group') : undefined,
      replicationFactor: input.number('replication-factor', 1),
      compression: input.choice('compression', codecs),
      verify: !input.has('no-verify'),
      onProgress: bars.at,
      signal: io.interrupted,
      system: io.system,
    }).finally(() => bars.end());
    return await tell(report, statePath, io);
  } finally {
    await from.close();
    await to.close();
  }
}

function clusterOf(side: 'from' | 'to', input: Input, io: CliIo): Kafka {
  const servers = input.text(side);
  const config = input.text(`${side}-config`);
  if (servers === undefined && config === undefined) {
    throw new UsageError(`--${side} (or --${side}-config) is missing.`);
  }
  const options: KafkaOptions = {
    ...(servers === undefined ? {} : { bootstrapServers: servers }),
    clientId: 'kafkit-migrate',
    system: io.system,
    logger: lineLogger(input.has('debug') ? 'debug' : 'warn', (line) => void io.stderr.write(line)),
  };
  if (config === undefined) return new Kafka(options);
  if (!io.system.disk.exists(config)) throw new CommandFailure(`There is no file ${config}.`);
  return Kafka.fromProperties(config, options);
}

async function tell(report: MigrationReport, statePath: string, io: CliIo): Promise<number> {
  for (const { name, partitions, records, recordsInAll } of report.topics) {
    const now = records === recordsInAll ? '' : `, ${recordsInAll} in all`;
    await io.stdout.write(
      `${name}: ${counted(partitions, 'partition')}, ${counted(records, 'record')} copied${now}\n`,
    );
  }
  if (report.interrupted) {
    say(io, `kafkit: stopped; the same command goes on from here (it is in ${statePath}).`);
    return 1;
  }
  for (const { group, offsets, failure } of report.groups) {
    const outcome = failure === undefined ? 'moved' : `NOT moved: ${failure}`;
    await io.stdout.write(`group ${group}: ${counted(offsets, 'offset')} ${outcome}\n`);
  }
  if (report.acls > 0) await io.stdout.write(`${report.acls} access control entries\n`);
  for (const note of report.notes) await io.stdout.write(`${note}\n`);
  const left = report.groups.filter(({ failure }) => failure !== undefined).length;
  if (left === 0) return 0;
  say(io, `kafkit: ${counted(left, 'group')} could not be moved: stop their members there.`);
  return 3;
}

/** A bar for each phase, one after the other. */
class Bars {
  readonly #io: CliIo;
  #phase: MigrationProgress['phase'] | undefined;
  #bar: Progress | undefined;

  constructor(io: CliIo) {
    this.#io = io;
  }

  readonly at = ({ phase, done, total }: MigrationProgress): void => {
    if (phase !== this.#phase) {
      this.end();
      this.#phase = phase;
      const { stderr, system } = this.#io;
      this.#bar = new Progress(stderr, system.clock, Math.max(1, total), nouns[phase]);
    }
    this.#bar?.at(done);
  };

  end(): void {
    this.#bar?.end();
  }
}
