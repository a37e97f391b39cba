import { Kafka } from '../client/index.js';
import {
  type HealthServer,
  type Pipeline,
  type PipelineDescription,
  type PipelineOptions,
  type PipelineStatus,
  pipeline,
  preview,
  previewSource,
  readDescription,
  serveHealth,
} from '../connect/index.js';
import { environmentVariable, lineLogger, type Timer } from '../system/index.js';
import { CommandFailure } from './command.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { count, table } from './table.js';

const redrawMs = 250;

/** `kafkit pipe run`: runs the pipeline that a file describes until it is told to stop. */
export async function runPipe(input: Input, io: CliIo): Promise<number> {
  let begun: Pipeline | undefined;
  const hasBegun = () => (begun?.status().tasks.length ?? 0) > 0;
  const { options, http } = await described(input, io, hasBegun);
  const tasks = input.number('tasks', 1);
  const running = pipeline({
    ...options,
    ...(tasks === undefined ? {} : { tasks }),
  } as PipelineOptions);
  begun = running;
  const at = input.text('http') ?? http;
  const status = () => running.status();
  const health = at === undefined ? undefined : await serveHealth(io.system.net, at, status);
  if (health !== undefined) say(io, `kafkit: health and metrics on http://${health.address}`);
  const quiet = input.has('quiet');
  const drawing = quiet ? undefined : new StatusLine(io, running);
  try {
    const untilEnd = input.has('exit');
    const last = await running.run({ signal: io.interrupted, untilEnd });
    drawing?.end();
    if (!quiet) summarise(last, io);
    return 0;
  } catch (error) {
    drawing?.end();
    if (!quiet && running.status().read > 0) summarise(running.status(), io);
    throw error;
  } finally {
    await closed(health);
  }
}

/** `kafkit pipe check`: what the first records would become; nothing is written anywhere. */
export async function checkPipe(input: Input, io: CliIo): Promise<number> {
  const { options } = await described(input, io);
  // Options that contradict each other are found here.
  const { name } = pipeline(options);
  const limit = input.number('number', 1) ?? 10;
  if (!('topics' in options.from) && options.from.name === 'stdin') {
    say(
      io,
      `kafkit: ${name} is well described; what standard input holds is not read for a check.`,
    );
    return 0;
  }
  const records =
    'topics' in options.from
      ? await preview(options as Parameters<typeof preview>[0], limit)
      : await previewSource(options as Parameters<typeof previewSource>[0], limit);
  let failures = 0;
  for (const { source, records: made, failed } of records) {
    const { topic: read, partition, offset } = source;
    const place = partition < 0 ? `record ${offset + 1}` : `${read}-${partition}@${offset}`;
    if (failed !== undefined) {
      failures++;
      await io.stdout.write(`${place} ✗ ${failed.stage}: ${failed.message}\n`);
    } else if (made.length === 0) await io.stdout.write(`${place} is filtered out\n`);
    for (const { topic, key, value } of made) {
      const route = topic === source.topic ? '' : ` → ${topic}`;
      await io.stdout.write(`${place}${route} ${shown(key)} = ${shown(value)}\n`);
    }
  }
  say(io, `kafkit: ${name}: ${count(records.length, 'record')} read, ${failures} would fail.`);
  return failures === 0 ? 0 : 3;
}

/** `kafkit pipe status`: how far the group of a pipeline is. */
export async function pipeStatus(input: Input, io: CliIo): Promise<number> {
  const { options } = await described(input, io);
  const { name } = pipeline(options);
  const { from } = options;
  if (!('topics' in from)) throw new CommandFailure(`${name} reads no topics: it has no offsets.`);
  const kafka = new Kafka(kafkaOf(options));
  try {
    const admin = kafka.admin();
    const group = from.groupId ?? name;
    const committed = await admin.fetchOffsets(group);
    const partitions = committed.map(({ topic, partition }) => ({ topic, partition }));
    const ends = await admin.listOffsets(
      partitions.map((each) => ({ ...each, at: 'latest' as const })),
    );
    const [state] = await admin.describeGroups([group]).catch(() => []);
    const rows = committed.map(({ topic, partition, offset }, at) => {
      const end = ends[at]?.offset ?? offset;
      return [topic, partition, offset, end, Math.max(0, end - offset)];
    });
    if (input.has('json')) {
      const list = rows.map(([topic, partition, offset, end, lag]) => ({
        topic,
        partition,
        offset,
        end,
        lag,
      }));
      const members = state?.members.length ?? 0;
      const line = { name, group, state: state?.state ?? 'none', members, partitions: list };
      await io.stdout.write(`${JSON.stringify(line)}\n`);
      return 0;
    }
    const members = count(state?.members.length ?? 0, 'task');
    say(io, `kafkit: ${name}, group ${group}: ${state?.state ?? 'never run'}, ${members}.`);
    await io.stdout.write(table(['TOPIC', 'PARTITION', 'COMMITTED', 'END', 'LAG'], rows));
    return 0;
  } finally {
    await kafka.close();
  }
}

