/* Drives librdkafka's transactional producer for the interop run. Compiled when the run starts:
 *   gcc -O1 -o transactional-librdkafka clients/transactional-librdkafka.c -lrdkafka
 *
 *   copy   BROKERS INPUT OUTPUT GROUP TRANSACTIONAL_ID TIMEOUT_MS SIZE stay|end   see copy() below
 *   script BROKERS TRANSACTIONAL_ID TIMEOUT_MS                                    see script() below
 *   read   BROKERS TOPIC PARTITIONS ISOLATION   prints "partition TAB offset TAB key TAB value"
 *
 * transactional-java.java does the same with Java's clients, with the same words on stdout. */
#include <librdkafka/rdkafka.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { call_ms = 30000, idle_ms = 30000, linger_ms = 5, partitions_max = 64 };

static void die(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void say(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  putchar('\n');
  fflush(stdout);
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value) {
  char problem[512];
  if (rd_kafka_conf_set(conf, key, value, problem, sizeof problem) != RD_KAFKA_CONF_OK) die(key, problem);
}

static rd_kafka_conf_t *new_conf(const char *brokers) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", brokers);
  set(conf, "client.id", "librdkafka-transactional");
  set(conf, "broker.address.family", "v4");
  set(conf, "reconnect.backoff.ms", "20");
  set(conf, "reconnect.backoff.max.ms", "200");
  set(conf, "retry.backoff.ms", "20");
  set(conf, "log_level", "3");
  return conf;
}

static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf) {
  char problem[512];
  rd_kafka_t *client = rd_kafka_new(type, conf, problem, sizeof problem);
  if (!client) die("rd_kafka_new", problem);
  return client;
}

static rd_kafka_resp_err_t delivery_error;
static int64_t delivered_offset;
static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client, (void)opaque;
  if (message->err) delivery_error = message->err;
  else delivered_offset = message->offset;
}

static rd_kafka_t *new_producer(const char *brokers, const char *transactional_id, const char *timeout_ms) {
  rd_kafka_conf_t *conf = new_conf(brokers);
  set(conf, "transactional.id", transactional_id);
  set(conf, "transaction.timeout.ms", timeout_ms);
  set(conf, "message.timeout.ms", timeout_ms); /* may not be longer than the transaction's */
  set(conf, "partitioner", "murmur2_random");
  set(conf, "linger.ms", "0");
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  return new_client(RD_KAFKA_PRODUCER, conf);
}

/* Sends one record; an empty list of headers needs no care. */
static rd_kafka_resp_err_t send_record(rd_kafka_t *producer, const char *topic, int partition, const void *key,
                                       size_t key_length, const void *value, size_t value_length) {
  return rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY((void *)key, key_length),
                           RD_KAFKA_V_VALUE((void *)value, value_length), RD_KAFKA_V_END);
}

/* What kind of an error it is decides what a producer may do next. */
static const char *kind_of(const rd_kafka_error_t *error) {
  if (rd_kafka_error_is_fatal(error)) return "fatal";
  if (rd_kafka_error_txn_requires_abort(error)) return "abort";
  return rd_kafka_error_is_retriable(error) ? "retry" : "other";
}

/* --- copy ------------------------------------------------------------------------------------------------ */

static rd_kafka_t *consumer;

static rd_kafka_topic_partition_list_t *assigned(void) {
  rd_kafka_topic_partition_list_t *list;
  if (rd_kafka_assignment(consumer, &list)) die("assignment", "none");
  return list;
}

/* Goes back to what was committed, after an abort. */
static void rewind_to_committed(void) {
  rd_kafka_topic_partition_list_t *list = assigned();
  rd_kafka_resp_err_t error = rd_kafka_committed(consumer, list, call_ms);
  if (error) die("committed", rd_kafka_err2str(error));
  for (int i = 0; i < list->cnt; i++)
    if (list->elems[i].offset < 0) list->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_error_t *failure = rd_kafka_seek_partitions(consumer, list, call_ms);
  if (failure) die("seek", rd_kafka_error_string(failure));
  rd_kafka_topic_partition_list_destroy(list);
}

/* An error that an abort mends is no failure; all others end the program, which is then started again. */
static int is_over(const char *what, rd_kafka_error_t *error, rd_kafka_t *producer) {
  if (!error) return 0;
  say("error %s %s %s", what, rd_kafka_err2name(rd_kafka_error_code(error)), kind_of(error));
  if (!rd_kafka_error_txn_requires_abort(error)) die(what, rd_kafka_error_string(error));
  rd_kafka_error_destroy(error);
  rd_kafka_error_t *failure = rd_kafka_abort_transaction(producer, call_ms);
  if (failure) die("abort", rd_kafka_error_string(failure));
  say("aborted");
  rewind_to_committed();
  return 1;
}

