// The clients under test: senders, members of a group, a transactional producer and an exactly-once
// loop. Each writes into the journal what it does and what it is told.
import { sleep } from '../compat/environment.mjs';

/** Records of one sender that wait for their acknowledgement. */
const openMax = 2000;

/** Sends without waiting, as fast as the pace allows; `stop` resolves when everything is settled. */
export function startSender({ kafka, journal, random, topic, name }) {
  const producer = kafka.producer({
    lingerMs: random.pick([undefined, 0, 5, 20]),
    batchSize: random.pick([300, 2000, 16_384]),
    compression: random.pick(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
  });
  const open = new Set();
  let isStopped = false;
  let next = 0;
  const send = (key) => {
    const id = `${name}-${next++}`;
    journal.note('sent', { id, key });
    const sent = producer.send({ topic, key, value: id }).then(
      ({ partition, offset }) => journal.note('acked', { id, partition, offset }),
      ({ code, message }) => journal.note('failed', { id, code, message }),
    );
    open.add(sent);
    void sent.then(() => open.delete(sent));
  };
  const loop = (async () => {
    while (!isStopped) {
      for (let n = random.between(1, 10); n > 0; n--) send(`${name}-k${random.between(0, 12)}`);
      while (open.size > openMax) await Promise.race(open);
      await sleep(random.between(5, 45));
    }
    await Promise.all(open);
  })();
  return {
    get open() {
      return open.size;
    },
    stop: () => {
      isStopped = true;
      return loop;
    },
    close: () => producer.close(),
  };
}

/** Reads as a member of a group until it is stopped; a loop that fails is a finding. */
export function startMember({ kafka, journal, random, name, options }) {
  const consumer = kafka.consumer({
    ...options,
    autoCommitIntervalMs: random.pick([100, 400, 1000]),
    maxPartitionFetchBytes: random.pick([4000, 100_000, 1_048_576]),
    onError: ({ code, message }) => journal.note('trouble', { member: name, code, message }),
  });
  let isStopped = false;
  const loop = (async () => {
    while (!isStopped) {
      try {
        for await (const { partition, offset, value } of consumer) {
          const id = value.toString();
          journal.note('delivered', { member: name, partition, offset, id });
          if (random.chance(0.01)) await sleep(random.between(1, 20));
          journal.note('processed', { member: name, partition, offset });
        }
      } catch (error) {
        journal.note('finding', { what: 'a loop failed', message: `${name}: ${error.stack}` });
        await sleep(200);
      }
    }
  })();
  return {
    health: () => consumer.health(),
    stop: async () => {
      isStopped = true;
      await consumer.close();
      await loop;
    },
  };
}

/** Transactions one after the other, a third of them aborted, each over several partitions. */
export function startTransactions({ kafka, journal, random, topic, partitions, name }) {
  const options = { transactionalId: name, transactionTimeoutMs: 60_000 };
  let producer = kafka.producer(options);
  let isStopped = false;
  let next = 0;
  const once = async () => {
    const id = `${name}-${next++}`;
    const values = Array.from({ length: random.between(2, 6) }, (_, n) => `${id}.${n}`);
    const records = values.map((value, n) => ({ topic, partition: n % partitions, value }));
    const mayCommit = !random.chance(0.33);
    let outcome = 'aborted';
    try {
      const transaction = await producer.beginTransaction();
      journal.note('begun', { id });
      for (const record of records) {
        transaction.send(record).catch(() => undefined);
        if (random.chance(0.3)) await sleep(random.between(1, 15));
      }
      journal.note('ending', { id, mayCommit });
      if (mayCommit) {
        outcome = 'unknown';
        await transaction.commit();
        outcome = 'committed';
      } else await transaction.abort();
    } catch (error) {
      const isOpen = outcome === 'unknown' && /It is not known/.test(error.message);
      outcome = isOpen ? 'unknown' : 'aborted';
      journal.note('trouble', { member: id, code: error.code, message: error.message });
      if (error.code === 'PRODUCER_FENCED' || error.code === 'INVALID_PRODUCER_ID_MAPPING') {
        journal.note('finding', { what: 'fenced', message: `${id}: nobody else: ${error.stack}` });
        await producer.close().catch(() => undefined);
        producer = kafka.producer(options);
      } else await sleep(50);
    }
    journal.note('transaction', { id, outcome, values });
  };
  const loop = (async () => {
    while (!isStopped) {
      await once();
      if (random.chance(0.2)) await sleep(random.between(1, 50));
    }
    // Whatever is still open of a transaction is ended by the next one, at the latest by time.
    await kafka.producer(options).transaction(() => undefined, { attempts: 10 });
  })();
  return {
    stop: () => {
      isStopped = true;
      return loop;
    },
    close: () => producer.close().catch(() => undefined),
  };
}

/** Copies a topic to another, each record once. It is started again when it fails, as it would. */
export function startCopying({ kafka, journal, topic, copies, groupId, name, options }) {
  let isStopped = false;
  let close = () => Promise.resolve();
  const loop = (async () => {
    while (!isStopped) {
      const producer = kafka.producer({ transactionalId: name, transactionTimeoutMs: 60_000 });
      const consumer = kafka.consumer({
        ...options,
        groupId,
        topics: [topic],
        commit: 'manual',
        isolationLevel: 'read_committed',
        maxPartitionFetchBytes: 20_000,
        onError: ({ code, message }) => journal.note('trouble', { member: name, code, message }),
      });
      close = () => consumer.close();
      try {
        await producer.exactlyOnce(consumer, (batch) =>
          batch.records.map(({ key, value }) => ({ topic: copies, key, value })),
        );
      } catch (error) {
        const { code, message } = error;
        journal.note('trouble', { member: name, code, message });
        if (!error.retriable) {
          journal.note('finding', { what: 'the exactly-once loop failed', message: error.stack });
        }
        await sleep(200);
      }
      await consumer.close();
      await producer.close().catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      isStopped = true;
      await close();
      await loop;
    },
  };
}
