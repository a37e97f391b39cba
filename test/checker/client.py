"""One outside client of a trial: librdkafka in a process that may be stopped or killed at any time.

client.py PLAN: the plan is JSON with `bootstrap`, `journal` (a file that is appended to), `seed`,
`topics` ({name: partitions}) and `roles`. Each role is a thread: a sender, a transactor or a reader.
What is asked, told and seen goes into the journal at once. Standard input gives orders: `stall` stops
the process at the next place where that hurts, `go` takes that back, `stop` ends it."""

import os
import random
import signal
import sys
import threading
import time

from confluent_kafka import KafkaException, Producer, TopicPartition

from journal import common, named, note, now, partitions, place, plan
from reading import Reading

stop = threading.Event()
stall = threading.Event()


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


def may_stall():
    """Stops the process where it was told to: it wakes up in the belief that nothing has changed."""
    if stall.is_set():
        stall.clear()
        os.kill(os.getpid(), signal.SIGSTOP)


class Role:
    def __init__(self, role):
        self.role = role
        self.name = role["process"]
        self.chance = random.Random(f"{plan['seed']} {self.name}")
        self.sent = 0
        self.counted = 0

    def note(self, type, f, **facts):
        note(self.name, type, f, **facts)

    def next(self):
        self.counted += 1
        return self.counted

    def send(self, producer, tp, idempotent, txn=None):
        """Asks for a record of a value of its own; the journal hears of the answer."""
        self.sent += 1
        value = f"{self.name}:{self.sent}"
        about = {"value": value, "tp": tp} if txn is None else {"value": value, "tp": tp, "txn": txn}

        def answered(error, message):
            if error is None:
                self.note("ok", "send", value=value, tp=tp, offset=message.offset())
            else:
                self.note("info", "send", value=value, tp=tp, error=error.name())

        topic, partition = place(tp)
        self.note("invoke", "send", idempotent=idempotent, **about)
        padding = b"x" * self.chance.choice([0, 0, 0, 200])
        producer.produce(topic, value, key=padding or None, partition=partition, on_delivery=answered)


class Sender(Role):
    def run(self):
        idempotent = self.role["idempotent"]
        more = {"enable.idempotence": idempotent, "acks": "all", "linger.ms": self.role["linger"]}
        producer = Producer({**common, "message.timeout.ms": 60000, "batch.num.messages": 50, **more})
        while not stop.is_set():
            for _ in range(self.chance.randint(1, 8)):
                self.send(producer, named(*self.chance.choice(partitions)), idempotent)
            producer.poll(0)
            while len(producer) > 200 and not stop.is_set():
                producer.poll(0.05)
            time.sleep(self.chance.uniform(0.01, 0.06))
        if producer.flush(60) > 0:
            self.note("info", "trouble", message="not everything sent was answered within a minute")


class Transactor(Role):
    """Transactions that mix sends and polls; a member of a group sends its offsets with them."""

    def run(self):
        self.reading = None
        self.renew()
        self.producer = self.taken_over()
        while not stop.is_set():
            if not self.transact() and self.role["mode"] == "subscribe" and not self.reading.rewind():
                self.reading.close()
                self.renew()
            time.sleep(self.chance.uniform(0, 0.04))
        self.reading.close()

    def renew(self):
        self.reading = Reading(self, self.role["topics"])
        if self.role["mode"] == "assign":
            wanted = self.chance.sample(partitions, self.chance.randint(1, len(partitions)))
            self.reading.assign({named(*tp): 0 for tp in wanted})

    def taken_over(self):
        """A producer that goes on under the name, and ends what its predecessor has left open."""
        producer = Producer({
            **common,
            "transactional.id": self.role["transactional_id"],
            "transaction.timeout.ms": self.role["transaction_timeout"],
            "message.timeout.ms": self.role["transaction_timeout"],
            "linger.ms": 1,
        })
        again(90, producer.init_transactions)
        return producer

    def transact(self):
        """Whether the transaction is known to be committed."""
        txn = f"{self.name}-t{self.next()}"
        reading = self.reading
        reading.is_disturbed = False
        membership = reading.metadata() if self.role["mode"] == "subscribe" else None
        before = dict(reading.positions)
        self.note("invoke", "begin", txn=txn)
        asked = "nothing"
        try:
            self.producer.begin_transaction()
            sends = 0
            for _ in range(self.chance.randint(1, 5)):
                if self.chance.random() < 0.5:
                    reading.poll(self.chance.randint(1, 12), 0.08, txn)
                else:
                    sends += self.send_some(txn)
            sends += self.send_some(txn)
            read = {tp: at for tp, at in reading.positions.items() if before.get(tp) != at}
            may_commit = self.chance.random() < 0.75
            if self.role["mode"] == "subscribe" and read:
                if membership is None or reading.is_disturbed:
                    may_commit = False
                else:
                    self.send_offsets(txn, read, membership)
            # An abort throws away what librdkafka has in its queue, with its sequence numbers, also where a
            # batch was sent and its answer lost: the records after it would be taken for that batch.
            if self.producer.flush(60) > 0:
                self.note("info", "trouble", message="not everything was answered within a minute")
            asked = "commit" if may_commit else "abort"
            may_stall()
            self.note("invoke", asked, txn=txn)
            again(30, self.producer.commit_transaction if may_commit else self.producer.abort_transaction)
            self.note("ok", asked, txn=txn)
            return may_commit
        except KafkaException as error:
            self.failed(txn, asked, error.args[0])
            return False
        except SystemError:
            # Of a fenced producer, librdkafka's binding calls back while it raises an error.
            if asked != "nothing":
                self.note("info", asked, txn=txn)
            self.producer = self.taken_over()
            return False

    def send_some(self, txn):
        count = self.chance.randint(1, 3)
        for _ in range(count):
            self.send(self.producer, named(*self.chance.choice(partitions)), True, txn)
        self.producer.poll(0)
        return count

    def send_offsets(self, txn, offsets, membership):
        if self.chance.random() < 0.5:
            may_stall()
        self.note("invoke", "offsets", txn=txn, group=self.role["group"], offsets=offsets)
        at = [TopicPartition(*place(tp), offset) for tp, offset in offsets.items()]
        # The call heeds no time-out where the coordinator it knows has left the cluster.
        watchdog = threading.Timer(20, self.give_up, [txn])
        watchdog.start()
        try:
            again(15, self.producer.send_offsets_to_transaction, at, membership)
        finally:
            watchdog.cancel()
        self.note("ok", "offsets", txn=txn)

    def give_up(self, txn):
        self.note("info", "hung", txn=txn)
        os._exit(7)

    def failed(self, txn, asked, error):
        """What has to be aborted was not committed; otherwise the next producer finds out."""
        must_abort = error.txn_requires_abort()
        if asked != "nothing":
            self.note("fail" if must_abort else "info", asked, txn=txn, error=error.name())
        if must_abort:
            self.note("invoke", "abort", txn=txn, error=error.name())
            try:
                again(30, self.producer.abort_transaction)
                return self.note("ok", "abort", txn=txn)
            except KafkaException as later:
                self.note("info", "abort", txn=txn, error=later.args[0].name())
        if not stop.is_set():
            self.producer = self.taken_over()


