"""Exactly once with librdkafka: transactions are committed or aborted by chance, two copiers move
records and offsets from one topic to another and are replaced in the middle of their work, and a
reader of committed records counts what came out."""

import argparse
import random
import sys
import threading
import time

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic

parser = argparse.ArgumentParser()
parser.add_argument("--broker", required=True)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--records", type=int, default=2000)
options = parser.parse_args()
chance = random.Random(options.seed)
broker = options.broker


def fail(sentence):
    print(f"FAILED {sentence}")
    sys.exit(1)


def producer(transactional_id, **more):
    made = Producer(
        {
            "bootstrap.servers": broker,
            "transactional.id": transactional_id,
            "linger.ms": 2,
            **more,
        }
    )
    made.init_transactions(30)
    return made


def consumer(group, isolation="read_committed"):
    return Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": group,
            "isolation.level": isolation,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "session.timeout.ms": 6000,
        }
    )


def create(name, partitions):
    admin = AdminClient({"bootstrap.servers": broker})
    for future in admin.create_topics([NewTopic(name, partitions, 1)]).values():
        future.result()


def everything(topic, partitions, isolation="read_committed"):
    """All values of a topic up to its end, read by assignment."""
    reader = consumer("reads", isolation)
    ends = {
        p: reader.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1]
        for p in range(partitions)
    }
    reader.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
    values = []
    deadline = time.time() + 30
    while time.time() < deadline:
        for message in reader.consume(1000, 0.2):
            if message.error():
                raise KafkaException(message.error())
            values.append(int(message.value()))
        at = reader.position([TopicPartition(topic, p) for p in range(partitions)])
        if all(place.offset >= ends[place.partition] for place in at):
            break
    else:
        fail(f"{topic} was not read to its end {ends}")
    reader.close()
    return values


def committed_and_aborted():
    create("mixed", 3)
    one = producer("mixed-1")
    wanted, number = [], 0
    for _ in range(60):
        one.begin_transaction()
        count = chance.randrange(0, 30)
        for value in range(number, number + count):
            one.produce("mixed", str(value), partition=chance.randrange(3))
        if chance.random() < 0.6:
            one.commit_transaction(30)
            wanted += range(number, number + count)
        else:
            if chance.random() < 0.5:
                one.flush(30)
            one.abort_transaction(30)
        number += count
    seen = everything("mixed", 3)
    if sorted(seen) != wanted:
        fail(f"{len(seen)} records are read as committed instead of {len(wanted)}")
    print(f"committed {len(wanted)} of {number} records, and just these are read")


def fencing():
    create("fenced", 1)
    old = producer("fenced-1")
    old.begin_transaction()
    old.produce("fenced", "1")
    old.flush(30)
    new = producer("fenced-1")
    new.begin_transaction()
    new.produce("fenced", "2")
    new.commit_transaction(30)
    try:
        old.commit_transaction(30)
        fail("a producer that was replaced could commit")
    except KafkaException as error:
        if error.args[0].code() not in (KafkaError._FENCED, KafkaError.PRODUCER_FENCED):
            fail(f"a producer that was replaced hears {error}")
    if everything("fenced", 1) != [2]:
        fail("what a replaced producer wrote is read")
    print("a replaced producer is fenced")


def time_out():
    create("late", 1)
    late = producer("late-1", **{"transaction.timeout.ms": 2000})
    late.begin_transaction()
    late.produce("late", "1")
    late.flush(30)
    after = producer("late-2")
    after.begin_transaction()
    after.produce("late", "2")
    after.commit_transaction(30)
    deadline = time.time() + 20
    reader = consumer("late")
    reader.assign([TopicPartition("late", 0, 0)])
    message = None
    while message is None and time.time() < deadline:
        message = reader.poll(0.5)
    reader.close()
    if message is None or message.error() or message.value() != b"2":
        fail("a transaction beyond its time-out still holds up readers")
    print("a transaction beyond its time-out is aborted")


def copier(name, stop, died):
    """Consume, transform, produce, until told to stop; leaves in the middle of a transaction."""
    source = consumer("copiers")
    source.subscribe(["source"])
    out = producer(name)
    mood = random.Random(name)
    while not stop.is_set():
        messages = source.consume(mood.randrange(1, 60), 0.3)
        messages = [m for m in messages if not m.error()]
        if not messages:
            continue
        try:
            out.begin_transaction()
            for message in messages:
                out.produce("target", message.value(), partition=int(message.value()) % 4)
            places = source.position(source.assignment())
            out.send_offsets_to_transaction(places, source.consumer_group_metadata(), 30)
            if mood.random() < 0.02:
                out.flush(30)
                died.append(name)
                return  # without a word: the broker or the next of this name ends it
            if mood.random() < 0.2:
                raise ValueError("changed its mind")
            out.commit_transaction(30)
        except (KafkaException, ValueError) as error:
            if isinstance(error, KafkaException) and error.args[0].fatal():
                died.append(name)
                return
            out.abort_transaction(30)
            for place in source.committed(source.assignment(), timeout=10):
                source.seek(TopicPartition(place.topic, place.partition, max(place.offset, 0)))
    source.close()


def exactly_once():
    create("source", 4)
    create("target", 4)
    plain = Producer({"bootstrap.servers": broker, "linger.ms": 5})
    for value in range(options.records):
        plain.produce("source", str(value), partition=value % 4)
    plain.flush(30)
    stop, died = threading.Event(), []
    running = {}
    watcher = consumer("copiers", "read_uncommitted")  # or it waits for stable offsets
    places = [TopicPartition("source", p) for p in range(4)]
    deadline = time.time() + 80
    while sum(max(p.offset, 0) for p in watcher.committed(places, timeout=10)) < options.records:
        if time.time() > deadline:
            fail("the copiers do not get ahead")
        for name in ("copier-a", "copier-b"):
            if name not in running or not running[name].is_alive():
                running[name] = threading.Thread(
                    target=copier, args=(name, stop, died), daemon=True
                )
                running[name].start()
        time.sleep(0.2)
    watcher.close()
    stop.set()
    for thread in running.values():
        thread.join(20)
    for name in running:
        producer(name)  # ends what the last of this name may have left open
    seen = everything("target", 4)
    if sorted(seen) != list(range(options.records)):
        missing = set(range(options.records)) - set(seen)
        fail(f"{len(seen)} of {options.records} copied, missing {sorted(missing)[:5]}")
    print(f"copied {len(seen)} records exactly once; {len(died)} copiers were replaced")


committed_and_aborted()
fencing()
time_out()
exactly_once()
print("OK")
