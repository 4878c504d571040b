"""Drives kafka-python (Debian's) for the interop run. Lines are as in librdkafka.c.

    kafka_python.py produce BROKERS TOPIC CODEC PARTITION RELEASE < lines
    kafka_python.py read    BROKERS TOPIC RANGES RELEASE

RELEASE is the Kafka release whose protocol to speak ("0.9"), or "auto" to find out. PARTITION -1 lets the client's
partitioner choose. RANGES is "all" or "offset:count,offset:count" of partition 0, so that a slow client can read
the head of each block.
"""

import os
import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

HEX = os.environ.get("LINES") == "hex"
DELIVERY_TIMEOUT_S = 60
IDLE_MS = 20000
UNANSWERED_MAX = 5000


def api_version(release):
    return None if release == "auto" else tuple(int(number) for number in release.split("."))


def to_bytes(text):
    if text == "NULL":
        return None
    return bytes.fromhex(text) if HEX else text.encode()


def to_text(value):
    if value is None:
        return "NULL"
    return value.hex() if HEX else value.decode()


def to_headers(text):
    if text == "NULL":
        return None
    return [(name, value.encode()) for name, value in (pair.split(":", 1) for pair in text.split(","))]


def produce(brokers, topic, codec, partition, release):
    producer = KafkaProducer(
        bootstrap_servers=brokers,
        api_version=api_version(release),
        acks="all",
        compression_type=None if codec == "none" else codec,
        linger_ms=20,
        batch_size=65536,
        max_in_flight_requests_per_connection=1,
    )
    # An exception of a send is found by get(); all of them are asked, in portions that bound the memory.
    unanswered = []

    def settle():
        for sent in unanswered:
            sent.get(DELIVERY_TIMEOUT_S)
        unanswered.clear()

    for line in sys.stdin:
        headers, key, value = line.rstrip("\n").split("\t")
        unanswered.append(
            producer.send(
                topic,
                key=to_bytes(key),
                value=to_bytes(value),
                headers=to_headers(headers),
                partition=None if partition == "-1" else int(partition),
            )
        )
        if len(unanswered) >= UNANSWERED_MAX:
            settle()
    producer.flush()
    settle()
    producer.close()


def read(brokers, topic, ranges, release):
    consumer = KafkaConsumer(
        bootstrap_servers=brokers,
        api_version=api_version(release),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        consumer_timeout_ms=IDLE_MS,
        check_crcs=True,
        # The client's own limit is 1 MiB, and before Fetch 3 a broker may not exceed it: a batch must fit.
        max_partition_fetch_bytes=2 * 1024 * 1024,
    )
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    if ranges == "all":
        consumer.seek_to_end(partition)
        wanted = [(0, consumer.position(partition))]
    else:
        wanted = [tuple(int(number) for number in part.split(":")) for part in ranges.split(",")]
    kinds = {0: "CreateTime", 1: "LogAppendTime", None: "NoTimestampType"}
    out = sys.stdout
    for offset, count in wanted:
        consumer.seek(partition, offset)
        left = count
        while left > 0:
            record = next(consumer)
            headers = ",".join("%s:%s" % (name, value.decode()) for name, value in record.headers or []) or "NULL"
            out.write(
                "%d\t%d\t%s\t%d\t%s\t%s\t%s\n"
                % (
                    record.partition,
                    record.offset,
                    kinds[record.timestamp_type],
                    -1 if record.timestamp is None else record.timestamp,
                    headers,
                    to_text(record.key),
                    to_text(record.value),
                )
            )
            left -= 1
    out.flush()
    consumer.close()


if sys.argv[1] == "produce":
    produce(*sys.argv[2:])
else:
    read(*sys.argv[2:])
