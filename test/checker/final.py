"""Reads what is there when everything has come to rest, and prints it as JSON.

final.py PLAN: the plan is JSON with `bootstrap`, `topics` ({name: partitions}), `groups` and
`transactional_ids`. First it takes over each transactional id, which ends what is still open."""

import json
import sys
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

plan = json.loads(sys.argv[1])
common = {"bootstrap.servers": plan["bootstrap"], "log_level": 0, "reconnect.backoff.max.ms": 200}
partitions = [(topic, p) for topic, count in plan["topics"].items() for p in range(count)]
deadline = time.monotonic() + 60


def left(what):
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        sys.exit(f"{what} took too long")
    return seconds


def again(what, call, *args):
    while True:
        try:
            return call(*args, 5)
        except KafkaException as error:
            if not error.args[0].retriable():
                raise
            left(what)


def reader(isolation, group="final", **more):
    quiet = {"enable.auto.commit": False, "enable.partition.eof": True}
    return Consumer({**common, "group.id": group, "isolation.level": isolation, **quiet, **more})


def ends(consumer):
    asked = [TopicPartition(topic, partition) for topic, partition in partitions]
    return [again("asking for ends", lambda s: consumer.get_watermark_offsets(tp, s))[1] for tp in asked]


def everything(consumer):
    consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in partitions])
    ended, records = set(), []
    while len(ended) < len(partitions):
        message = consumer.poll(min(1, left(f"reading {len(partitions) - len(ended)} partitions")))
        if message is None:
            continue
        tp = f"{message.topic()}-{message.partition()}"
        if message.error() is None:
            records.append((tp, message.offset(), message.value().decode()))
        elif message.error().code() == KafkaError._PARTITION_EOF:
            ended.add(tp)
        elif not message.error().retriable():
            raise KafkaException(message.error())
    return records


for name in plan["transactional_ids"]:
    producer = Producer({**common, "transactional.id": name})
    again(f"taking over {name}", producer.init_transactions)

uncommitted, committed = reader("read_uncommitted"), reader("read_committed")
high = ends(uncommitted)
while ends(committed) != high:
    left(f"waiting for the ends {ends(committed)} to be stable at {high}")
    time.sleep(0.1)
groups = {}
for group in plan["groups"]:
    member = reader("read_committed", group)
    asked = [TopicPartition(topic, partition) for topic, partition in partitions]
    found = again(f"asking what {group} has committed", lambda s: member.committed(asked, s))
    wrong = [tp for tp in found if tp.error is not None]
    if wrong:
        sys.exit(f"{group}: {wrong}")
    groups[group] = {f"{tp.topic}-{tp.partition}": tp.offset for tp in found if tp.offset >= 0}
    member.close()
print(json.dumps({"all": everything(uncommitted), "committed": everything(committed), "groups": groups}))
