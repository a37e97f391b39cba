import { Broker } from '../../src/broker/index.js';
import { KafkaError } from '../../src/errors/index.js';
import { Kafka } from '../../src/index.js';
import { RecordBatch } from '../../src/records/index.js';
import { type Net, realSystem, silentLogger, type System } from '../../src/system/index.js';
import { MemoryDisk, MemoryNet, SeededRandom } from '../../src/system/simulated/index.js';

const topic = 'ledger';
const partitions = 3;
const port = 9092;

/** What the producer was told, and what the log must therefore hold. */
interface Acknowledged {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
}

/**
 * A broker on a simulated disk loses power `crashes` times while an idempotent producer sends:
 * what was not synced is lost, torn or reordered by the seed, connections break, and a new broker
 * starts on what is left. Returns the complaints about what is in the log at the end.
 */
export async function simulateBrokerCrashes(seed: number, crashes: number): Promise<string[]> {
  const random = new SeededRandom(seed);
  const real = realSystem();
  let net = new MemoryNet(real.clock);
  let disk = new MemoryDisk({ crashable: true, soon: (run) => real.clock.soon(run) });
  const following: Net = {
    connect: (options) => net.connect(options),
    listen: (options, onSocket) => net.listen(options, onSocket),
  };
  const start = () =>
    Broker.start({
      system: { clock: real.clock, random: real.random, disk, net },
      data: '/data',
      listen: `127.0.0.1:${port}`,
      durability: 'group-commit',
      createTopics: { [topic]: { partitions, configs: { 'segment.bytes': '1048576' } } },
      logger: silentLogger,
    });
  let broker = await start();
  const system: System = { ...real, net: following };
  const kafka = new Kafka({ bootstrapServers: `127.0.0.1:${port}`, system, logger: silentLogger });
  const producer = kafka.producer({ acks: 'all', lingerMs: 0, maxBlockMs: 20_000 });
  const acknowledged = new Map<number, Acknowledged>();
  let next = 0;
  let stopped = false;
  const failures: unknown[] = [];
  const sending = (async () => {
    while (!stopped) {
      const numbers = Array.from({ length: 1 + random.below(20) }, () => next++);
      const sent = numbers.map(async (n) => {
        const key = `k${n % 7}`;
        const { partition, offset } = await producer.send({ topic, key, value: String(n) });
        acknowledged.set(n, { partition, offset, key });
      });
      for (const result of await Promise.allSettled(sent)) {
        if (result.status === 'rejected') failures.push(result.reason);
      }
    }
  })();
  for (let crash = 0; crash < crashes; crash++) {
    const wanted = acknowledged.size + 1 + random.below(200);
    while (acknowledged.size < wanted && failures.length === 0) {
      await new Promise<void>((resolve) => real.clock.soon(resolve));
    }
    const before = net;
    net = new MemoryNet(real.clock);
    disk = disk.crash(random);
    before.cut();
    // The crashed broker goes on in vain: every call of its disk fails from now on.
    void broker.close().catch(() => undefined);
    broker = await start();
  }
  stopped = true;
  await sending;
  await producer.close();
  await kafka.close();
  const complaints = failures.map((failure) => `a send failed: ${String(failure)}`);
  await broker.close();
  return [...complaints, ...complaintsAbout(disk, acknowledged, next)];
}

function complaintsAbout(
  disk: MemoryDisk,
  acknowledged: ReadonlyMap<number, Acknowledged>,
  sent: number,
): string[] {
  const complaints: string[] = [];
  const seen = new Map<number, string>();
  const lastOfKey = new Map<string, number>();
  for (let partition = 0; partition < partitions; partition++) {
    let expected = 0;
    for (const batch of batchesOf(disk, partition)) {
      for (const record of batch.records()) {
        const n = Number(record.value?.toString());
        const key = record.key?.toString() ?? '';
        const place = `${partition}:${record.offset}`;
        if (record.offset !== expected) complaints.push(`${place} follows ${expected - 1}`);
        expected = record.offset + 1;
        if (seen.has(n)) complaints.push(`${n} is at ${seen.get(n)} and at ${place}`);
        if ((lastOfKey.get(key) ?? -1) >= n)
          complaints.push(`${n} of ${key} came late at ${place}`);
        lastOfKey.set(key, n);
        seen.set(n, place);
      }
    }
  }
  for (const [n, { partition, offset }] of acknowledged) {
    const place = `${partition}:${offset}`;
    if (seen.get(n) !== place) complaints.push(`${n} was at ${place}, now at ${seen.get(n)}`);
  }
  if (acknowledged.size !== sent)
    complaints.push(`${sent} sent, ${acknowledged.size} acknowledged`);
  if (sent === 0) throw new KafkaError('INVALID_ARGUMENT', 'The simulation sent nothing.');
  return complaints;
}

function* batchesOf(disk: MemoryDisk, partition: number): Generator<RecordBatch> {
  const directory = `/data/${topic}-${partition}`;
  for (const { name } of disk.list(directory)) {
    if (!name.endsWith('.log')) continue;
    const bytes = disk.readFile(disk.join(directory, name));
    for (let at = 0; at < bytes.length; ) {
      const batch = new RecordBatch(bytes, at);
      yield batch;
      at += batch.sizeInBytes;
    }
  }
}
