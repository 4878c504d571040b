/* Produces with librdkafka as fast as it goes, or at a rate, and waits until all is acknowledged.
 *
 *   rdkafka-produce port= topic= [partitions=1] [bytes=1024] [seconds=5] [maxBytes=4e9] [bytesPerSecond=0]
 *                   [-X property=value]...
 *
 * Records go to the partitions in turn, as those with many keys do. Their values are not copied. */
#include "rdkafka.h"
#include <unistd.h>

enum { value_count = 4096, records_between_polls = 512 };

static uint64_t delivered;

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client, (void)opaque;
  if (message->err) die("not delivered", rd_kafka_err2str(message->err));
  delivered++;
}

int main(int argc, char **argv) {
  (void)argc;
  size_t value_bytes = (size_t)number(argv, "bytes", "1024");
  int32_t partitions = (int32_t)number(argv, "partitions", "1");
  double bytes_per_second = number(argv, "bytesPerSecond", "0");
  uint64_t records_max = (uint64_t)(number(argv, "maxBytes", "4e9") / (double)value_bytes);
  uint8_t *values = allocate(value_count * value_bytes);
  for (size_t i = 0; i < value_count; i++) fill_text(values + i * value_bytes, value_bytes, i);
  rd_kafka_conf_t *conf = new_conf(argv);
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  rd_kafka_t *client = new_client(RD_KAFKA_PRODUCER, conf);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(client, option(argv, "topic", NULL), NULL);
  await_topic(client, topic);
  uint64_t produced = 0, start = now_ns(), end = start + (uint64_t)(number(argv, "seconds", "5") * 1e9);
  for (int is_over = 0; !is_over && produced < records_max;) {
    for (int i = 0; i < records_between_polls && produced < records_max; i++) {
      uint8_t *value = values + produced % value_count * value_bytes;
      int32_t partition = (int32_t)(produced % (uint64_t)partitions);
      while (rd_kafka_produce(topic, partition, 0, value, value_bytes, NULL, 0, NULL) == -1) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
          die("rd_kafka_produce", rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(client, 1);
      }
      produced++;
    }
    rd_kafka_poll(client, 0);
    uint64_t now = now_ns();
    if (bytes_per_second > 0) {
      uint64_t due = start + (uint64_t)((double)(produced * value_bytes) / bytes_per_second * 1e9);
      if (due > now) usleep((useconds_t)((due - now) / 1000));
    }
    is_over = now >= end;
  }
  rd_kafka_flush(client, 60000);
  double seconds = (double)(now_ns() - start) / 1e9;
  if (delivered < produced) die("flush", "not all records were acknowledged");
  print_throughput(delivered, delivered * value_bytes, 0, seconds);
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(client);
  return 0;
}