async function closed(health: HealthServer | undefined): Promise<void> {
  await health?.close();
}

async function described(
  input: Input,
  io: CliIo,
  hasBegun: () => boolean = () => false,
): Promise<PipelineDescription> {
  const path = input.onlyOperand('file');
  const { disk } = io.system;
  if (!disk.exists(path)) throw new CommandFailure(`There is no file ${path}.`);
  const { options, http } = await readDescription(disk.readFile(path).toString('utf8'), path, {
    system: io.system,
    stdin: () => io.stdin(),
    stdout: (text) => io.stdout.write(text),
  });
  const level = input.has('debug') ? 'debug' : 'warn';
  // What goes wrong before the first task runs ends the start, and is said once, by its error.
  const logger = lineLogger(level, (line) => {
    if (level === 'debug' || hasBegun()) void io.stderr.write(line);
  });
  const servers = input.text('bootstrap-server');
  const fallback = environmentVariable('KAFKA') ?? 'localhost:9092';
  const bootstrapServers = servers ?? serversOf(options) ?? fallback;
  const kafka = {
    // A person waits: that there is no broker is said in seconds.
    defaultApiTimeoutMs: 10_000,
    ...kafkaOf(options),
    bootstrapServers,
    logger,
    system: io.system,
  };
  const { from } = options;
  const moved = 'topics' in from ? { ...from, bootstrapServers } : from;
  const all = { ...options, from: moved, kafka, logger, system: io.system } as PipelineOptions;
  return { options: all, http };
}

function serversOf({ from, to }: PipelineOptions) {
  if ('topics' in from) return from.bootstrapServers;
  return 'topic' in to ? to.bootstrapServers : undefined;
}

function kafkaOf({ kafka }: PipelineOptions) {
  return kafka instanceof Kafka ? {} : (kafka ?? {});
}

/** One line on a terminal that shows how it goes; nothing where there is none. */
class StatusLine {
  readonly #io: CliIo;
  readonly #pipeline: Pipeline;
  #timer: Timer | undefined;

  constructor(io: CliIo, running: Pipeline) {
    this.#io = io;
    this.#pipeline = running;
    if (io.stderr.isTerminal) this.#draw();
  }

  end(): void {
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    void this.#io.stderr.write('\r\x1b[2K');
  }

  #draw(): void {
    const status = this.#pipeline.status();
    const { name, written, recordsPerSecond: rate, lag, deadLettered, tasks } = status;
    const parts = [name, `${written} written`, `${rate}/s`, `lag ${lag}`];
    if (lag > 0 && rate > 0) parts.push(`${Math.ceil(lag / rate)} s left`);
    if (deadLettered > 0) parts.push(count(deadLettered, 'dead letter'));
    if (tasks.some(({ state }) => state === 'waiting')) parts.push('waiting to start anew');
    const line = parts.join('  ');
    const { columns } = this.#io.stderr;
    // Some terminals say that they have no columns at all.
    const shownPart = columns > 1 ? line.slice(0, columns - 1) : line;
    void this.#io.stderr.write(`\r\x1b[2K${shownPart}`);
    this.#timer = this.#io.system.clock.after(redrawMs, () => this.#draw());
  }
}

/** Where it stopped: the sentence everybody wants to read after Ctrl-C. */
function summarise(status: PipelineStatus, io: CliIo): void {
  const { name, written, filtered, retried, deadLettered, skipped, restarts } = status;
  const also = [
    filtered > 0 ? `${filtered} filtered out` : '',
    retried > 0 ? `${retried} sent to wait` : '',
    deadLettered > 0 ? `${count(deadLettered, 'dead letter')}` : '',
    skipped > 0 ? `${skipped} left out` : '',
    restarts > 0 ? `${count(restarts, 'restart')}` : '',
  ].filter((part) => part !== '');
  const more = also.length === 0 ? '' : `, ${also.join(', ')}`;
  const places = status.committed.map((each) => `${each.topic}-${each.partition}@${each.offset}`);
  const shownMax = 8;
  const rest = places.length > shownMax ? ` and ${places.length - shownMax} more` : '';
  const goesOn =
    places.length === 0 ? '' : ` It goes on at ${places.slice(0, shownMax).join(', ')}${rest}.`;
  say(io, `kafkit: ${name} stopped: ${count(written, 'record')} written${more}.${goesOn}`);
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('utf8'));
  return JSON.stringify(value) ?? 'nothing';
}
