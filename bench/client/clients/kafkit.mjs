// kafkit, as a program gets it: the bundled entry point.
const place = process.env.KAFKIT_ENTRY ?? new URL('../../../dist/bundle/index.js', import.meta.url);
export const entry = String(place);

export async function open(address) {
  const { Kafka } = await import(entry);
  const kafka = new Kafka({ bootstrapServers: address });
  return {
    async producer({ acks, idempotent, compression, strings, lingerMs, transactionalId }) {
      const producer = kafka.producer({
        acks,
        enableIdempotence: idempotent,
        compression,
        ...(lingerMs && { lingerMs }),
        ...(transactionalId && { transactionalId }),
      });
      const value = strings ? '222' : undefined;
      return {
        sendValues(topic, values, from, count, keys) {
          if (count === 1) return producer.send({ topic, value: values[from % values.length] });
          return producer.send(recordsOf(topic, values, from, count, keys));
        },
        sendTransaction(topic, values, from, count) {
          return producer.transaction((tx) => tx.send(recordsOf(topic, values, from, count)));
        },
        sendKeyed(topic, from, count) {
          const records = [];
          for (let i = from; i < from + count; i++) {
            const headers = { a: '123', b: '456' };
            records.push({ topic, partition: 0, key: `111-${i}`, value, headers });
          }
          return producer.send(count === 1 ? records[0] : records);
        },
        close: () => producer.close(),
      };
    },
    async consumer({ topic, groupId, fetch }, onValue) {
      const consumer = kafka.consumer({
        groupId,
        topics: [topic],
        offsetReset: 'earliest',
        commit: 'manual',
        ...(fetch && {
          fetchMinBytes: fetch.minBytes,
          fetchMaxBytes: fetch.maxBytes,
          maxPartitionFetchBytes: fetch.maxBytes,
          fetchMaxWaitMs: fetch.maxWaitMs,
        }),
      });
      const reading = (async () => {
        for await (const record of consumer) onValue(record.value);
      })();
      return {
        async close() {
          await consumer.close();
          await reading;
        },
      };
    },
    async worker({ topic, groupId, concurrency }, work) {
      const consumer = kafka.consumer({
        groupId,
        topics: [topic],
        offsetReset: 'earliest',
        commit: 'manual',
      });
      const reading = consumer.run({
        partitionsConsumedConcurrently: concurrency,
        eachRecord: (record) => work(record.value),
      });
      return {
        async close() {
          await consumer.close();
          await reading;
        },
      };
    },
    close: () => kafka.close(),
  };
}

function recordsOf(topic, values, from, count, keys) {
  const records = [];
  for (let i = from; i < from + count; i++) {
    records.push({ topic, key: keys?.[i % keys.length], value: values[i % values.length] });
  }
  return records;
}
