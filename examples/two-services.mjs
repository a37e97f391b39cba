// Two services that know nothing of each other: one creates accounts and says so in a topic, the
// other listens and sends e-mails. If the second is down for a while, nothing is lost: the events wait.
import { json, string } from 'kafkit';
import { connect, createTopic } from './connect.mjs';

const { kafka, close } = await connect();
const admin = kafka.admin();
await createTopic(admin, { name: 'accounts', partitions: 2 });
await createTopic(admin, { name: 'emails', partitions: 1 });

const people = ['ada', 'grace', 'edsger'].map((name) => ({ name, id: `${name}-${Date.now()}` }));

// Service 1 is up alone: accounts are created although nobody sends e-mails yet.
await accountService();
// Service 2 comes up later and catches up.
await emailService();
await close();

async function accountService() {
  const producer = kafka.producer({ keySerializer: string(), valueSerializer: json() });
  for (const { id, name } of people) {
    const event = { type: 'account-created', id, name, email: `${name}@example.org` };
    await producer.send({ topic: 'accounts', key: id, value: event });
    console.log(`accounts: created ${name}`);
  }
  await producer.close();
}

async function emailService() {
  const consumer = kafka.consumer({
    groupId: 'email-service',
    topics: ['accounts'],
    fromBeginning: true,
    valueDeserializer: json(),
  });
  const producer = kafka.producer({ keySerializer: string(), valueSerializer: json() });
  const waiting = new Set(people.map(({ id }) => id));
  for await (const record of consumer) {
    const { type, id, email } = record.value;
    if (type !== 'account-created') continue;
    console.log(`e-mails: welcome ${email}`);
    // What was done is an event again, for whoever wants to know.
    await producer.send({ topic: 'emails', key: id, value: { type: 'email-sent', id, email } });
    waiting.delete(id);
    // The last record of the loop counts as done only when we say so.
    if (waiting.size === 0) {
      await consumer.commit(record);
      break;
    }
  }
  await consumer.close();
  await producer.close();
}
