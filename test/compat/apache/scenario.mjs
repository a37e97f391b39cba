// What a scenario has in hand: the client under test, names of its own, and the words in which it
// says what it expects. Nothing here knows which brokers stand behind the address.

export function expect(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

export function equal(found, wanted, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  expect(a === b, `${what}: ${a} instead of ${b}`);
}

/** The work fails with this code; gives the error. */
export async function fails(code, work) {
  let error;
  try {
    await work();
  } catch (reason) {
    error = reason;
  }
  expect(error !== undefined, `${code} expected, but it worked`);
  expect(error.code === code, `${code} expected, not ${error.code}: ${error.message}`);
  return error;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Brokers learn of changes a moment after the answer: asks again until it holds. */
export async function eventually(work, forMs = 20_000) {
  for (const end = Date.now() + forMs; ; await pause(50)) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

/** Waits until it is true. */
export async function until(isTrue, what, forMs = 60_000) {
  for (const end = Date.now() + forMs; !isTrue(); await pause(20)) {
    expect(Date.now() < end, `${what}: not within ${forMs} ms`);
  }
}

/** The next records of an iterator; the last one is not finished before more is asked for. */
export async function take(iterator, count) {
  const records = [];
  while (records.length < count) {
    const { value, done } = await iterator.next();
    expect(!done, `the loop ended after ${records.length} of ${count} records`);
    records.push(value);
  }
  return records;
}

export const texts = (records) => records.map(({ value }) => value?.toString() ?? null);

/** A client, an administrator, and names that nobody else uses. */
export class Scene {
  #run;
  #opened = [];

  constructor({ Kafka, bootstrapServers, serves }) {
    this.bootstrapServers = bootstrapServers;
    this.serves = serves;
    this.Kafka = Kafka;
    this.kafka = new Kafka({ bootstrapServers, clientId: 'scenarios' });
    this.admin = this.kafka.admin();
    this.#run = `${Date.now().toString(36)}${process.pid.toString(36)}`;
  }

  name = (word) => `kafkit-${word}-${this.#run}`;

  /** Creates a topic; gives its name. */
  topic = async (word, partitions = 1, configs = {}) => {
    const name = this.name(word);
    await this.admin.createTopics([{ name, partitions, configs }]);
    return name;
  };

  producer = (options) => this.#kept(this.kafka.producer(options));

  consumer = (options) => this.#kept(this.kafka.consumer(options));

  #kept(client) {
    this.#opened.push(client);
    return client;
  }

  /** Sends values, one record each. */
  send = async (topic, values, more = {}, options = {}) => {
    const producer = this.producer(options);
    const sent = await producer.send(values.map((value) => ({ topic, value, ...more })));
    await producer.close();
    return sent;
  };

  /** The first so many records of a topic, from its beginning. */
  readAll = async (topic, count, options = {}) => {
    const has = ['topics', 'topicPattern', 'assign'].some((way) => way in options);
    const topics = has ? {} : { topics: [topic] };
    const consumer = this.consumer({ ...topics, fromBeginning: true, ...options });
    const records = count === 0 ? [] : await take(consumer[Symbol.asyncIterator](), count);
    await consumer.close();
    return records;
  };

  /** Closes what a scenario has left open, also one that failed. */
  async clear() {
    const open = this.#opened.splice(0).filter(({ closed }) => closed !== true);
    await Promise.allSettled(open.map((client) => client.close()));
  }

  /** Deletes every topic made here. */
  async close() {
    await this.clear();
    const all = await this.admin.listTopics();
    const mine = all.map(({ name }) => name).filter((name) => name.endsWith(this.#run));
    await this.admin.deleteTopics(mine);
    await this.kafka.close();
  }
}