/* Copies INPUT to OUTPUT, at most SIZE records in a transaction together with the offsets read; values get "+" behind
 * them, and the partitioner finds partitions anew. It stays, or ends when it has reached the end of each partition.
 * Every step is said, so that whoever kills this process can choose the moment. The consumer is a static member of its
 * group: when started again it has its partitions at once. */
static int copy(char **argv) {
  const char *brokers = argv[0], *input = argv[1], *output = argv[2], *group = argv[3], *id = argv[4];
  int size = atoi(argv[6]), stays = !strcmp(argv[7], "stay");
  rd_kafka_conf_t *conf = new_conf(brokers);
  set(conf, "group.id", group);
  set(conf, "group.instance.id", id);
  set(conf, "enable.auto.commit", "false");
  set(conf, "enable.partition.eof", "true");
  set(conf, "isolation.level", "read_committed");
  set(conf, "auto.offset.reset", "earliest");
  set(conf, "session.timeout.ms", "30000");
  set(conf, "fetch.wait.max.ms", "50");
  consumer = new_client(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_t *producer = new_producer(brokers, id, argv[5]);
  /* Asked for beforehand, or the first transaction waits a second for it. */
  const struct rd_kafka_metadata *metadata;
  rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, output, NULL);
  if (!rd_kafka_metadata(producer, 0, topic, &metadata, call_ms)) rd_kafka_metadata_destroy(metadata);
  rd_kafka_error_t *error;
  say("init");
  while ((error = rd_kafka_init_transactions(producer, call_ms)) != NULL) {
    if (!rd_kafka_error_is_retriable(error)) die("init", rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
  }
  say("joining");
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, input, RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(consumer, topics);

  static int64_t next[partitions_max];
  static char ended[partitions_max];
  for (int is_ended = 0; !is_ended;) {
    memset(next, 0xff, sizeof next);
    int count = 0, begun = 0;
    while (count < size && !is_ended) {
      rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, begun ? linger_ms : idle_ms);
      if (!message && begun) break;
      if (!message) die("read", "nothing came for 30 s");
      int partition = message->partition;
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        ended[partition] = 1;
        rd_kafka_topic_partition_list_t *list = assigned();
        is_ended = !stays && list->cnt > 0;
        for (int i = 0; i < list->cnt; i++) is_ended &= ended[list->elems[i].partition];
        rd_kafka_topic_partition_list_destroy(list);
      } else if (!message->err) {
        ended[partition] = 0;
        if (!begun) {
          say("begin");
          if ((error = rd_kafka_begin_transaction(producer)) != NULL) die("begin", rd_kafka_error_string(error));
          begun = 1;
        }
        char value[1024];
        int length = snprintf(value, sizeof value, "%.*s+", (int)message->len, (const char *)message->payload);
        /* A refused record shows when the transaction is committed. */
        send_record(producer, output, RD_KAFKA_PARTITION_UA, message->key, message->key_len, value, length);
        next[partition] = message->offset + 1;
        count++;
      } else if (message->err != RD_KAFKA_RESP_ERR__TRANSPORT && message->err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        say("read %s", rd_kafka_err2name(message->err));
      }
      rd_kafka_message_destroy(message);
      rd_kafka_poll(producer, 0);
    }
    if (!begun) continue;
    rd_kafka_flush(producer, call_ms); /* What a kill leaves behind is then in the log, to be aborted. */
    say("sent");
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
    for (int p = 0; p < partitions_max; p++)
      if (next[p] >= 0) rd_kafka_topic_partition_list_add(offsets, input, p)->offset = next[p];
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(consumer);
    error = rd_kafka_send_offsets_to_transaction(producer, offsets, metadata, call_ms);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    rd_kafka_topic_partition_list_destroy(offsets);
    int over = is_over("offsets", error, producer);
    if (!over) {
      say("commit");
      while ((error = rd_kafka_commit_transaction(producer, call_ms)) != NULL && rd_kafka_error_is_retriable(error))
        rd_kafka_error_destroy(error);
      over = is_over("commit", error, producer);
    }
    if (over) is_ended = 0, memset(ended, 0, sizeof ended);
    else say("committed %d", count);
  }
  say("end");
  _exit(0); /* A static member stays in its group. */
}

/* --- script ---------------------------------------------------------------------------------------------- */

