// @confluentinc/kafka-javascript: librdkafka behind an interface like that of kafkajs. Its
// default linger of 5 ms would make every awaited send take that long; where one send waits for
// the other it gets none.
export const entry = '@confluentinc/kafka-javascript';

export async function open(address) {
  const { Kafka, logLevel } = (await import(entry)).default.KafkaJS;
  const kafka = new Kafka({ kafkaJS: { brokers: [address], logLevel: logLevel.ERROR } });
  return {
    async producer({ acks, idempotent, compression, isAwaited, lingerMs, transactionalId }) {
      const producer = kafka.producer({
        kafkaJS: {
          acks: acks === 'all' ? -1 : acks,
          idempotent,
          ...(compression && { compression }),
          ...(transactionalId && { transactionalId }),
        },
        ...(isAwaited && { 'linger.ms': 0 }),
        ...(lingerMs && { 'linger.ms': lingerMs }),
      });
      await producer.connect();
      return {
        sendValues(topic, values, from, count, keys) {
          const messages = messagesOf(values, from, count, keys);
          return producer.send({ topic, messages });
        },
        async sendTransaction(topic, values, from, count) {
          const transaction = await producer.transaction();
          await transaction.send({ topic, messages: messagesOf(values, from, count) });
          await transaction.commit();
        },
        sendKeyed(topic, from, count) {
          const messages = [];
          for (let i = from; i < from + count; i++) {
            const headers = { a: '123', b: '456' };
            messages.push({ partition: 0, key: `111-${i}`, value: '222', headers });
          }
          return producer.send({ topic, messages });
        },
        close: () => producer.disconnect(),
      };
    },
    async consumer({ topic, groupId, fetch }, onValue) {
      const consumer = kafka.consumer({
        kafkaJS: { groupId, fromBeginning: true, autoCommit: false },
        ...(fetch && {
          // It raises fetch.max.bytes to what it takes for the largest message it sends.
          'message.max.bytes': fetch.maxBytes,
          'fetch.max.bytes': fetch.maxBytes,
          'fetch.min.bytes': fetch.minBytes,
          'max.partition.fetch.bytes': fetch.maxBytes,
          'fetch.wait.max.ms': fetch.maxWaitMs,
        }),
      });
      await consumer.connect();
      await consumer.subscribe({ topic });
      await consumer.run({ eachMessage: async ({ message }) => onValue(message.value) });
      return { close: () => consumer.disconnect() };
    },
    async worker({ topic, groupId, concurrency }, work) {
      const consumer = kafka.consumer({
        kafkaJS: { groupId, fromBeginning: true, autoCommit: false },
      });
      await consumer.connect();
      await consumer.subscribe({ topic });
      await consumer.run({
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
