// What the compiler must accept, and what it must refuse. `test/types.test.ts` counts the lines
// that are expected to fail and runs the compiler; nothing here is ever run.
import {
  byTopic,
  type Consumer,
  type ConsumerRecord,
  int64,
  json,
  Kafka,
  type Producer,
  type ShareConsumer,
  type StandardSchema,
  string,
} from '../../src/index.js';

interface Order {
  readonly item: string;
  readonly price: number;
}
interface Payment {
  readonly amount: number;
}
interface Topics {
  orders: Order;
  payments: Payment;
}

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_is: Same<A, B>): void {}

const shop = new Kafka<Topics>();
const plain = new Kafka();
const text = new Kafka<{ log: string }>();

export async function producing(): Promise<void> {
  const producer = shop.producer({ valueSerializer: json() });
  await producer.send({ topic: 'orders', value: { item: 'book', price: 1 } });
  await producer.send([
    { topic: 'orders', key: 'k', value: { item: 'book', price: 1 } },
    { topic: 'payments', value: { amount: 2 } },
    { topic: 'payments', value: null },
  ]);
  // @ts-expect-error the value of another topic
  await producer.send({ topic: 'orders', value: { amount: 2 } });
  // @ts-expect-error a topic that is not in the map
  await producer.send({ topic: 'order', value: { item: 'book', price: 1 } });
  // @ts-expect-error a field is missing
  await producer.send([{ topic: 'orders', value: { item: 'book' } }]);
  // @ts-expect-error values that are not bytes need a serializer
  shop.producer();
  // @ts-expect-error a serializer of something else
  shop.producer({ valueSerializer: int64() });
  await producer.transaction(async (tx) => {
    await tx.send({ topic: 'payments', value: { amount: 2 } });
    // @ts-expect-error the value of another topic, in a transaction
    await tx.send({ topic: 'payments', value: { item: 'book', price: 1 } });
  });
  const keyed = shop.producer({ keySerializer: int64(), valueSerializer: json() });
  await keyed.send({ topic: 'orders', key: 7, value: { item: 'book', price: 1 } });
  // @ts-expect-error keys are numbers
  await keyed.send({ topic: 'orders', key: 'seven', value: { item: 'book', price: 1 } });
  await text.producer().send({ topic: 'log', value: 'a line' });
  await plain.producer().send({ topic: 'anything', value: 'text' });
  // @ts-expect-error neither bytes nor text
  await plain.producer().send({ topic: 'anything', value: { item: 'book' } });
  const typed = plain.producer({ valueSerializer: json<Order>() });
  same<typeof typed, Producer<string | Uint8Array | null, Order>>(true);
}

export async function consuming(): Promise<void> {
  const both = shop.consumer({ topics: ['orders', 'payments'], valueDeserializer: json() });
  for await (const record of both) {
    if (record.topic === 'orders') same<typeof record.value, Order>(true);
    else same<typeof record.value, Payment>(true);
    await both.commit(record);
  }
  const one = shop.consumer({ topics: ['orders'], valueDeserializer: json() });
  for await (const { value, topic } of one) {
    same<typeof value, Order>(true);
    same<typeof topic, 'orders'>(true);
  }
  for await (const batch of both.batches()) {
    if (batch.topic === 'payments')
      for (const { value } of batch) same<typeof value, Payment>(true);
  }
  for await (const stream of one.partitions()) {
    for await (const { value } of stream) same<typeof value, Order>(true);
  }
  await one.run({ eachRecord: (record) => same<typeof record.value, Order>(true) });
  await one.run({
    eachBatch: ({ records }) => same<(typeof records)[0], undefined | Order>(false),
  });
  // @ts-expect-error a topic that is not in the map
  shop.consumer({ topics: ['refunds'], valueDeserializer: json() });
  // @ts-expect-error values that are not bytes need a deserializer
  shop.consumer({ topics: ['orders'] });
  const all = shop.consumer({ topics: /./, valueDeserializer: json(), keyDeserializer: string() });
  for await (const { key, value } of all) {
    same<typeof key, string | null>(true);
    same<typeof value, Order | Payment>(true);
  }
  const bytes = plain.consumer({ topics: ['anything'] });
  same<typeof bytes, Consumer>(true);
  for await (const record of bytes) same<typeof record, ConsumerRecord>(true);
  const orders = plain.consumer({ topics: ['orders'], valueDeserializer: json<Order>() });
  for await (const { value } of orders) same<typeof value, Order>(true);
}

