"""What the graduation check does with librdkafka, on kafkit and on Apache Kafka alike: fill a broker, write down all that
a client can see of it, go on with groups and producers. usage: graduation.py fill|state|ledger|resume|more BROKER [FILE] [both|classic]"""
import json
import os
import sys
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, IsolationLevel, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, ResourceType)

mode, broker = sys.argv[1:3]
path = sys.argv[3] if len(sys.argv) > 3 else None
QUIET = {"bootstrap.servers": broker, "log_level": 0, "broker.address.family": "v4"}
admin = AdminClient(dict(QUIET))
GROUPS = 40
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
TOPICS = {
    "codecs": (2, {}),
    "segments": (1, {"segment.bytes": "1048576", "retention.ms": "-1"}),
    "trimmed": (2, {"min.insync.replicas": "1", "max.message.bytes": "500000"}),
    "compacted": (2, {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "segment.ms": "2000"}),
    "stamped": (1, {"message.timestamp.type": "LogAppendTime"}),
    "grown": (1, {"retention.bytes": "1000000000"}),
    "empty": (3, {"compression.type": "lz4"}),
    "gone": (1, {}),
    "transactional": (2, {}),
    "ledger": (2, {"segment.bytes": "1048576"}),
}


def done(futures):
    return {key: future.result(60) for key, future in futures.items()}


def producer(**more):
    return Producer({**QUIET, "enable.idempotence": True, "linger.ms": 5, **more})


def fail_on_error(error, _message):
    if error is not None:
        raise KafkaException(error)


def send(out, topic, partition, **what):
    while True:
        try:
            out.produce(topic, partition=partition, on_delivery=fail_on_error, **what)
            return
        except BufferError:
            out.poll(0.1)


def fill():
    done(admin.create_topics([NewTopic(name, count, 1, config=config) for name, (count, config) in TOPICS.items()]))
    done(admin.create_partitions([NewPartitions("grown", 4)]))
    while len(admin.list_topics("grown", 10).topics["grown"].partitions) < 4:
        time.sleep(0.1)
    done(admin.delete_topics(["gone"]))
    done(admin.incremental_alter_configs([ConfigResource(ResourceType.TOPIC, "empty", incremental_configs=[
        ConfigEntry("retention.ms", "123456789", incremental_operation=AlterConfigOpType.SET)])]))
    now = int(time.time() * 1000)
    for codec in CODECS:
        out = producer(**{"compression.type": codec})
        for i in range(400):
            headers = [("trace", str(i).encode()), ("none", None), ("trace", b"again")] if i % 3 == 0 else None
            send(out, "codecs", i % 2, key=None if i % 5 == 0 else f"key-{i % 17}", value=f"{codec} {i} " + "x" * (i % 300),
                 headers=headers, timestamp=now - i * 1000)
        for i in range(300):
            send(out, "segments", 0, key=str(i), value=f"{codec} {i} ".encode() + os.urandom(3000))
        for i in range(200):
            send(out, "compacted", i % 2, key=f"k{i % 23}", value=None if i % 29 == 0 else f"{codec} {i}")
            send(out, "trimmed", i % 2, key=str(i), value=f"{codec} {i}")
            send(out, "stamped", 0, value=f"{codec} {i}", timestamp=now - 5_000_000)
        for i in range(40):
            send(out, "grown", i % 4, value=f"{codec} {i}")
        out.flush(60)
    done(admin.delete_records([TopicPartition("trimmed", 0, 123), TopicPartition("trimmed", 1, 500)]))
    fill_groups()
    if transactions_served():
        fill_transactions()


left_alone = []