class Reader(Role):
    """Reads as a member of a group, or by assignment with seeks, and commits what it has read."""

    def run(self):
        if self.role["mode"] == "subscribe":
            self.follow()
        else:
            self.roam()

    def follow(self):
        reading = Reading(self, self.role["topics"])
        if self.role["commits_revoked"]:
            reading.on_revoke = lambda names: reading.commit(
                {tp: reading.positions[tp] for tp in names if tp in reading.positions}
            )
        while not stop.is_set():
            reading.poll(self.chance.randint(1, 40), 0.1)
            if self.chance.random() < 0.3:
                may_stall()
                reading.commit(dict(reading.positions))
            if reading.positions and self.chance.random() < 0.01:
                reading.close()
                time.sleep(self.chance.uniform(0, 0.5))
                reading = Reading(self, self.role["topics"])
        self.to_the_end(reading)
        reading.commit(dict(reading.positions))
        reading.close()

    def roam(self):
        reading = Reading(self, [])
        reading.assign({named(*tp): 0 for tp in partitions})
        if reading.group is not None:
            start = None
            while start is None and not stop.is_set():
                start = reading.committed()
            reading.assign(start or {named(*tp): 0 for tp in partitions})
        seen = {}
        while not stop.is_set():
            reading.poll(self.chance.randint(1, 60), 0.1)
            seen.update(reading.positions)
            what = self.chance.random()
            if what < 0.04 and seen:
                tp = self.chance.choice(sorted(seen))
                self.try_seek(reading, tp, self.earlier(seen[tp]))
            elif what < 0.06:
                reading.assign({named(*tp): self.earlier(seen.get(named(*tp), 0)) for tp in partitions})
            elif what < 0.3 and reading.group is not None:
                reading.commit(dict(reading.positions))
            elif what < 0.36 and reading.group is not None:
                reading.committed()
            elif what < 0.45 and reading.isolation == "read_uncommitted":
                self.ask_end(reading, self.chance.choice(partitions))
        self.to_the_end(reading)
        reading.close()

    def earlier(self, position):
        """Mostly a little, now and then anywhere."""
        far = self.chance.random() < 0.1
        return self.chance.randint(0 if far else max(0, position - 150), position)

    def try_seek(self, reading, tp, offset):
        try:
            reading.seek(tp, offset)
        except KafkaException:
            reading.assign({named(*each): 0 for each in partitions})

    def ask_end(self, reading, tp):
        since = now()
        try:
            _, high = reading.consumer.get_watermark_offsets(TopicPartition(*tp), timeout=5, cached=False)
        except KafkaException:
            return
        facts = {"consumer": reading.name, "since": since, "tp": named(*tp), "offset": high}
        self.note("ok", "ends", **facts)

    def to_the_end(self, reading):
        """A little longer, so that the last records are read as well."""
        quiet = 0
        deadline = time.monotonic() + 5
        while quiet < 3 and time.monotonic() < deadline:
            quiet = quiet + 1 if reading.poll(500, 0.1) == 0 else 0


kinds = {"sender": Sender, "transactor": Transactor, "reader": Reader}


def run(role):
    made = kinds[role["kind"]](role)
    try:
        made.run()
    except Exception as error:
        made.note("info", "trouble", message=repr(error))


threads = [threading.Thread(target=run, args=(role,), daemon=True) for role in plan["roles"]]
for thread in threads:
    thread.start()
print("started", flush=True)
for order in sys.stdin:
    if order == "stall\n":
        stall.set()
    else:
        stall.clear()
    if order == "stop\n":
        break
stop.set()
for thread in threads:
    thread.join()
