import { describe, expect, test } from 'vitest';
import { simulatedSystem } from '../../system/simulated/index.js';
import { Kafka } from '../kafka.js';
import { clientProperties } from './client-properties.js';
import { parseProperties } from './parse-properties.js';

const noFiles = (path: string): string => {
  throw new Error(`nobody should read ${path}`);
};
const read = (text: string) => clientProperties(text, noFiles);

describe('the format of Java', () => {
  test('names end at =, : or a blank; comments, continuations and escapes are known', () => {
    const text = [
      '# a comment',
      '  ! another',
      'a=1',
      'b : two words ',
      'c three',
      'd=first, \\',
      '    second',
      'e\\=f=\\u00e4\\t\\\\',
      'last',
    ].join('\r\n');
    expect([...parseProperties(text)]).toEqual([
      ['a', '1'],
      ['b', 'two words '],
      ['c', 'three'],
      ['d', 'first, second'],
      ['e=f', 'ä\t\\'],
      ['last', ''],
    ]);
  });

  test('the last value of a name counts, and half an escape fails', () => {
    expect([...parseProperties('a=1\na=2')]).toEqual([['a', '2']]);
    expect(() => parseProperties('a=\\u12')).toThrow('four hex digits');
  });
});

describe('properties as options', () => {
  test("Java's spelling", () => {
    const { kafka, producer, consumer, ignored } = read(`
      bootstrap.servers=one:9092,two:9092
      client.id=shop
      acks=-1
      compression.type=ZSTD
      linger.ms=20
      key.serializer=org.apache.kafka.common.serialization.StringSerializer
      partitioner.class=org.apache.kafka.clients.producer.internals.DefaultPartitioner
      group.id=billing
      enable.auto.commit=false
      auto.offset.reset=earliest
      partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor
      metric.reporters=none`);
    expect(kafka).toEqual({ bootstrapServers: 'one:9092,two:9092', clientId: 'shop' });
    expect(producer).toMatchObject({ acks: 'all', compression: 'zstd', lingerMs: 20 });
    expect(producer.keySerializer).toBeDefined();
    expect(producer).not.toHaveProperty('partitioner');
    expect(consumer).toEqual({
      groupId: 'billing',
      commit: 'manual',
      offsetReset: 'earliest',
      assignors: ['cooperative-sticky'],
    });
    expect(ignored).toEqual(['metric.reporters']);
  });

  test('a share consumer takes what it knows of those of consumers, and has its own', () => {
    const { consumer, shareConsumer } = read(`
      group.id=queue
      auto.offset.reset=earliest
      fetch.max.bytes=1000
      max.poll.records=20
      share.acknowledgement.mode=explicit
      share.acquire.mode=record_limit
      value.deserializer=org.apache.kafka.common.serialization.StringDeserializer`);
    expect(consumer).toMatchObject({ groupId: 'queue', offsetReset: 'earliest' });
    expect(consumer).not.toHaveProperty('maxPollRecords');
    const { valueDeserializer, ...others } = shareConsumer;
    expect(others).toEqual({
      groupId: 'queue',
      fetchMaxBytes: 1000,
      maxPollRecords: 20,
      acknowledgementMode: 'explicit',
      acquireMode: 'record_limit',
    });
    expect(valueDeserializer).toBeDefined();
    expect(() => read('share.acquire.mode=all')).toThrow('one of batch_optimized');
  });

  test("librdkafka's spelling", () => {
    const { kafka, producer, consumer } = read(`
      metadata.broker.list=one:9092
      request.required.acks=1
      queue.buffering.max.ms=7
      queue.buffering.max.kbytes=2
      partitioner=consistent_random
      message.timeout.ms=9000
      auto.offset.reset=smallest
      fetch.wait.max.ms=100
      partition.assignment.strategy=range,roundrobin`);
    expect(kafka).toEqual({ bootstrapServers: 'one:9092' });
    expect(producer).toEqual({
      acks: 1,
      lingerMs: 7,
      bufferMemory: 2048,
      partitioner: 'consistent_random',
      deliveryTimeoutMs: 9000,
    });
    expect(consumer).toEqual({
      offsetReset: 'earliest',
      fetchMaxWaitMs: 100,
      assignors: ['range', 'roundrobin'],
    });
  });

  test('the environment comes first, whatever the spelling', () => {
    const text = 'bootstrap.servers=file:1\nqueue.buffering.max.ms=7\ngroup.id=g';
    const variables: Record<string, string> = {
      KAFKIT_BOOTSTRAP_SERVERS: 'environment:2',
      KAFKIT_LINGER_MS: '9',
      KAFKIT_AUTO_OFFSET_RESET: 'by_duration:PT1H',
      KAFKIT_SECURITY_PROTOCOL: 'SSL',
      KAFKIT_SOMETHING_ELSE: 'no property',
    };
    const found = clientProperties(text, noFiles, (name) => variables[name]);
    expect(found.kafka).toEqual({ bootstrapServers: 'environment:2', tls: true });
    expect(found.producer).toEqual({ lingerMs: 9 });
    expect(found.consumer).toEqual({ groupId: 'g', offsetReset: 'by_duration:PT1H' });
    const wrong = () =>
      clientProperties('', noFiles, (name) => (name === 'KAFKIT_ACKS' ? '5' : ''));
    expect(wrong).toThrow("acks is '5'");
  });

  test('a misspelt name is refused with a suggestion', () => {
    expect(() => read('bootstrap.server=x')).toThrow("Is 'bootstrap.servers' meant?");
    expect(() => read('session.timout.ms=1')).toThrow("Is 'session.timeout.ms' meant?");
    expect(() => read('nothing.of.the.sort.anywhere=1')).toThrow('There is no client property');
  });

  test('a value without sense is refused, naming property and value', () => {
    expect(() => read('linger.ms=soon')).toThrow("linger.ms is 'soon'; a whole number");
    expect(() => read('enable.idempotence=maybe')).toThrow('true or false');
    expect(() => read('auto.offset.reset=middle')).toThrow('one of earliest');
  });

  test('two names of one option may not say two things', () => {
    expect(read('linger.ms=5\nqueue.buffering.max.ms=5').producer.lingerMs).toBe(5);
    const two = 'linger.ms=5\nqueue.buffering.max.ms=6';
    expect(() => read(two)).toThrow('linger.ms and queue.buffering.max.ms');
  });

  test('TLS comes from PEM, in files or inline', () => {
    const text = 'security.protocol=SSL\nssl.ca.location=/ca.pem\nssl.key.password=secret';
    const { kafka } = clientProperties(text, (path) => `contents of ${path}`);
    expect(kafka.tls).toEqual({ ca: 'contents of /ca.pem', passphrase: 'secret' });
    expect(read('security.protocol=SSL').kafka.tls).toBe(true);
    expect(read('security.protocol=PLAINTEXT').kafka.tls).toBeUndefined();
    const jks = 'security.protocol=SSL\nssl.truststore.location=/trust.jks';
    expect(() => read(jks)).toThrow("'JKS'; PEM is wanted");
    expect(() => read('security.protocol=SASL_SSL')).toThrow('PLAINTEXT or SSL');
  });
});