def fill_groups():
    for n in range(GROUPS):
        member = Consumer({**QUIET, "group.id": f"group-{n}", "enable.auto.commit": False})
        member.commit(offsets=[
            TopicPartition("codecs", 0, 20 * n, f"note {n}"), TopicPartition("codecs", 1, 1000 - 20 * n),
            TopicPartition("segments", 0, 30 * n), TopicPartition("compacted", 0, n)], asynchronous=False)
        member.close()
    # And some with members that have read for themselves; they are never closed, as in a crash.
    for protocol in ["classic", "consumer"] if sys.argv[4] == "both" else ["classic"]:
        reader = Consumer({**QUIET, "group.id": f"live-{protocol}", "group.protocol": protocol, "auto.offset.reset": "earliest",
                           "enable.auto.commit": False})
        reader.subscribe(["codecs"])
        for _ in range(300):
            take(reader)
        reader.commit(asynchronous=False)
        left_alone.append(reader)


def take(consumer, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        message = consumer.poll(1)
        if message is not None:
            if message.error() is not None:
                raise KafkaException(message.error())
            return message
    raise SystemExit(f"no record within {seconds} s")


def transactions_served():
    """Brokers without transactions refuse the first call."""
    try:
        producer(**{"transactional.id": "probe"}).init_transactions(5)
        return True
    except KafkaException:
        return False


def fill_transactions():
    for n in range(20):
        out = producer(**{"transactional.id": f"tx-{n % 4}", "compression.type": CODECS[n % 5]})
        out.init_transactions(30)
        for _ in range(3):
            out.begin_transaction()
            for i in range(5):
                send(out, "transactional", i % 2, key=str(n), value=f"{n} {i}")
            member = Consumer({**QUIET, "group.id": f"tx-group-{n % 4}"})
            out.send_offsets_to_transaction([TopicPartition("codecs", 0, n)], member.consumer_group_metadata(), 30)
            member.close()
            # Aborted records belong into the log: what is still queued would only be thrown away.
            out.flush(30)
            if n % 3 == 0:
                out.abort_transaction(30)
            else:
                out.commit_transaction(30)
    left_open = producer(**{"transactional.id": "tx-open"})
    left_open.init_transactions(30)
    left_open.begin_transaction()
    send(left_open, "transactional", 0, value="never seen")
    left_open.flush(30)


def watermarks(consumer, place):
    """A broker that has just started leads its partitions a moment later."""
    until = time.monotonic() + 30
    while True:
        try:
            return list(consumer.get_watermark_offsets(place, 30))
        except KafkaException:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def read_all(topic, partitions, isolation):
    """Every record of a topic as (partition, offset, time, kind of time, key, value, headers)."""
    consumer = Consumer({**QUIET, "group.id": "state", "enable.auto.commit": False, "enable.partition.eof": True,
                         "isolation.level": isolation, "auto.offset.reset": "earliest", "check.crcs": True})
    records, ends, marks = [], set(), {}
    for p in range(partitions):
        marks[p] = watermarks(consumer, TopicPartition(topic, p))
    consumer.assign([TopicPartition(topic, p, marks[p][0]) for p in range(partitions)])
    until = time.monotonic() + 120
    while len(ends) < partitions:
        if time.monotonic() > until:
            raise SystemExit(f"{topic} could not be read to its end; {sorted(ends)} of {partitions} partitions ended")
        for message in consumer.consume(1000, 0.05):
            if message.error() is not None:
                if message.error().code() != -191:
                    raise KafkaException(message.error())
                ends.add(message.partition())
                continue
            kind, timestamp = message.timestamp()
            hexed = [x if x is None else x.hex() for x in (message.key(), message.value())]
            headers = [[k, None if v is None else v.hex()] for k, v in message.headers() or []]
            records.append([message.partition(), message.offset(), timestamp, kind, *hexed, headers])
    consumer.close()
    return marks, sorted(records)


def configs_of(name):
    """librdkafka may ask a broker that has just died, and waits for it."""
    for attempt in range(6):
        try:
            asked = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name)], request_timeout=10)
            return next(iter(done(asked).values()))
        except (KafkaException, TimeoutError):
            if attempt == 5:
                raise


