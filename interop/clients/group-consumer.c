/* A member of a consumer group on librdkafka, for the group checks. Compiled when the run starts:
 *   gcc -O1 -o group-consumer clients/group-consumer.c -lrdkafka
 *
 *   group-consumer BROKERS TOPIC GROUP NAME [KEY=VALUE...]      keys and output: see clients/group-clients.mjs
 *
 * Commits after each poll and, before it gives partitions up, in the rebalance callback. SIGTERM leaves in order. */
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { partitions_max = 64, records_per_commit = 20 };

static const char *topic;
/* The offset after the last record processed since the partition came here, and the last one committed; -1 is none. */
static int64_t position[partitions_max], committed[partitions_max];
static volatile sig_atomic_t stopping;

static void on_term(int signal) {
  (void)signal;
  stopping = 1;
}

static void die(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void say(const char *format, ...) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  printf("%lld.%03ld ", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, now.tv_nsec / 1000 % 1000);
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value) {
  char problem[512];
  if (rd_kafka_conf_set(conf, key, value, problem, sizeof problem) != RD_KAFKA_CONF_OK) die(key, problem);
}

/* The library keeps the generation to itself, but writes it down for transactional producers. */
static int32_t generation_of(rd_kafka_t *client) {
  int32_t generation = -1;
  void *bytes;
  size_t size;
  rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(client);
  if (!metadata) return -1;
  rd_kafka_error_t *error = rd_kafka_consumer_group_metadata_write(metadata, &bytes, &size);
  if (error) rd_kafka_error_destroy(error);
  else {
    size_t magic = strlen("CGMDv2:");
    if (size >= magic + sizeof generation && !memcmp(bytes, "CGMDv", 5)) {
      memcpy(&generation, (char *)bytes + magic, sizeof generation);
    }
    free(bytes);
  }
  rd_kafka_consumer_group_metadata_destroy(metadata);
  return generation;
}

static void list_partitions(const rd_kafka_topic_partition_list_t *list, char *text, size_t size) {
  size_t used = 0;
  snprintf(text, size, "-");
  for (int i = 0; i < list->cnt && used < size; i++)
    used += snprintf(text + used, size - used, "%s%d", i ? "," : "", list->elems[i].partition);
}

static void commit(rd_kafka_t *client) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions_max);
  char text[partitions_max * 24] = "";
  size_t used = 0;
  for (int p = 0; p < partitions_max; p++) {
    if (position[p] < 0 || position[p] == committed[p]) continue;
    rd_kafka_topic_partition_list_add(list, topic, p)->offset = position[p];
    used += snprintf(text + used, sizeof text - used, "%s%d:%lld", used ? "," : "", p, (long long)position[p]);
  }
  if (list->cnt > 0) {
    rd_kafka_resp_err_t error = rd_kafka_commit(client, list, 0);
    for (int i = 0; i < list->cnt && !error; i++) error = list->elems[i].err;
    if (error) say("refused commit %s", rd_kafka_err2name(error));
    else {
      say("committed %s", text);
      for (int i = 0; i < list->cnt; i++) committed[list->elems[i].partition] = list->elems[i].offset;
    }
  }
  rd_kafka_topic_partition_list_destroy(list);
}

static void on_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t *list,
                         void *opaque) {
  (void)opaque;
  char text[partitions_max * 4];
  list_partitions(list, text, sizeof text);
  int incremental = !strcmp(rd_kafka_rebalance_protocol(client), "COOPERATIVE");
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    char *member = rd_kafka_memberid(client);
    say("assigned %d %s %s", generation_of(client), member, text);
    rd_kafka_mem_free(client, member);
    for (int i = 0; i < list->cnt; i++) position[list->elems[i].partition] = committed[list->elems[i].partition] = -1;
    if (incremental) rd_kafka_error_destroy(rd_kafka_incremental_assign(client, list));
    else rd_kafka_assign(client, list);
    return;
  }
  int lost = rd_kafka_assignment_lost(client);
  if (!lost) commit(client);
  say("%s %s", lost ? "lost" : "revoked", text);
  for (int i = 0; i < list->cnt; i++) position[list->elems[i].partition] = -1;
  if (incremental) rd_kafka_error_destroy(rd_kafka_incremental_unassign(client, list));
  else rd_kafka_assign(client, NULL);
}

static void on_error(rd_kafka_t *client, int error, const char *reason, void *opaque) {
  (void)client, (void)opaque;
  say("error %s %s", rd_kafka_err2name(error), reason);
}

static void report(rd_kafka_t *client, rd_kafka_resp_err_t error) {
  char text[512];
  if (error != RD_KAFKA_RESP_ERR__FATAL) say("error %s", rd_kafka_err2name(error));
  else say("fatal %s", rd_kafka_err2name(rd_kafka_fatal_error(client, text, sizeof text)));
}

int main(int argc, char **argv) {
  if (argc < 5) die("usage", "see the top of group-consumer.c");
  topic = argv[2];
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGTERM, on_term);
  for (int p = 0; p < partitions_max; p++) position[p] = committed[p] = -1;

  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  const char *settings[][2] = {
      {"bootstrap.servers", argv[1]}, {"group.id", argv[3]},
      {"client.id", argv[4]},         {"broker.address.family", "v4"},
      {"enable.auto.commit", "false"}, {"auto.offset.reset", "earliest"},
      {"reconnect.backoff.ms", "20"}, {"reconnect.backoff.max.ms", "200"},
      {"fetch.wait.max.ms", "100"},   {"max.poll.interval.ms", "20000"},
  };
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) set(conf, settings[i][0], settings[i][1]);
  int new_protocol = 0;
  for (int i = 5; i < argc; i++) new_protocol |= !strcmp(argv[i], "protocol=consumer");
  if (new_protocol) set(conf, "group.protocol", "consumer");
  for (int i = 5; i < argc; i++) {
    char *value = argv[i], *key = strsep(&value, "=");
    if (!strcmp(key, "instance")) set(conf, "group.instance.id", value);
    if (!strcmp(key, "assignor"))
      set(conf, new_protocol ? "group.remote.assignor" : "partition.assignment.strategy", value);
    if (new_protocol) continue; /* The broker says how often and how long. */
    if (!strcmp(key, "session")) set(conf, "session.timeout.ms", value);
    if (!strcmp(key, "heartbeat")) set(conf, "heartbeat.interval.ms", value);
  }
  rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
  rd_kafka_conf_set_error_cb(conf, on_error);
  char problem[512];
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, problem, sizeof problem);
  if (!client) die("rd_kafka_new", problem);
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t *subscription = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(subscription, topic, RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(client, subscription);
  rd_kafka_topic_partition_list_destroy(subscription);

  for (int uncommitted = 0; !stopping;) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client, 50);
    if (message && !message->err && message->partition < partitions_max) {
      say("record %d %lld %.*s", message->partition, (long long)message->offset, (int)message->len,
          (const char *)message->payload);
      position[message->partition] = message->offset + 1;
      uncommitted++;
    } else if (message && message->err) report(client, message->err);
    if (uncommitted >= records_per_commit || (!message && uncommitted)) {
      commit(client);
      uncommitted = 0;
    }
    if (message) rd_kafka_message_destroy(message);
  }
  commit(client);
  rd_kafka_consumer_close(client);
  say("closed");
  rd_kafka_destroy(client);
  return 0;
}
