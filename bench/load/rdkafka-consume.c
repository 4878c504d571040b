/* Reads a topic from its beginning with librdkafka, all partitions, without a group.
 *
 *   rdkafka-consume port= topic= records= [partitions=1] [-X property=value]...
 *
 * What is measured goes from the first record to number `records`. Prints "ready" to stderr when it has asked for them. */
#include "rdkafka.h"

/* librdkafka waits until it has a whole batch or this time is over, so that the last records may come so much later. */
enum { batch_max = 2000, batch_wait_ms = 5, idle_seconds_max = 30 };

int main(int argc, char **argv) {
  (void)argc;
  const char *topic = option(argv, "topic", NULL);
  uint64_t records_max = (uint64_t)number(argv, "records", NULL), records = 0, bytes = 0, start = 0;
  rd_kafka_conf_t *conf = new_conf(argv);
  set(conf, "group.id", "load");
  set(conf, "enable.auto.commit", "false");
  rd_kafka_t *client = new_client(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t *partitions = rd_kafka_topic_partition_list_new(16);
  for (int i = 0; i < (int)number(argv, "partitions", "1"); i++)
    rd_kafka_topic_partition_list_add(partitions, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(client, partitions);
  rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);
  rd_kafka_message_t **messages = allocate(batch_max * sizeof *messages);
  fprintf(stderr, "ready\n");
  uint64_t last = now_ns();
  while (records < records_max) {
    ssize_t count = rd_kafka_consume_batch_queue(queue, batch_wait_ms, messages, batch_max);
    if (count < 0) die("rd_kafka_consume_batch_queue", rd_kafka_err2str(rd_kafka_last_error()));
    uint64_t now = now_ns();
    if (count == 0 && now - last > (uint64_t)idle_seconds_max * 1000000000) die("consume", "nothing came");
    if (count == 0) continue;
    last = now;
    if (!start) start = now;
    for (ssize_t i = 0; i < count; i++) {
      if (!messages[i]->err) {
        records++;
        bytes += messages[i]->len;
      } else if (messages[i]->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        die("consume", rd_kafka_message_errstr(messages[i]));
      }
      rd_kafka_message_destroy(messages[i]);
    }
  }
  print_throughput(records, bytes, 0, (double)(now_ns() - start) / 1e9);
  /* Ends without closing the client: the broker is to be measured, not that. */
  fflush(stdout);
  _Exit(0);
}
