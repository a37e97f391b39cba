// One side of bench/gigabyte.mjs: library (kafkit, kafkajs), role (produce, consume), address,
// topic, megabytes. Prints one line of JSON. Records of 1000 bytes in 4 partitions, no compression.
import { createHash } from 'node:crypto';

const [library, role, address, topic, megabytes] = process.argv.slice(2);
const size = 1000;
const records = Math.floor((Number(megabytes) * 1024 * 1024) / size);
const perSend = 1000;
const inFlight = 8;
const value = Buffer.concat(
  Array.from({ length: Math.ceil(size / 32) }, (_, n) =>
    createHash('sha256').update(`${n}`).digest(),
  ),
).subarray(0, size);

const program = library === 'kafkit' ? await kafkit() : await kafkajs();
const cpuBefore = process.cpuUsage();
const started = performance.now();
await program[role]();
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(cpuBefore);
const result = {
  records,
  bytes: records * size,
  seconds,
  cpuMicros: (cpu.user + cpu.system) / records,
  peakRssMb: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(result));
process.exit(0);

/** Keeps some sends under way until all are acknowledged. */
async function sendAll(send) {
  let next = 0;
  const lane = async () => {
    while (next < records) {
      const count = Math.min(perSend, records - next);
      next += count;
      await send(count);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

async function kafkit() {
  const { Kafka } = await import('../dist/index.js');
  const kafka = new Kafka({ bootstrapServers: address });
  return {
    async produce() {
      const admin = kafka.admin();
      await admin.createTopics([{ name: topic, partitions: 4 }]);
      const producer = kafka.producer();
      await sendAll((count) =>
        producer.send(Array.from({ length: count }, () => ({ topic, value }))),
      );
      await producer.close();
    },
    async consume() {
      const consumer = kafka.consumer({
        groupId: `g-${topic}`,
        topics: [topic],
        offsetReset: 'earliest',
      });
      let seen = 0;
      let bytes = 0;
      for await (const record of consumer) {
        bytes += record.value.length;
        if (++seen === records) break;
      }
      if (bytes !== records * size) throw new Error(`${bytes} bytes arrived`);
      await consumer.close();
    },
  };
}

async function kafkajs() {
  const { Kafka, logLevel } = (await import('kafkajs')).default;
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.ERROR });
  return {
    async produce() {
      const admin = kafka.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: 4 }] });
      await admin.disconnect();
      const producer = kafka.producer();
      await producer.connect();
      await sendAll((count) =>
        producer.send({ topic, messages: Array.from({ length: count }, () => ({ value })) }),
      );
      await producer.disconnect();
    },
    async consume() {
      const consumer = kafka.consumer({ groupId: `g-${topic}` });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      let seen = 0;
      let bytes = 0;
      await new Promise((done) => {
        void consumer.run({
          eachMessage: async ({ message }) => {
            bytes += message.value.length;
            if (++seen === records) done();
          },
        });
      });
      if (bytes !== records * size) throw new Error(`${bytes} bytes arrived`);
      await consumer.disconnect();
    },
  };
}
