"""A member of a KIP-848 group by librdkafka: prints what it reads, a line each, until SIGTERM.

    group-of-three.py BOOTSTRAP TOPIC GROUP
"""
import signal
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException

bootstrap, topic, group = sys.argv[1:4]
consumer = Consumer(
    {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "client.id": "librdkafka",
        "group.protocol": "consumer",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
)
running = True


def stop(*_):
    global running
    running = False


def commit(*_):
    """Nothing that was printed is read again by whoever gets the partition."""
    try:
        consumer.commit(asynchronous=False)
    except KafkaException as error:
        if error.args[0].code() != KafkaError._NO_OFFSET:
            raise


signal.signal(signal.SIGTERM, stop)
consumer.subscribe([topic], on_revoke=commit)
while running:
    message = consumer.poll(0.2)
    if message is not None and message.error() is None:
        print(message.value().decode(), flush=True)
commit()
consumer.close()
