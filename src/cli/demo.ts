import { Broker } from '../broker/index.js';
import { Kafka } from '../client/index.js';
import { json } from '../serde/index.js';
import { type ChildProcess, environmentVariable, startChild } from '../system/index.js';
import { demoGroup, demoTopic, openStore } from './demo-consumer.js';
import type { DocumentStore, NumberDocument } from './demo-store.js';
import { Input } from './input.js';
import type { CliIo } from './io.js';
import { Progress } from './progress.js';
import { count } from './table.js';

/** The consumer rests so long after every 20 records, so that there is something to see. */
const pauseMs = 25;

/** `kafkit demo`: produce, consume, be killed, resume, and count. */
export async function demo(input: Input, io: CliIo): Promise<number> {
  input.noOperands();
  const records = input.number('records', 1) ?? 1000;
  const kills = input.number('kills') ?? 2;
  const progress = new Progress(io.stderr, io.system.clock, records, 'records');
  const own = input.text('store') === undefined && input.text('mongodb') === undefined;
  const directory = input.text('store') ?? temporaryDirectory(io);
  const flags = input.has('mongodb')
    ? ['--mongodb', input.required('mongodb')]
    : ['--store', directory];
  const store = () => openStore(withFlags(input, flags), io);
  const broker = await Broker.start({ listen: '127.0.0.1:0', data: 'memory' });
  const { address } = broker;
  progress.say(`A broker runs in memory on ${address}.`);
  try {
    await emptied(await store());
    await produceNumbers(address, records);
    progress.say(`Produced ${count(records, 'record')} {"number": n} to the topic ${demoTopic}.`);
    const where = input.text('mongodb') ?? directory;
    progress.say(`The group ${demoGroup} stores them in ${where}.`);
    const args = ['demo-consumer', '--bootstrap-server', address, ...flags];
    const story = new Story(args, records, kills, progress, io);
    const finished = await story.run();
    progress.end();
    if (!finished) return 1;
    return await report(await store(), records, io);
  } finally {
    await broker.close();
    if (own) io.system.disk.remove(directory);
  }
}

/** What happens to the consumers, one after the other. */
class Story {
  readonly #args: readonly string[];
  readonly #records: number;
  readonly #kills: number;
  readonly #progress: Progress;
  readonly #io: CliIo;
  /** The offset up to which records have been stored, by whichever consumer. */
  #at = 0;

  constructor(
    args: readonly string[],
    records: number,
    kills: number,
    progress: Progress,
    io: CliIo,
  ) {
    this.#args = [...io.self.slice(1), ...args, '--pause', String(pauseMs)];
    this.#records = records;
    this.#kills = kills;
    this.#progress = progress;
    this.#io = io;
  }

  /** False when a consumer ended by itself, or we were interrupted. */
  async run(): Promise<boolean> {
    for (let killed = 0; killed < this.#kills; killed++) {
      const until = Math.floor((this.#records * (killed + 1)) / (this.#kills + 1));
      if (!(await this.#consumeUntil(until, 'SIGKILL'))) return false;
      this.#progress.say(`Killed the consumer (SIGKILL) after record ${this.#at - 1}; once more …`);
    }
    return this.#consumeUntil(this.#records, 'SIGTERM');
  }

  async #consumeUntil(offset: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<boolean> {
    const [node = ''] = this.#io.self;
    let first = true;
    let reached = false;
    // Lines may come before the promise of the child is resolved.
    let child: ChildProcess | undefined;
    const end = () => child?.kill(signal);
    const started = startChild(node, this.#args, (line) => {
      const at = Number(/^at (\d+)$/.exec(line)?.[1] ?? Number.NaN);
      if (Number.isNaN(at)) return;
      if (first) this.#sayResumed(at);
      first = false;
      this.#at = Math.max(this.#at, at);
      this.#progress.at(this.#at);
      if (at < offset || reached) return;
      reached = true;
      end();
    });
    child = await started;
    if (reached || this.#io.interrupted.aborted) end();
    this.#io.interrupted.addEventListener('abort', end, { once: true });
    const { code } = await child.exited;
    this.#io.interrupted.removeEventListener('abort', end);
    if (reached && (signal === 'SIGKILL' || code === 0)) return !this.#io.interrupted.aborted;
    if (!this.#io.interrupted.aborted) {
      this.#progress.say(`The consumer ended by itself with status ${code}.`);
    }
    return false;
  }

  #sayResumed(at: number): void {
    if (this.#at === 0) return;
    const again = this.#at - at + 20;
    if (again <= 0) return;
    this.#progress.say(`It went on ${count(again, 'record')} back: those replaced themselves.`);
  }
}

async function produceNumbers(address: string, records: number): Promise<void> {
  const kafka = new Kafka({ bootstrapServers: address });
  const producer = kafka.producer({ valueSerializer: json<{ number: number }>() });
  const sends = Array.from({ length: records }, (_, number) =>
    producer.send({ topic: demoTopic, value: { number } }),
  );
  await Promise.all(sends);
  await producer.close();
  await kafka.close();
}

async function report(store: DocumentStore, records: number, io: CliIo): Promise<number> {
  const documents = await store.all();
  await store.close();
  const { missing, twice } = audit(documents, records);
  const counts = `${count(documents.length, 'document')}, ${missing} missing, ${twice} twice`;
  await io.stdout.write(`${counts}\n`);
  return documents.length === records && missing === 0 && twice === 0 ? 0 : 1;
}

/** How many of the numbers 0 … records-1 are missing, and how many documents repeat one. */
export function audit(
  documents: readonly NumberDocument[],
  records: number,
): { missing: number; twice: number } {
  const numbers = new Set(documents.map(({ number }) => number));
  let missing = 0;
  for (let number = 0; number < records; number++) if (!numbers.has(number)) missing += 1;
  return { missing, twice: documents.length - numbers.size };
}

async function emptied(store: DocumentStore): Promise<void> {
  await store.clear();
  await store.close();
}

/** The same call with the store's flags filled in. */
function withFlags(input: Input, flags: readonly string[]): Input {
  const [name = '', value = ''] = flags;
  const values = new Map([[name.slice(2), [value]]]);
  return new Input(input.command, values, [], []);
}

function temporaryDirectory(io: CliIo): string {
  const base = environmentVariable('TMPDIR') ?? environmentVariable('TEMP') ?? '/tmp';
  return io.system.disk.join(base, `kafkit-demo-${io.system.random.uuid()}`);
}
