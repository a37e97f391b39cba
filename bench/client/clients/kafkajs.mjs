// kafkajs 2.2.4.
export const entry = 'kafkajs';

export async function open(address) {
  const { CompressionTypes, Kafka, logLevel } = (await import('kafkajs')).default;
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.ERROR });
  return {
    async producer({ acks, idempotent, compression }) {
      const producer = kafka.producer({
        idempotent,
        // Its idempotent producer keeps order only with one request under way.
        ...(idempotent && { maxInFlightRequests: 1 }),
      });
      await producer.connect();
      const shared = {
        acks: acks === 'all' ? -1 : acks,
        compression: compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
      };
      return {
        sendValues(topic, values, from, count) {
          const messages = [];
          for (let i = from; i < from + count; i++) {
            messages.push({ value: values[i % values.length] });
          }
          return producer.send({ topic, messages, ...shared });
        },
        sendKeyed(topic, from, count) {
          const messages = [];
          for (let i = from; i < from + count; i++) {
            const headers = { a: '123', b: '456' };
            messages.push({ partition: 0, key: `111-${i}`, value: '222', headers });
          }
          return producer.send({ topic, messages, ...shared });
        },
        close: () => producer.disconnect(),
      };
    },
    async consumer({ topic, groupId, fetch }, onValue) {
      const consumer = kafka.consumer({
        groupId,
        ...(fetch && {
          minBytes: fetch.minBytes,
          maxBytes: fetch.maxBytes,
          maxBytesPerPartition: fetch.maxBytes,
          maxWaitTimeInMs: fetch.maxWaitMs,
        }),
      });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ message }) => onValue(message.value),
      });
      return { close: () => consumer.disconnect() };
    },
    async close() {},
  };
}
