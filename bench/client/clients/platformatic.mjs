// @platformatic/kafka.
export const entry = '@platformatic/kafka';

export async function open(address) {
  const { Consumer, MessagesStreamModes, Producer, stringSerializers } = await import(entry);
  const base = { clientId: 'bench', bootstrapBrokers: [address] };
  return {
    async producer({ acks, idempotent, compression, strings }) {
      const producer = new Producer({
        ...base,
        ...(strings && { serializers: stringSerializers }),
      });
      const shared = {
        acks: acks === 'all' ? -1 : acks,
        idempotent,
        ...(compression && { compression }),
      };
      return {
        sendValues(topic, values, from, count) {
          const messages = [];
          for (let i = from; i < from + count; i++) {
            messages.push({ topic, value: values[i % values.length] });
          }
          return producer.send({ messages, ...shared });
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
    async close() {},
  };
}