describe('Kafka.fromProperties', () => {
  test('takes a path, a text or an object', async () => {
    const system = simulatedSystem(1);
    system.disk.replaceFile('/client.properties', Buffer.from('group.id=g\nacks=0'));
    const sources = ['/client.properties', 'group.id=g\nacks=0', { 'group.id': 'g', acks: 0 }];
    for (const source of sources) {
      const kafka = Kafka.fromProperties(source, { system });
      // What the properties say for producers meets what the program says.
      expect(() => kafka.producer({ enableIdempotence: true })).toThrow("needs acks 'all', not 0");
      expect(kafka.producer({ acks: 'all', enableIdempotence: true }).closed).toBe(false);
      expect(kafka.consumer({ topics: ['t'] }).health().groupId).toBe('g');
      expect(kafka.shareConsumer({ topics: ['t'] }).health().groupId).toBe('g');
      await kafka.close();
    }
    expect(() => Kafka.fromProperties('acks=many', { system })).toThrow('acks');
    process.env.KAFKIT_GROUP_ID = 'from the environment';
    try {
      const kafka = Kafka.fromProperties('group.id=g', { system });
      expect(kafka.consumer({ topics: ['t'] }).health().groupId).toBe('from the environment');
      await kafka.close();
    } finally {
      delete process.env.KAFKIT_GROUP_ID;
    }
  });
});
