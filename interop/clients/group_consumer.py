"""A member of a consumer group on kafka-python, for the group checks.

    group_consumer.py BROKERS TOPIC GROUP NAME [KEY=VALUE...]      keys and output: see clients/group-clients.mjs

Commits after each poll and, before it gives partitions up, in the listener. SIGTERM leaves in order.
"""
import signal
import sys
import time

from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata, TopicPartition

brokers, topic, group, name = sys.argv[1:5]
options = dict(pair.split("=", 1) for pair in sys.argv[5:])
session_ms = int(options.get("session", 10000))
stopping = False


def stop(*_):
    global stopping
    stopping = True


def say(*words):
    sys.stdout.write("%.3f %s\n" % (time.time() * 1000, " ".join(str(word) for word in words)))
    sys.stdout.flush()


def numbers(partitions):
    return ",".join(str(number) for number in sorted(tp.partition for tp in partitions)) or "-"


class Listener(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        commit()
        positions.clear()
        say("revoked", numbers(revoked))

    def on_partitions_assigned(self, assigned):
        generation = consumer._coordinator.generation()
        say("assigned", generation.generation_id, generation.member_id, numbers(assigned))


def commit():
    due = {partition: offset for partition, offset in positions.items() if committed.get(partition) != offset}
    if not due:
        return
    try:
        consumer.commit({TopicPartition(topic, p): OffsetAndMetadata(offset, "") for p, offset in due.items()})
    except KafkaError as error:
        say("refused commit", type(error).__name__)
        return
    say("committed", ",".join("%d:%d" % pair for pair in sorted(due.items())))
    committed.update(due)


signal.signal(signal.SIGTERM, stop)
# The offset after the last record processed, and the last one committed, by partition.
positions = {}
committed = {}
consumer = KafkaConsumer(
    bootstrap_servers=brokers,
    client_id=name,
    group_id=group,
    enable_auto_commit=False,
    auto_offset_reset="earliest",
    session_timeout_ms=session_ms,
    heartbeat_interval_ms=int(options.get("heartbeat", 3000)),
    max_poll_interval_ms=20000,
    fetch_max_wait_ms=100,
    reconnect_backoff_ms=20,
    reconnect_backoff_max_ms=200,
    retry_backoff_ms=50,
    partition_assignment_strategy=[
        RoundRobinPartitionAssignor if options.get("assignor") == "roundrobin" else RangePartitionAssignor
    ],
)
consumer.subscribe([topic], listener=Listener())
while not stopping:
    for partition, records in consumer.poll(timeout_ms=50).items():
        for record in records:
            say("record", record.partition, record.offset, record.value.decode())
            positions[record.partition] = record.offset + 1
    commit()
commit()
consumer.close(autocommit=False)
say("closed")
