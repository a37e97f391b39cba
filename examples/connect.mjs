// What the examples share: where their Kafka comes from.
//
//   node examples/hello-world.mjs                          a broker of its own, inside the program
//   KAFKA=localhost:9092 node examples/hello-world.mjs     a broker that is running already
import { Kafka } from 'kafkit';

export async function connect() {
  const address = process.env.KAFKA;
  if (address) {
    const kafka = new Kafka({ bootstrapServers: address });
    return { kafka, close: () => kafka.close() };
  }
  const { startBroker } = await import('kafkit/testing');
  const broker = await startBroker();
  const kafka = broker.kafka();
  const close = async () => {
    await kafka.close();
    await broker.close();
  };
  return { kafka, close };
}

/** Creates a topic; one that is there already is fine, so that an example can run twice. */
export async function createTopic(admin, topic) {
  try {
    await admin.createTopics([topic]);
  } catch (error) {
    if (error.code !== 'TOPIC_ALREADY_EXISTS') throw error;
  }
}
