// The same scripted requests to our broker and to real Apache Kafka: every answer must be the same,
// field by field, but for what `allowed.mjs` names with its reason. What stands there and does not
// differ any more fails, too.
import {
  freePort,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from '../environment.mjs';
import { allowed } from './allowed.mjs';
import { scripts as groups } from './groups.mjs';
import { Names, RawConnection } from './raw.mjs';
import { scripts as records } from './records.mjs';
import { scripts as topics } from './topics.mjs';
import { scripts as transactions } from './transactions.mjs';

const scripts = { ...topics, ...records, ...groups, ...transactions };
const verbose = process.argv.includes('--verbose');

/** What a script works with: connections, and a transcript of every answer. */
class Script {
  #address;
  #names = new Names();
  #connections = new Map();
  transcript = new Map();

  constructor(address, name) {
    this.#address = address;
    this.name = name;
  }

  /** Connections are opened at first use; requests of one are answered in order. */
  async on(connection) {
    let found = this.#connections.get(connection);
    if (found === undefined) {
      found = await RawConnection.connect(this.#address);
      this.#connections.set(connection, found);
    }
    return found;
  }

  /** Sends a request and notes the answer under a name of its own. */
  async ask(step, api, version, body, { connection = 'one', keep = (answer) => answer } = {}) {
    const answer = await (await this.on(connection)).send(api, version, body);
    if (this.transcript.has(step)) throw new Error(`${this.name}: two steps are called ${step}`);
    this.transcript.set(step, this.#names.of(keep(answer)));
    if (answer === 'closed') this.#connections.delete(connection);
    return answer;
  }

  /** The same without noting the answer: what has to be so before the question. */
  async quietly(api, version, body, { connection = 'one' } = {}) {
    return (await this.on(connection)).send(api, version, body);
  }

  /** Asks until the answer passes: what takes a moment on one broker or the other. */
  async until(api, version, body, passes) {
    for (const end = Date.now() + 30_000; ; ) {
      const answer = await this.quietly(api, version, body);
      if (passes(answer)) return answer;
      if (Date.now() > end) throw new Error(`${this.name}: ${api} does not come to pass`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  close() {
    for (const connection of this.#connections.values()) connection.close();
  }
}

async function transcriptsOf(address) {
  const all = new Map();
  for (const [name, run] of Object.entries(scripts)) {
    const script = new Script(address, name);
    try {
      await run(script);
    } finally {
      script.close();
    }
    for (const [step, answer] of script.transcript) all.set(`${name}: ${step}`, answer);
  }
  return all;
}

const settings = ['auto.create.topics.enable=false', 'group.initial.rebalance.delay.ms=0'];
const data = temporaryDirectory('differential-kafkit');
const flags = settings.flatMap((each) => ['-o', each]);
const ours = await startKafkit({ data, flags: ['--compat', '4.3', ...flags] });
const of = { ours: await transcriptsOf(ours.address) };
await ours.stop();

const directory = temporaryDirectory('differential-apache');
const port = await freePort();
const sets = settings.flatMap((each) => ['--set', each]);
of.apache = await transcriptsOf(startApacheKafka('single', directory, port, sets));
stopApacheKafka(directory);

const differing = [];
for (const [step, theirs] of of.apache) {
  const mine = of.ours.get(step);
  const [a, b] = [theirs, mine].map((each) => JSON.stringify(each));
  if (verbose) console.log(`${step}\n  ${b}`);
  if (a !== b) differing.push({ step, a, b });
}
const surprises = differing.filter(({ step }) => allowed[step] === undefined);
for (const { step, a, b } of surprises)
  console.log(`${step}\n  Apache Kafka: ${a}\n  kafkit:       ${b}`);
const stale = Object.keys(allowed).filter((step) => !differing.some((each) => each.step === step));
for (const step of stale) console.log(`${step} stands in allowed.mjs and does not differ`);
const same = of.apache.size - differing.length;
console.log(
  `${of.apache.size} answers: ${same} are Apache Kafka's, ` +
    `${differing.length - surprises.length} differ on purpose, ${surprises.length} differ`,
);
process.exit(surprises.length + stale.length === 0 && of.apache.size > 100 ? 0 : 1);
