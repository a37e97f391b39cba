"""librdkafka's side of the interchange, one line of JSON for each thing that happens.

read SERVERS COUNT TOPIC...        so many committed records, from the beginning
produce SERVERS CODEC              records given on stdin, one JSON object a line
transact SERVERS TOPIC ID          transactions, every other one aborted
member SERVERS GROUP TOPIC HOW     a member of a group until SIGTERM; HOW is an assignor or consumer
take SERVERS GROUP TOPIC COUNT     so many records of a group, and commits
"""
import json
import signal
import sys

from confluent_kafka import Consumer, Producer

mode, servers, *rest = sys.argv[1:]


def say(**facts):
    print(json.dumps(facts), flush=True)


def text(value):
    return None if value is None else value.decode()


def record(message):
    headers = [[name, text(value)] for name, value in message.headers() or []]
    return {'topic': message.topic(), 'partition': message.partition(),
            'offset': message.offset(), 'timestamp': message.timestamp()[1],
            'key': text(message.key()), 'value': text(message.value()), 'headers': headers}


def poll(consumer):
    message = consumer.poll(0.2)
    if message is not None and message.error():
        # What passes is tried again by the library itself.
        say(error=str(message.error()))
        return None
    return message


def read(count, *topics):
    consumer = Consumer({'bootstrap.servers': servers, 'group.id': 'interchange-reader-librdkafka',
                         'auto.offset.reset': 'earliest', 'isolation.level': 'read_committed'})
    consumer.subscribe(list(topics))
    found = 0
    while found < int(count):
        message = poll(consumer)
        if message is not None:
            say(**record(message))
            found += 1
    consumer.close()


def produce(codec):
    producer = Producer({'bootstrap.servers': servers, 'compression.type': codec,
                         'partitioner': 'murmur2_random', 'linger.ms': 50,
                         'enable.idempotence': True})
    failures = []
    for line in sys.stdin:
        one = json.loads(line)
        producer.produce(one['topic'], key=one['key'], value=one['value'],
                         headers=[tuple(pair) for pair in one['headers']],
                         timestamp=one['timestamp'],
                         on_delivery=lambda error, _message: error and failures.append(str(error)))
        producer.poll(0)
    producer.flush(60)
    if failures:
        raise SystemExit(failures[0])


def transact(topic, name):
    producer = Producer({'bootstrap.servers': servers, 'transactional.id': name})
    producer.init_transactions(60)
    for turn in range(20):
        producer.begin_transaction()
        for partition in (0, 1, 2):
            producer.produce(topic, partition=partition, value=f'librdkafka {turn} {partition}')
        if turn % 2 == 0:
            producer.commit_transaction(60)
        else:
            producer.flush(60)
            producer.abort_transaction(60)


def member(group, topic, how):
    settings = {'bootstrap.servers': servers, 'group.id': group, 'auto.offset.reset': 'earliest',
                'topic.metadata.refresh.interval.ms': 2000}
    if how == 'consumer':
        settings['group.protocol'] = 'consumer'
    else:
        settings['partition.assignment.strategy'] = how
        settings['session.timeout.ms'] = 20000
        settings['heartbeat.interval.ms'] = 500
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    assigned = None
    while not ended:
        message = poll(consumer)
        now = sorted(each.partition for each in consumer.assignment())
        if now != assigned:
            assigned = now
            say(assigned=assigned)
        if message is not None:
            say(seen=[message.partition(), message.offset()])
    consumer.close()


def take(group, topic, count):
    consumer = Consumer({'bootstrap.servers': servers, 'group.id': group,
                         'auto.offset.reset': 'earliest', 'enable.auto.commit': False})
    consumer.subscribe([topic])
    last = None
    found = 0
    while found < int(count):
        message = poll(consumer)
        if message is not None:
            say(**record(message))
            last = message
            found += 1
    consumer.commit(last, asynchronous=False)
    consumer.close()


{'read': read, 'produce': produce, 'transact': transact, 'member': member, 'take': take}[mode](*rest)
