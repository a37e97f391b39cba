"""A consumer that writes down what it is given, and where it stands."""

import struct

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from journal import common, named, now, place

patient = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._MAX_POLL_EXCEEDED)
refusals = (
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.FENCED_INSTANCE_ID,
    KafkaError.FENCED_MEMBER_EPOCH,
    KafkaError.STALE_MEMBER_EPOCH,
)


class Reading:
    def __init__(self, role, topics):
        self.role = role
        settings = role.role
        self.name = f"{role.name}/{role.next()}"
        self.group = settings.get("group")
        self.isolation = settings["isolation"]
        self.records = []
        self.positions = {}
        self.is_disturbed = False
        self.on_revoke = None
        facts = {"consumer": self.name, "mode": settings["mode"], "isolation": self.isolation}
        if self.group is not None:
            facts["group"] = self.group
        role.note("invoke", "consumer", **facts)
        self.consumer = Consumer({
            **common,
            "group.id": self.group or f"nobody-{role.name}",
            "isolation.level": self.isolation,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "fetch.wait.max.ms": 100,
            "fetch.error.backoff.ms": 50,
            "coordinator.query.interval.ms": 2000,
            **settings.get("settings", {}),
        })
        if settings["mode"] == "subscribe":
            hooks = {"on_assign": self.assigned, "on_revoke": self.revoked, "on_lost": self.lost}
            self.consumer.subscribe(topics, **hooks)

    def assigned(self, _, given):
        self.flush()
        names = [named(tp.topic, tp.partition) for tp in given]
        self.role.note("ok", "assigned", consumer=self.name, partitions=names)

    def revoked(self, _, taken):
        self.flush()
        names = [named(tp.topic, tp.partition) for tp in taken]
        if self.on_revoke is not None:
            self.on_revoke(names)
        self.gone(names, False)

    def lost(self, _, taken):
        self.flush()
        self.gone([named(tp.topic, tp.partition) for tp in taken], True)

    def gone(self, names, lost):
        self.is_disturbed = True
        for tp in names:
            self.positions.pop(tp, None)
        self.role.note("ok", "revoked", consumer=self.name, partitions=names, lost=lost)

    def flush(self):
        if self.records:
            txn = {} if self.txn is None else {"txn": self.txn}
            facts = {"consumer": self.name, "since": self.since, "records": self.records, **txn}
            self.role.note("ok", "poll", **facts)
        self.records = []

    def poll(self, most, seconds, txn=None):
        """Reads some records; what is read is in the journal before anything else happens."""
        self.txn, self.since = txn, now()
        count = 0
        message = self.consumer.poll(seconds)
        while message is not None:
            if message.error() is None:
                tp = named(message.topic(), message.partition())
                self.records.append((tp, message.offset(), message.value().decode()))
                self.positions[tp] = message.offset() + 1
                count += 1
            elif not message.error().retriable() and message.error().code() not in patient:
                text = f"{self.name} was told {message.error().name()}: {message.error().str()}"
                self.role.note("info", "told", message=text)
            if count >= most:
                break
            message = self.consumer.poll(0)
        self.flush()
        return count

    def seek(self, tp, offset):
        self.flush()
        topic, partition = place(tp)
        self.consumer.seek(TopicPartition(topic, partition, offset))
        self.positions.pop(tp, None)
        self.role.note("ok", "seek", consumer=self.name, tp=tp, offset=offset)

    def assign(self, offsets):
        self.flush()
        self.consumer.assign([TopicPartition(*place(tp), offset) for tp, offset in offsets.items()])
        self.positions = {}
        for tp, offset in offsets.items():
            self.role.note("ok", "seek", consumer=self.name, tp=tp, offset=offset)

    def commit(self, offsets):
        """Commits and waits for the answer; what was refused is known not to be committed."""
        if not offsets:
            return
        mark = {"id": f"{self.name}-{self.role.next()}"}
        facts = {"consumer": self.name, "group": self.group, "offsets": offsets}
        self.role.note("invoke", "commit-offsets", **mark, **facts)
        at = [TopicPartition(*place(tp), offset) for tp, offset in offsets.items()]
        try:
            answers = self.consumer.commit(offsets=at, asynchronous=False)
            wrong = [tp.error for tp in answers if tp.error is not None]
        except KafkaException as error:
            wrong = [error.args[0]]
        if not wrong:
            self.role.note("ok", "commit-offsets", **mark)
        else:
            type = "fail" if all(error.code() in refusals for error in wrong) else "info"
            self.role.note(type, "commit-offsets", **mark, error=wrong[0].name())

    def committed(self):
        """What is committed for the partitions of a group or an assignment, or nothing."""
        since = now()
        try:
            assignment = self.consumer.assignment()
            found = self.consumer.committed(assignment, 10) if assignment else []
        except KafkaException as error:
            self.role.note("info", "committed", consumer=self.name, error=error.args[0].name())
            return None
        if any(tp.error is not None for tp in found):
            return None
        offsets = {named(tp.topic, tp.partition): tp.offset for tp in found}
        facts = {"consumer": self.name, "group": self.group, "since": since}
        known = {tp: offset if offset >= 0 else -1 for tp, offset in offsets.items()}
        self.role.note("ok", "committed", **facts, offsets=known)
        return {tp: max(offset, 0) for tp, offset in offsets.items()}

    def rewind(self):
        """Back to what is committed. False where that is not possible: take another consumer then."""
        found = self.committed()
        if found is None:
            return False
        try:
            for tp, offset in found.items():
                self.seek(tp, offset)
        except KafkaException:
            return False
        return True

    def metadata(self):
        """The membership for a transaction, or None while this is no member."""
        metadata = self.consumer.consumer_group_metadata()
        raw = bytes(metadata)
        mark = raw.find(b":") + 1
        generation = struct.unpack("i", raw[mark : mark + 4])[0] if raw.startswith(b"CGMDv2:") else 0
        return metadata if generation >= 0 else None

    def close(self):
        self.flush()
        self.on_revoke = None
        self.consumer.close()
