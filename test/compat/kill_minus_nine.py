"""produce: idempotent producer (acks=all) that writes every acknowledged record to a file, until told to stop by a line on stdin.
check: reads the topic and compares: nothing acknowledged is missing, nothing is there twice, offsets are dense, keys in order."""
import sys
import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

mode, broker, topic, acked_file = sys.argv[1:5]
PARTITIONS = 3
KEYS = 11


def produce():
    admin = AdminClient({"bootstrap.servers": broker, "log_level": 0})
    for future in admin.create_topics([NewTopic(topic, PARTITIONS, 1)]).values():
        future.result(30)
    producer = Producer({
        "bootstrap.servers": broker,
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 2,
        "message.timeout.ms": 120000,
        "reconnect.backoff.max.ms": 200,
        "retry.backoff.ms": 50,
        "log_level": 0,
    })
    out = open(acked_file, "w")
    failures = []

    def delivered(error, message):
        if error is not None:
            failures.append(str(error))
        else:
            print(message.partition(), message.offset(), message.key().decode(), message.value().decode(), file=out, flush=True)

    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
    n = 0
    while not stop.is_set():
        try:
            producer.produce(topic, key=f"k{n % KEYS}", value=str(n), on_delivery=delivered)
            n += 1
        except BufferError:
            producer.poll(0.1)
        producer.poll(0)
        if n % 20 == 0:
            time.sleep(0.002)
    left = producer.flush(90)
    out.close()
    if left or failures:
        sys.exit(f"{left} records were never answered, {len(failures)} failed: {failures[:3]}")
    print(f"sent {n}, all acknowledged")


def check():
    acked = {}
    with open(acked_file) as lines:
        for line in lines:
            partition, offset, key, value = line.split()
            if int(value) in acked:
                sys.exit(f"record {value} was acknowledged twice")
            acked[int(value)] = (int(partition), int(offset), key)
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "check", "enable.auto.commit": False, "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
    seen, last_of_key, next_offset, ended = {}, {}, [0] * PARTITIONS, set()
    deadline = time.monotonic() + 120
    while len(ended) < PARTITIONS:
        if time.monotonic() > deadline:
            sys.exit("the log could not be read to its end in time")
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error() is not None:
            if message.error().code() == -191:
                ended.add(message.partition())
                continue
            sys.exit(str(message.error()))
        partition, offset = message.partition(), message.offset()
        if offset != next_offset[partition]:
            sys.exit(f"partition {partition}: offset {offset} follows {next_offset[partition] - 1}")
        next_offset[partition] = offset + 1
        number, key = int(message.value()), message.key().decode()
        if number in seen:
            sys.exit(f"record {number} is there twice: {seen[number]} and {(partition, offset)}")
        if last_of_key.get(key, -1) >= number:
            sys.exit(f"key {key}: {number} comes after {last_of_key[key]}")
        last_of_key[key] = number
        seen[number] = (partition, offset, key)
    lost = [n for n in acked if n not in seen]
    moved = [n for n in acked if n in seen and seen[n] != acked[n]]
    if lost or moved:
        sys.exit(f"{len(lost)} acknowledged records are lost {lost[:5]}, {len(moved)} lie elsewhere {moved[:5]}")
    print(f"{len(acked)} acknowledged, {len(seen)} stored: none lost, none twice, offsets dense, keys in order")


produce() if mode == "produce" else check()
