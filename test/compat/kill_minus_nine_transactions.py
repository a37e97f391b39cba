"""transact: transactional producers, each for a group of its own, that commit or abort by chance and write down what they asked for and what they were told, until a line comes on stdin.
check: reads what is committed and compares: every transaction is whole or not there, as its producer was told, none is there twice, and each group's offset is that of its last committed transaction."""
import random
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

mode, broker, topic, told_file = sys.argv[1:5]
PARTITIONS = 3
PRODUCERS = 2
lock = threading.Lock()
stop = threading.Event()
failures = []


def again(seconds, call, *args):
    """A call of the transactional API until it ends: librdkafka says when the same call may be made again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call(*args, 3)
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def taken_over(name):
    """A producer that goes on under the name, and ends what its predecessor has left open."""
    producer = made(name)
    again(120, producer.init_transactions)
    return producer


def made(name):
    return Producer({
        "bootstrap.servers": broker,
        "transactional.id": name,
        "transaction.timeout.ms": 60000,
        "message.timeout.ms": 60000,
        "linger.ms": 1,
        "reconnect.backoff.max.ms": 200,
        "retry.backoff.ms": 50,
        # Rebootstrapping, librdkafka 2.11 and later dismiss the coordinator of groups that they
        # still hold on to; sending offsets to a transaction then never ends.
        "metadata.recovery.strategy": "none",
        "log_level": 0,
    })


def transact(number, out):
    name = f"kills-{number}"
    chance = random.Random(number)
    group = Consumer({"bootstrap.servers": broker, "group.id": name, "log_level": 0})
    producer = taken_over(name)
    n = 0
    while not stop.is_set():
        n += 1
        count = 1 + chance.randrange(6)
        commits = chance.random() < 0.7
        # What was asked for: nothing, until it comes to that.
        asked, told = "nothing", "unknown"
        try:
            producer.begin_transaction()
            for i in range(count):
                producer.produce(topic, f"{name}:{n}:{i}", partition=chance.randrange(PARTITIONS))
            at = [TopicPartition(topic, 0, n)]
            again(30, producer.send_offsets_to_transaction, at, group.consumer_group_metadata())
            # An abort throws away what librdkafka has in its queue, with its sequence numbers, also where
            # a batch was sent and its answer lost. The next records then bear numbers that the broker
            # knows, and are taken for that batch: so everything is answered before anything is aborted.
            if producer.flush(60) > 0:
                raise RuntimeError("not everything was answered within a minute")
            asked = "commit" if commits else "abort"
            again(30, producer.commit_transaction if commits else producer.abort_transaction)
            told = "done"
        except KafkaException as error:
            if error.args[0].txn_requires_abort():
                # What has to be aborted was not committed.
                asked = "abort"
            producer = taken_over(name)
        with lock:
            print(name, n, count, asked, told, file=out, flush=True)


def run(number, out):
    try:
        transact(number, out)
    except Exception as error:
        failures.append(f"kills-{number}: {error!r}")
        stop.set()


def produce():
    admin = AdminClient({"bootstrap.servers": broker, "log_level": 0})
    for future in admin.create_topics([NewTopic(topic, PARTITIONS, 1)]).values():
        future.result(30)
    with open(told_file, "w") as out:
        threads = [threading.Thread(target=run, args=(n, out)) for n in range(PRODUCERS)]
        for thread in threads:
            thread.start()
        sys.stdin.readline()
        stop.set()
        for thread in threads:
            thread.join()
    if failures:
        sys.exit("; ".join(failures))


def committed():
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "check", "isolation.level": "read_committed", "enable.auto.commit": False, "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
    ended = set()
    deadline = time.monotonic() + 120
    while len(ended) < PARTITIONS:
        if time.monotonic() > deadline:
            sys.exit("what is committed could not be read to its end in time")
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error() is None:
            yield message.value().decode()
        elif message.error().code() == -191:
            ended.add(message.partition())
        else:
            sys.exit(str(message.error()))
    consumer.close()


def check():
    # Whoever takes an id over ends what its predecessor has left open.
    for number in range(PRODUCERS):
        taken_over(f"kills-{number}")
    seen = {}
    for value in committed():
        name, n, i = value.split(":")
        parts = seen.setdefault((name, int(n)), [])
        if i in parts:
            sys.exit(f"{value} is there twice")
        parts.append(i)
    with open(told_file) as lines:
        told = [line.split() for line in lines]
    last, outcomes = {}, {}
    for name, n, count, asked, answer in told:
        found = len(seen.pop((name, int(n)), []))
        if found not in (0, int(count)):
            sys.exit(f"transaction {n} of {name} is torn: {found} of {count} records")
        if found and asked != "commit":
            sys.exit(f"transaction {n} of {name} was never committed and is there")
        if not found and (asked, answer) == ("commit", "done"):
            sys.exit(f"transaction {n} of {name} was committed and is not there")
        if found:
            last[name] = int(n)
        outcomes[asked, answer] = outcomes.get((asked, answer), 0) + 1
    if seen:
        sys.exit(f"{len(seen)} transactions are there that nobody wrote: {list(seen)[:3]}")
    for name, n in last.items():
        group = Consumer({"bootstrap.servers": broker, "group.id": name})
        offset = group.committed([TopicPartition(topic, 0)], 30)[0].offset
        group.close()
        if offset != n:
            sys.exit(f"the offset of {name} is {offset}, its last committed transaction {n}")
    if outcomes.get(("commit", "done"), 0) < 20 or outcomes.get(("abort", "done"), 0) < 5:
        sys.exit(f"too few transactions to prove anything: {outcomes}")
    summary = ", ".join(f"{count} {asked} {answer}" for (asked, answer), count in sorted(outcomes.items()))
    print(f"{len(told)} transactions ({summary}): each whole or not there, offsets with them")


produce() if mode == "transact" else check()
