"""What all roles of an outside client share: the plan, the settings, and the journal that outlives the process."""

import json
import os
import sys
import time

plan = json.loads(sys.argv[1])
file = os.open(plan["journal"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
partitions = [(topic, p) for topic, count in plan["topics"].items() for p in range(count)]
common = {
    "bootstrap.servers": plan["bootstrap"],
    "reconnect.backoff.max.ms": 200,
    "retry.backoff.ms": 50,
    "topic.metadata.refresh.interval.ms": 2000,
    # Rebootstrapping, librdkafka 2.11 and later dismiss the coordinator of groups that they
    # still hold on to; sending offsets to a transaction then never ends.
    "metadata.recovery.strategy": "none",
    "log_level": 0,
}


def now():
    return round(time.monotonic() * 1000, 3)


def named(topic, partition):
    return f"{topic}-{partition}"


def place(tp):
    topic, partition = tp.rsplit("-", 1)
    return topic, int(partition)


def note(process, type, f, **facts):
    line = {"at": now(), "type": type, "f": f, "process": process, **facts}
    os.write(file, (json.dumps(line) + "\n").encode())