static void answer(rd_kafka_error_t *error) {
  if (!error) {
    say("ok");
    return;
  }
  say("error %s %s", rd_kafka_err2name(rd_kafka_error_code(error)), kind_of(error));
  rd_kafka_error_destroy(error);
}

/* Does what stdin says, a line at a time, and answers each with "ok ..." or "error NAME KIND". `send` waits until the
 * record is there; of `put` only the end of the transaction tells:
 *   init | begin | commit | abort | send TOPIC PARTITION KEY VALUE | put (the same) | offsets GROUP TOPIC PARTITION OFFSET */
static int script(char **argv) {
  rd_kafka_t *producer = new_producer(argv[0], argv[1], argv[2]);
  char line[8192], word[16], a[512], b[512], c[512], d[4096];
  while (fgets(line, sizeof line, stdin)) {
    int words = sscanf(line, "%15s %511s %511s %511s %4095s", word, a, b, c, d);
    if (words == 1 && !strcmp(word, "init")) answer(rd_kafka_init_transactions(producer, call_ms));
    else if (words == 1 && !strcmp(word, "begin")) answer(rd_kafka_begin_transaction(producer));
    else if (words == 1 && !strcmp(word, "commit")) answer(rd_kafka_commit_transaction(producer, call_ms));
    else if (words == 1 && !strcmp(word, "abort")) answer(rd_kafka_abort_transaction(producer, call_ms));
    else if (words == 5 && !strcmp(word, "send")) {
      delivery_error = RD_KAFKA_RESP_ERR_NO_ERROR;
      rd_kafka_resp_err_t error = send_record(producer, a, atoi(b), c, strlen(c), d, strlen(d));
      if (!error) error = rd_kafka_flush(producer, call_ms);
      if (!error) error = delivery_error;
      char fatal[256];
      if (!error) say("ok %lld", (long long)delivered_offset);
      else say("error %s %s", rd_kafka_err2name(error), rd_kafka_fatal_error(producer, fatal, sizeof fatal) ? "fatal" : "abort");
    } else if (words == 5 && !strcmp(word, "put")) {
      rd_kafka_resp_err_t error = send_record(producer, a, atoi(b), c, strlen(c), d, strlen(d));
      rd_kafka_poll(producer, 0);
      if (!error) say("ok");
      else say("error %s other", rd_kafka_err2name(error));
    } else if (words == 5 && !strcmp(word, "offsets")) {
      rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
      rd_kafka_topic_partition_list_add(offsets, b, atoi(c))->offset = atoll(d);
      rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata_new(a);
      answer(rd_kafka_send_offsets_to_transaction(producer, offsets, metadata, call_ms));
      rd_kafka_consumer_group_metadata_destroy(metadata);
      rd_kafka_topic_partition_list_destroy(offsets);
    } else die("script", line);
  }
  _exit(0); /* With a transaction open, if one is. */
}

/* --- read ------------------------------------------------------------------------------------------------ */

static int read_all(char **argv) {
  const char *topic = argv[1];
  int partitions = atoi(argv[2]);
  rd_kafka_conf_t *conf = new_conf(argv[0]);
  set(conf, "group.id", "unused"); /* asked for by the library; assign() uses no group */
  set(conf, "enable.auto.commit", "false");
  set(conf, "enable.partition.eof", "true");
  set(conf, "check.crcs", "true");
  set(conf, "isolation.level", argv[3]);
  set(conf, "fetch.wait.max.ms", "50");
  rd_kafka_t *client = new_client(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; p++) rd_kafka_topic_partition_list_add(list, topic, p)->offset = 0;
  rd_kafka_assign(client, list);
  for (int ends = 0; ends < partitions;) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client, idle_ms);
    if (!message) die("read", "nothing came for 30 s");
    if (!message->err)
      printf("%d\t%lld\t%.*s\t%.*s\n", message->partition, (long long)message->offset, (int)message->key_len,
             (const char *)message->key, (int)message->len, (const char *)message->payload);
    else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ends++;
    else die("read", rd_kafka_message_errstr(message));
    rd_kafka_message_destroy(message);
  }
  fflush(stdout);
  rd_kafka_topic_partition_list_destroy(list);
  _exit(0);
}

int main(int argc, char **argv) {
  if (argc == 10 && !strcmp(argv[1], "copy")) return copy(argv + 2);
  if (argc == 5 && !strcmp(argv[1], "script")) return script(argv + 2);
  if (argc == 6 && !strcmp(argv[1], "read")) return read_all(argv + 2);
  fprintf(stderr, "see the top of transactional-librdkafka.c\n");
  return 2;
}