export async function sharing(): Promise<void> {
  const queue = shop.shareConsumer({
    groupId: 'queue',
    topics: ['orders', 'payments'],
    valueDeserializer: json(),
  });
  for await (const record of queue) {
    if (record.topic === 'orders') same<typeof record.value, Order>(true);
    else same<typeof record.value, Payment>(true);
    queue.release(record);
  }
  for await (const batch of queue.batches()) {
    if (batch.topic === 'payments')
      for (const { value } of batch) same<typeof value, Payment>(true);
  }
  // @ts-expect-error a topic that is not in the map
  shop.shareConsumer({ groupId: 'queue', topics: ['refunds'], valueDeserializer: json() });
  // @ts-expect-error values that are not bytes need a deserializer
  shop.shareConsumer({ groupId: 'queue', topics: ['orders'] });
  const bytes = plain.shareConsumer({ topics: ['anything'] });
  same<typeof bytes, ShareConsumer>(true);
  for await (const { records } of bytes.batches()) {
    for (const { value } of records) same<typeof value, Buffer | null>(true);
  }
}

/** What a program may have that does its work with clients of every kind. */
declare function helper(kafka: Kafka): Promise<void>;
declare class Service {
  constructor(parts: { readonly kafka: Kafka; readonly producer: Producer<unknown, unknown> });
}

export async function passingOn(): Promise<void> {
  await helper(shop);
  await helper(text);
  await helper(plain);
  void new Service({ kafka: shop, producer: shop.producer({ valueSerializer: json() }) });
  const lagOf = (consumer: Consumer<unknown, unknown>) => consumer.health().lag;
  lagOf(shop.consumer({ topics: ['orders'], valueDeserializer: json() }));
  lagOf(plain.consumer({ topics: ['orders'] }));
  const flushed = (producer: Producer<unknown, unknown>) => producer.flush();
  await flushed(shop.producer({ keySerializer: json(), valueSerializer: json() }));
  // @ts-expect-error topics of something else
  const other: Kafka<{ log: string }> = shop;
  await helper(other);
}

/** Writes text and reads dates. */
declare const event: StandardSchema<{ at: string }, { at: Date }>;

export async function schemas(): Promise<void> {
  const kafka = new Kafka();
  const producer = kafka.producer({ valueSerializer: event });
  await producer.send({ topic: 'events', value: { at: '2024-01-01' } });
  // @ts-expect-error what goes in is text
  await producer.send({ topic: 'events', value: { at: new Date() } });
  for await (const { value } of kafka.consumer({ topics: ['events'], valueDeserializer: event })) {
    same<typeof value, { at: Date }>(true);
  }
  const serde = json(event);
  for await (const { value } of kafka.consumer({ topics: ['events'], valueDeserializer: serde })) {
    same<typeof value, { at: Date }>(true);
  }
  const each = byTopic({ orders: json<Order>(), payments: json<Payment>() });
  const typed = new Kafka<Topics>();
  await typed.producer({ valueSerializer: each }).send({ topic: 'payments', value: { amount: 1 } });
  for await (const record of typed.consumer({ topics: ['orders'], valueDeserializer: each })) {
    same<typeof record.value, Order>(true);
  }
}

export async function raw(): Promise<void> {
  const { topics } = await plain.send('ListOffsets', {
    replicaId: -1,
    topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
  });
  same<(typeof topics)[0], undefined>(false);
  await plain.send('DescribeGroups', { groups: ['g'] }, { coordinatorOf: { group: 'g' } });
  await plain.send('Heartbeat', (version) => ({
    groupId: `g${version}`,
    generationId: 1,
    memberId: 'me',
  }));
  // @ts-expect-error no such request
  await plain.send('ListOffset', { topics: [] });
  // @ts-expect-error a field that the request does not have
  await plain.send('DescribeGroups', { group: ['g'] });
  // @ts-expect-error no such place
  await plain.send('DescribeGroups', { groups: ['g'] }, { leaderOf: 'orders' });
}
