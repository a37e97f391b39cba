// The one client of a trial that is our own, beside librdkafka's: a sender, transactions and a member
// of the readers' group. Takes the same plan as client.py and writes the same journal.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Seeded } from '../faults/seeded.mjs';

const root = new URL('../..', import.meta.url).pathname;
const { Kafka } = await import(pathToFileURL(join(root, 'dist', 'bundle', 'index.js')).href);
const plan = JSON.parse(process.argv[2]);
const partitions = Object.entries(plan.topics).flatMap(([topic, count]) =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition })),
);
const named = ({ topic, partition }) => `${topic}-${partition}`;
/** Milliseconds of the clock that all processes of the machine share. */
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
let isStopped = false;

class Role {
  constructor(role, index) {
    this.role = role;
    this.name = role.process;
    this.random = new Seeded(plan.seed * 31 + index);
    this.sent = 0;
    const quiet = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
    const bootstrapServers = plan.bootstrap;
    this.kafka = new Kafka({ bootstrapServers, clientId: role.process, logger: quiet });
  }

  note(type, f, facts = {}) {
    const line = { at: now(), type, f, process: this.name, ...facts };
    appendFileSync(plan.journal, `${JSON.stringify(line)}\n`);
  }

  /** Sends a value of its own by a producer or a transaction. */
  send(by, txn) {
    const to = this.random.pick(partitions);
    const value = `${this.name}:${++this.sent}`;
    this.note('invoke', 'send', { value, tp: named(to), idempotent: true, ...txn });
    return by.send({ ...to, value }).then(
      ({ offset }) => this.note('ok', 'send', { value, tp: named(to), offset }),
      ({ code }) => this.note('info', 'send', { value, error: code }),
    );
  }
}

const kinds = {
  sender: async (role) => {
    const producer = role.kafka.producer({ lingerMs: role.role.linger });
    const open = new Set();
    while (!isStopped) {
      for (let n = role.random.between(1, 6); n > 0; n--) {
        const sent = role.send(producer);
        open.add(sent);
        void sent.then(() => open.delete(sent));
      }
      while (open.size > 200) await Promise.race(open);
      await sleep(role.random.between(20, 80));
    }
    await Promise.all(open);
    await producer.close();
  },

  transactor: async (role) => {
    const options = {
      transactionalId: role.role.transactional_id,
      transactionTimeoutMs: role.role.transaction_timeout,
    };
    let producer = role.kafka.producer(options);
    for (let n = 1; !isStopped; n++) {
      const txn = `${role.name}-t${n}`;
      const mayCommit = role.random.chance(0.75);
      let asked = 'begin';
      try {
        const transaction = await producer.beginTransaction();
        role.note('invoke', 'begin', { txn });
        for (let left = role.random.between(1, 6); left > 0; left--) {
          void role.send(transaction, { txn });
          if (role.random.chance(0.3)) await sleep(role.random.between(1, 40));
        }
        asked = mayCommit ? 'commit' : 'abort';
        role.note('invoke', asked, { txn });
        await (mayCommit ? transaction.commit() : transaction.abort());
        role.note('ok', asked, { txn });
      } catch (error) {
        // What fails to commit is aborted, unless the client says that it does not know.
        const isOpen = /It is not known/.test(error.message) || error.code === 'PRODUCER_FENCED';
        role.note(isOpen ? 'info' : 'fail', asked, { txn, error: error.message });
        await producer.close().catch(() => undefined);
        producer = role.kafka.producer(options);
        await sleep(50);
      }
      await sleep(role.random.between(0, 60));
    }
    await producer.close();
  },

  reader: async (role) => {
    const { group, isolation, topics, settings } = role.role;
    const consumer = `${role.name}/1`;
    const facts = { consumer, group, mode: 'subscribe', isolation };
    const moved = (f) => (given) => {
      role.note('ok', f, { consumer, partitions: given.map(named) });
    };
    role.note('invoke', 'consumer', facts);
    const made = role.kafka.consumer({
      ...settings,
      groupId: group,
      topics,
      commit: 'manual',
      fromBeginning: true,
      isolationLevel: isolation,
      onAssigned: moved('assigned'),
      onRevoked: moved('revoked'),
      onLost: moved('revoked'),
      onError: ({ message }) => role.note('info', 'told', { message }),
    });
    let isClosed = false;
    const closing = (async () => {
      while (!isStopped) await sleep(50);
      await sleep(500);
      isClosed = true;
      await made.close();
    })();
    while (!isClosed) {
      try {
        for await (const batch of made.batches()) {
          const records = batch.records.map((record) => {
            return [named(record), record.offset, record.value.toString()];
          });
          role.note('ok', 'poll', { consumer, since: now(), records });
          if (role.random.chance(0.3)) await commit(role, made, batch, { consumer, group });
        }
      } catch (error) {
        role.note('info', 'trouble', { message: `a loop failed: ${error.stack}` });
        await sleep(200);
      }
    }
    await closing;
  },
};

let commits = 0;
async function commit(role, made, batch, facts) {
  const id = `${role.name}-c${++commits}`;
  const offsets = { [named(batch)]: batch.nextOffset };
  role.note('invoke', 'commit-offsets', { id, ...facts, offsets });
  const refusals = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'STALE_MEMBER_EPOCH', 'CLOSED'];
  await made.commit(batch).then(
    () => role.note('ok', 'commit-offsets', { id }),
    ({ code, message }) => {
      const type = refusals.includes(code) ? 'fail' : 'info';
      role.note(type, 'commit-offsets', { id, error: `${code} ${message}` });
    },
  );
}

const running = plan.roles.map(async (role, index) => {
  const made = new Role(role, index);
  try {
    await kinds[role.kind](made);
    await made.kafka.close();
  } catch (error) {
    made.note('info', 'trouble', { message: `${error.stack}` });
  }
});
console.log('started');
process.stdin.once('data', () => {
  isStopped = true;
});
await Promise.all(running);
process.exit(0);
