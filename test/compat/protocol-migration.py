"""An application moves from the classic protocol to that of KIP-848 and back, member by member,
while records keep coming: librdkafka's and Java's consumers, in one group. Prints one line of JSON
for each step: how the group looks, and how many records were read so far, once or more often.

    protocol-migration.py BOOTSTRAP CONSOLE_CONSUMER
"""
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

from confluent_kafka import Consumer, ConsumerGroupType, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, console_consumer = sys.argv[1:3]
topic, group, partitions, portion = "moving", "movers", 6, 600
seen = Counter()
produced = 0
lock = threading.Lock()


class Librdkafka:
    """A consumer that commits what it has read before it gives a partition back."""

    def __init__(self, name, protocol):
        config = {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "client.id": name,
            "group.protocol": protocol,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
        if protocol == "classic":
            config["partition.assignment.strategy"] = "range"
        self.consumer = Consumer(config)
        self.consumer.subscribe([topic], on_revoke=self.on_revoke, on_lost=self.on_lost)
        self.stopping = threading.Event()
        self.dirty = False
        self.lost = 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def on_revoke(self, consumer, revoked):
        self.commit()

    def on_lost(self, consumer, lost):
        self.lost += 1

    def commit(self):
        while self.dirty:
            try:
                self.consumer.commit(asynchronous=False)
                self.dirty = False
            except KafkaException as error:
                if error.args[0].code() == KafkaError._NO_OFFSET:
                    self.dirty = False
                else:
                    print("commit:", error, file=sys.stderr)
                    time.sleep(0.1)

    def run(self):
        while not self.stopping.is_set():
            message = self.consumer.poll(0.2)
            if message is None:
                self.commit()
            elif message.error() is None:
                with lock:
                    seen[message.value()] += 1
                self.dirty = True
        self.commit()
        self.consumer.close()

    def stop(self):
        self.stopping.set()
        self.thread.join()
        if self.lost > 0:
            print("partitions were lost", self.lost, "times", file=sys.stderr)


class Java:
    def __init__(self, protocol):
        self.process = subprocess.Popen(
            [console_consumer, "--bootstrap-server", bootstrap, "--topic", topic, "--group", group]
            + ["--command-property", "group.protocol=" + protocol]
            + ["--command-property", "auto.offset.reset=earliest"],
            stdout=subprocess.PIPE,
        )
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        for line in self.process.stdout:
            with lock:
                seen[line.strip()] += 1

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.thread.join()


def produce():
    global produced
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
    for _ in range(portion):
        producer.produce(topic, str(produced).encode(), partition=produced % partitions)
        produced += 1
    producer.flush()


def await_that(what, condition, seconds=120):
    until = time.time() + seconds
    while not condition():
        if time.time() > until:
            sys.exit(f"{what} did not come about within {seconds} s; {describe()}")
        time.sleep(0.2)


admin = AdminClient({"bootstrap.servers": bootstrap})


def describe():
    listed = [one for one in admin.list_consumer_groups().result().valid if one.group_id == group]
    if not listed:
        return {"type": "none"}
    one = admin.describe_consumer_groups([group])[group].result()
    members = [len(member.assignment.topic_partitions) for member in one.members]
    return {"type": listed[0].type.name, "state": one.state.name, "members": sorted(members)}


def is_settled(kind, members):
    def check():
        now = describe()
        whole = sum(now.get("members", [])) == partitions
        size = len(now.get("members", [])) == members
        return now["type"] == kind and now["state"] == "STABLE" and size and whole

    return check


def step(name, kind, members):
    produce()
    await_that(f"{name}: {kind} group of {members} at rest", is_settled(kind, members))
    produce()
    await_that(f"{name}: everything read", lambda: len(seen) == produced)
    counts = Counter(seen.values())
    group_now = describe()
    print(json.dumps({"step": name, **group_now, "read": len(seen), "again": len(seen) - counts[1]}))
    sys.stdout.flush()


admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result()
assert ConsumerGroupType.CLASSIC.name == "CLASSIC"

a, j = Librdkafka("a", "classic"), Java("classic")
step("two classic members", "CLASSIC", 2)
b = Librdkafka("b", "consumer")
step("one of the newer protocol joins", "CONSUMER", 3)
j.stop()
j = Java("consumer")
step("Java's has moved", "CONSUMER", 3)
a.stop()
step("the last classic one is gone", "CONSUMER", 2)
c = Librdkafka("c", "classic")
step("a classic one joins", "CONSUMER", 3)
j.stop()
j = Java("classic")
step("Java's has moved back", "CONSUMER", 3)
b.stop()
step("the last of the newer protocol is gone", "CLASSIC", 2)
j.stop()
c.stop()
