// kafkajs 2.2.4.
export const entry = 'kafkajs';

export async function open(address) {
  const { CompressionTypes, Kafka, logLevel } = (await import('kafkajs')).default;
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.ERROR });
  return {
    async producer({ acks, idempotent, compression, transactionalId }) {
      const producer = kafka.producer({
        idempotent,
        ...(transactionalId && { transactionalId }),
        // Its idempotent producer keeps order only with one request under way.
        ...(idempotent && { maxInFlightRequests: 1 }),
      });
      await producer.connect();
      if (compression && compression !== 'gzip') throw new Error(`kafkajs has no ${compression}`);
      const shared = {
        acks: acks === 'all' ? -1 : acks,
        compression: compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
      };
      return {
        sendValues(topic, values, from, count, keys) {
          const messages = messagesOf(values, from, count, keys);
          return producer.send({ topic, messages, ...shared });
        },
        async sendTransaction(topic, values, from, count) {
          const transaction = await producer.transaction();
          await transaction.send({ topic, messages: messagesOf(values, from, count), ...shared });
          await transaction.commit();
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
    async worker({ topic, groupId, concurrency }, work) {
      const consumer = kafka.consumer({ groupId });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        partitionsConsumedConcurrently: concurrency,
        eachMessage: ({ message }) => work(message.value),
      });
      return { close: () => consumer.disconnect() };
    },
    async close() {},
  };
}

function messagesOf(values, from, count, keys) {
  const messages = [];
  for (let i = from; i < from + count; i++) {
    messages.push({ key: keys?.[i % keys.length], value: values[i % values.length] });
  }
  return messages;
}
