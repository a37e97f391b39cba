"""Works on a cluster whose nodes stop and start, by librdkafka: nothing is lost, doubled or torn.

cluster.py ADDRESSES ROUNDS: before each round it prints "round N" and reads a line, so that whoever
runs it can stop a node meanwhile. At the end it prints what was produced and read.
"""

import sys

from confluent_kafka import Consumer, Producer, TopicPartition

addresses, rounds = sys.argv[1], int(sys.argv[2])
common = {"bootstrap.servers": addresses, "topic.metadata.refresh.interval.ms": 2000, "log_level": 0}
producer = Producer({**common, "enable.idempotence": True, "linger.ms": 5})
transactional = Producer({**common, "transactional.id": "cluster", "transaction.timeout.ms": 30000})
transactional.init_transactions(60)
consumer = Consumer(
    {
        **common,
        "group.id": "cluster",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
    }
)
consumer.subscribe(["orders"])
failed = []
seen = {}
sent = 0


def delivered(error, _):
    if error is not None:
        failed.append(str(error))


def read(count):
    while len(seen) < count:
        message = consumer.poll(60)
        if message is None:
            raise SystemExit(f"only {len(seen)} of {count} records came within a minute")
        if message.error():
            continue
        value = message.value().decode()
        seen[value] = seen.get(value, 0) + 1
        consumer.commit(message, asynchronous=True)


for turn in range(rounds):
    print(f"round {turn}", flush=True)
    sys.stdin.readline()
    for _ in range(200):
        producer.produce("orders", key=f"k{sent % 17}", value=f"v{sent}", on_delivery=delivered)
        sent += 1
    if producer.flush(120) > 0:
        raise SystemExit("not everything was delivered within two minutes")
    transactional.begin_transaction()
    for _ in range(20):
        transactional.produce("orders", key="tx", value=f"v{sent}", on_delivery=delivered)
        sent += 1
    transactional.commit_transaction(120)
    read(sent)

assert not failed, failed[:3]
twice = [value for value, times in seen.items() if times > 1]
consumer.commit(asynchronous=False)
committed = consumer.committed([TopicPartition("orders", index) for index in range(3)], timeout=60)
total = sum(max(0, each.offset) for each in committed)
# Each transaction leaves a marker in one partition, which has an offset, too.
assert sent <= total <= sent + rounds, (sent, total)
consumer.close()
print(f"{sent} records sent, {len(seen)} read, {len(twice)} of them twice", flush=True)