def state():
    topics = {}
    names = sorted(name for name in admin.list_topics(timeout=30).topics if not name.startswith("__"))
    from confluent_kafka import TopicCollection
    described = done(admin.describe_topics(TopicCollection(names)))
    for name in names:
        count = len(described[name].partitions)
        configs = configs_of(name)
        own = {entry.name: entry.value for entry in sorted(configs.values(), key=lambda each: each.name) if entry.source == 1}
        marks, records = read_all(name, count, "read_uncommitted")
        committed = read_all(name, count, "read_committed")[1] if name == "transactional" else None
        topics[name] = {"id": str(described[name].topic_id), "partitions": count, "configs": own, "marks": marks,
                        "records": records, "committed": committed}
    groups = {}
    for group in sorted(each.group_id for each in admin.list_consumer_groups().result(30).valid):
        if group in ("state", "probe"):
            continue
        [found] = done(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])).values()
        groups[group] = sorted([p.topic, p.partition, p.offset, p.metadata or ""] for p in found.topic_partitions)
    with open(path, "w") as out:
        json.dump({"topics": topics, "groups": groups}, out)
    print(f"{len(topics)} topics, {sum(len(t['records']) for t in topics.values())} records, {len(groups)} groups")


def ledger():
    """Writes every acknowledged record down until it is killed."""
    out = open(path, "w")

    def noted(error, message):
        if error is None:
            print(message.partition(), message.offset(), message.value().decode(), file=out, flush=True)

    sender = producer(**{"compression.type": "lz4", "message.timeout.ms": 3000})
    n = 0
    while True:
        try:
            sender.produce("ledger", value=f"entry {n} " + "y" * (n % 500), partition=n % 2, on_delivery=noted)
            n += 1
        except BufferError:
            sender.poll(0.05)
        sender.poll(0)
        if n % 50 == 0:
            time.sleep(0.001)


def resume():
    """New members of old groups must begin exactly where the group had committed."""
    groups = json.load(open(path))["groups"]
    chosen = [("group-1", "classic"), ("group-7", "consumer"), ("group-13", "classic"), ("live-classic", "classic"), ("group-21", "consumer"),
              ("live-consumer", "consumer")]
    chosen = [each for each in chosen if each[0] in groups]
    for group, protocol in chosen:
        if sys.argv[4] == "classic":
            protocol = "classic"
        wanted = {(t, p): o for t, p, o, _ in groups[group] if t == "codecs"}
        wanted = {place: offset for place, offset in wanted.items() if offset < 1000}
        member = Consumer({**QUIET, "group.id": group, "group.protocol": protocol, "auto.offset.reset": "earliest",
                           "enable.auto.commit": False})
        member.subscribe(["codecs"])
        first = {}
        while len(first) < len(wanted):
            message = take(member)
            first.setdefault((message.topic(), message.partition()), message.offset())
        member.close()
        if any(first[place] != offset for place, offset in wanted.items()):
            raise SystemExit(f"{group} ({protocol}) resumed at {first} instead of {wanted}")
    print(f"{len(chosen)} groups resumed exactly")


def more():
    """What is produced now continues every log without a gap."""
    before = json.load(open(path))["topics"]
    got = {}

    def noted(error, message):
        fail_on_error(error, message)
        got.setdefault((message.topic(), message.partition()), message.offset())

    out = producer()
    for name, topic in before.items():
        for p in range(topic["partitions"]):
            for _ in range(3):
                out.produce(name, key="late", value="after", partition=p, on_delivery=noted)
    out.flush(60)
    for name, topic in before.items():
        for p in range(topic["partitions"]):
            wanted = topic["marks"][str(p)][1]
            if got.get((name, p)) != wanted:
                raise SystemExit(f"{name}-{p} goes on at {got.get((name, p))} instead of {wanted}")
    if transactions_served():
        old = producer(**{"transactional.id": "tx-1"})
        old.init_transactions(60)
        old.begin_transaction()
        old.produce("transactional", value="after", partition=0)
        old.commit_transaction(60)
    print(f"{len(got)} partitions go on where they ended")


{"fill": fill, "state": state, "ledger": ledger, "resume": resume, "more": more}[mode]()
if left_alone:
    # Members that end in order would leave their groups.
    sys.stdout.flush()
    os._exit(0)
