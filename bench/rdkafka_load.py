"""Produces records of 1000 bytes as fast as librdkafka and the broker go: address, topic, count, acks, partitions."""
import json
import sys
import time

from confluent_kafka import Producer

address, topic, count, acks, partitions = sys.argv[1:6]
value = b"x" * 1000
producer = Producer({
    "bootstrap.servers": address,
    "acks": acks,
    "linger.ms": 5,
    "queue.buffering.max.messages": 200000,
    "log_level": 0,
})
failed = []


def delivered(error, _message):
    if error is not None:
        failed.append(str(error))


producer.list_topics(topic, 10)
begun = time.monotonic()
for i in range(int(count)):
    while True:
        try:
            producer.produce(topic, value, partition=i // 100 % int(partitions), on_delivery=delivered)
            break
        except BufferError:
            producer.poll(0.01)
    if i % 1000 == 0:
        producer.poll(0)
left = producer.flush(300)
seconds = time.monotonic() - begun
if left or failed:
    sys.exit(f"{left} records are left, {len(failed)} failed: {failed[:1]}")
print(json.dumps({"perSecondSaid": round(int(count) / seconds)}))
