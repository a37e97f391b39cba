// @platformatic/kafka.
export const entry = '@platformatic/kafka';

export async function open(address) {
  const { Consumer, MessagesStreamModes, Producer, stringSerializers } = await import(entry);
  const base = { clientId: 'bench', bootstrapBrokers: [address] };
  return {
    async producer({ acks, idempotent, compression, strings, transactionalId }) {
      const producer = new Producer({
        ...base,
        ...(strings && { serializers: stringSerializers }),
        ...(transactionalId && { transactionalId, idempotent }),
      });
      const shared = {
        acks: acks === 'all' ? -1 : acks,
        idempotent,
        ...(compression && { compression }),
      };
      return {
        sendValues(topic, values, from, count, keys) {
          const messages = messagesOf(topic, values, from, count, keys);
          return producer.send({ messages, ...shared });
        },
        async sendTransaction(topic, values, from, count) {
          const transaction = await producer.beginTransaction(shared);
          await transaction.send({ messages: messagesOf(topic, values, from, count), ...shared });
          await transaction.commit();
        },
        sendKeyed(topic, from, count) {
          const messages = [];
          for (let i = from; i < from + count; i++) {
            const headers = { a: '123', b: '456' };
            messages.push({ topic, partition: 0, key: `111-${i}`, value: '222', headers });
          }
          return producer.send({ messages, ...shared });
        },
        close: () => producer.close(),
      };
    },
    async consumer({ topic, groupId, fetch }, onValue) {
      const consumer = new Consumer({ ...base, groupId });
      const stream = await consumer.consume({
        topics: [topic],
        mode: MessagesStreamModes.EARLIEST,
        autocommit: false,
        ...(fetch && {
          minBytes: fetch.minBytes,
          maxBytes: fetch.maxBytes,
          maxWaitTime: fetch.maxWaitMs,
        }),
      });
      stream.on('data', (message) => onValue(message.value));
      return {
        async close() {
          await stream.close();
          await consumer.close(true);
        },
      };
    },
    async worker({ topic, groupId, concurrency }, work) {
      const consumer = new Consumer({ ...base, groupId });
      const mode = MessagesStreamModes.EARLIEST;
      const stream = await consumer.consume({ topics: [topic], mode, autocommit: false });
      // Without regard to partitions: it has no way to say so.
      const reading = stream.forEach((message) => work(message.value), { concurrency });
      reading.catch(() => {});
      return {
        async close() {
          await stream.close();
          await consumer.close(true);
        },
      };
    },
    async close() {},
  };
}

function messagesOf(topic, values, from, count, keys) {
  const messages = [];
  for (let i = from; i < from + count; i++) {
    messages.push({ topic, key: keys?.[i % keys.length], value: values[i % values.length] });
  }
  return messages;
}
