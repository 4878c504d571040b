/* Drives librdkafka for the interop run. Compiled when the run starts:
 *   gcc -O1 -o librdkafka clients/librdkafka.c -lrdkafka
 *
 *   librdkafka produce BROKERS TOPIC CODEC PARTITION < lines     idempotent, acks=all
 *   librdkafka read    BROKERS TOPIC PARTITIONS                  every record of partitions 0..PARTITIONS-1
 *   librdkafka load    BROKERS TOPIC IDEMPOTENT                  for the kill test, see load() below
 *
 * Lines are "headers TAB key TAB value" with NULL for what is absent; headers are "name:value,name:value".
 * With LINES=hex in the environment keys and values are hexadecimal both ways, for bytes that are no text.
 * PARTITION -1 lets the client's partitioner choose (murmur2_random, as the Java client does).
 * `read` prints "partition TAB offset TAB timestamp type TAB milliseconds TAB line". */
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { flush_ms = 60000, read_idle_ms = 30000, headers_max = 16 };

static int hex_lines;
static long failed_deliveries;

static void die(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static rd_kafka_conf_t *new_conf(const char *brokers) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  char problem[512];
  const char *settings[][2] = {
      {"bootstrap.servers", brokers},
      {"client.id", "librdkafka-interop"},
      {"broker.address.family", "v4"},
      {"message.max.bytes", "1048588"},
      {"reconnect.backoff.ms", "20"},
      {"reconnect.backoff.max.ms", "200"},
      {"topic.metadata.refresh.interval.ms", "5000"},
  };
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
    if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], problem, sizeof problem) != RD_KAFKA_CONF_OK)
      die(settings[i][0], problem);
  return conf;
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value) {
  char problem[512];
  if (rd_kafka_conf_set(conf, key, value, problem, sizeof problem) != RD_KAFKA_CONF_OK) die(key, problem);
}

static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf) {
  char problem[512];
  rd_kafka_t *client = rd_kafka_new(type, conf, problem, sizeof problem);
  if (!client) die("rd_kafka_new", problem);
  return client;
}

/* Decodes hexadecimal in place; returns the number of bytes. */
static size_t from_hex(char *text) {
  size_t length = strlen(text) / 2;
  for (size_t i = 0; i < length; i++) {
    unsigned byte;
    sscanf(text + 2 * i, "%2x", &byte);
    text[i] = (char)byte;
  }
  return length;
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client, (void)opaque;
  if (message->err) {
    failed_deliveries++;
    fprintf(stderr, "not delivered: %s\n", rd_kafka_err2str(message->err));
  }
}

/* Cuts "a:1,b:2" into headers of the list. */
static rd_kafka_headers_t *parse_headers(char *text) {
  rd_kafka_headers_t *headers = rd_kafka_headers_new(headers_max);
  char *rest = text;
  for (char *pair; (pair = strsep(&rest, ",")) != NULL;) {
    char *value = strchr(pair, ':');
    if (!value) die("header without a colon", pair);
    rd_kafka_header_add(headers, pair, value - pair, value + 1, -1);
  }
  return headers;
}

static int produce(const char *brokers, const char *topic, const char *codec, int partition) {
  rd_kafka_conf_t *conf = new_conf(brokers);
  set(conf, "compression.codec", codec);
  set(conf, "enable.idempotence", "true");
  set(conf, "partitioner", "murmur2_random");
  set(conf, "linger.ms", "20");
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  rd_kafka_t *client = new_client(RD_KAFKA_PRODUCER, conf);

  char *line = NULL;
  size_t capacity = 0;
  for (ssize_t length; (length = getline(&line, &capacity, stdin)) > 0;) {
    if (line[length - 1] == '\n') line[length - 1] = 0;
    char *value = line;
    char *headers_text = strsep(&value, "\t");
    char *key = strsep(&value, "\t");
    if (!value) die("a line has no three columns", line);
    int has_key = strcmp(key, "NULL") != 0, has_value = strcmp(value, "NULL") != 0;
    size_t key_length = !has_key ? 0 : hex_lines ? from_hex(key) : strlen(key);
    size_t value_length = !has_value ? 0 : hex_lines ? from_hex(value) : strlen(value);
    int has_headers = strcmp(headers_text, "NULL") != 0;
    rd_kafka_headers_t *headers = has_headers ? parse_headers(headers_text) : rd_kafka_headers_new(0);
    for (;;) {
      rd_kafka_resp_err_t error = rd_kafka_producev(
          client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(has_key ? key : NULL, key_length),
          RD_KAFKA_V_VALUE(has_value ? value : NULL, value_length), RD_KAFKA_V_HEADERS(headers),
          RD_KAFKA_V_END);
      if (!error) break;
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) die("produce", rd_kafka_err2str(error));
      rd_kafka_poll(client, 50);
    }
    rd_kafka_poll(client, 0);
  }
  free(line);
  if (rd_kafka_flush(client, flush_ms)) die("flush", "records are left after the timeout");
  rd_kafka_destroy(client);
  return failed_deliveries > 0;
}

static void print_bytes(const void *bytes, size_t length, int present) {
  if (!present) fputs("NULL", stdout);
  else if (!hex_lines) fwrite(bytes, 1, length, stdout);
  else
    for (size_t i = 0; i < length; i++) printf("%02x", ((const unsigned char *)bytes)[i]);
}

static void print_message(const rd_kafka_message_t *message) {
  rd_kafka_timestamp_type_t type;
  long long timestamp = rd_kafka_message_timestamp(message, &type);
  printf("%d\t%lld\t%s\t%lld\t", message->partition, (long long)message->offset,
         type == RD_KAFKA_TIMESTAMP_CREATE_TIME       ? "CreateTime"
         : type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? "LogAppendTime"
                                                      : "NoTimestampType",
         timestamp);
  rd_kafka_headers_t *headers;
  if (rd_kafka_message_headers(message, &headers) || rd_kafka_header_cnt(headers) == 0) fputs("NULL", stdout);
  else {
    const char *name;
    const void *value;
    size_t length;
    for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &length); i++)
      printf("%s%s:%.*s", i ? "," : "", name, (int)length, (const char *)value);
  }
  putchar('\t');
  print_bytes(message->key, message->key_len, message->key != NULL);
  putchar('\t');
  print_bytes(message->payload, message->len, message->payload != NULL);
  putchar('\n');
}

static int read_all(const char *brokers, const char *topic, int partitions) {
  rd_kafka_conf_t *conf = new_conf(brokers);
  set(conf, "group.id", "unused"); /* asked for by the library; assign() uses no group */
  set(conf, "enable.auto.commit", "false");
  set(conf, "enable.partition.eof", "true");
  set(conf, "check.crcs", "true");
  set(conf, "auto.offset.reset", "error");
  rd_kafka_t *client = new_client(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; p++) rd_kafka_topic_partition_list_add(list, topic, p)->offset = 0;
  rd_kafka_assign(client, list);
  for (int ends = 0; ends < partitions;) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client, read_idle_ms);
    if (!message) die("read", "nothing came for 30 s");
    if (!message->err) print_message(message);
    else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ends++;
    else die("read", rd_kafka_message_errstr(message));
    rd_kafka_message_destroy(message);
  }
  fflush(stdout);
  rd_kafka_topic_partition_list_destroy(list);
  _exit(0); /* Nothing to leave: no group was joined. */
}

static volatile sig_atomic_t stopping;
static void on_term(int signal) {
  (void)signal;
  stopping = 1;
}

/* Reports "acked NUMBER PARTITION OFFSET", or "refused NUMBER ERROR". */
static void on_load_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client, (void)opaque;
  int number = (int)(size_t)message->_private;
  if (message->err) printf("refused %d %s\n", number, rd_kafka_err2name(message->err));
  else printf("acked %d %d %lld\n", number, message->partition, (long long)message->offset);
}

/* Sends "0", "1", ... to partition 0, about 2,000 a second, with no end to retrying, until SIGTERM; then waits for
 * what is on its way and ends with "sent N". One request at a time unless idempotent, since only an idempotent
 * producer keeps the order when it has several on their way and one is retried. */
static int load(const char *brokers, const char *topic, const char *idempotent) {
  rd_kafka_conf_t *conf = new_conf(brokers);
  set(conf, "enable.idempotence", idempotent);
  set(conf, "acks", "all");
  set(conf, "linger.ms", "2");
  set(conf, "batch.num.messages", "50");
  set(conf, "retries", "2147483647");
  set(conf, "retry.backoff.ms", "20");
  set(conf, "message.timeout.ms", "0");
  if (strcmp(idempotent, "true") != 0) set(conf, "max.in.flight.requests.per.connection", "1");
  rd_kafka_conf_set_dr_msg_cb(conf, on_load_delivery);
  rd_kafka_t *client = new_client(RD_KAFKA_PRODUCER, conf);
  signal(SIGTERM, on_term);
  setvbuf(stdout, NULL, _IOLBF, 0);
  int number = 0;
  while (!stopping) {
    for (int burst = 0; burst < 10 && rd_kafka_outq_len(client) < 20000; burst++) {
      char value[16];
      int length = snprintf(value, sizeof value, "%d", number);
      rd_kafka_resp_err_t error = rd_kafka_producev(
          client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
          RD_KAFKA_V_VALUE(value, length), RD_KAFKA_V_OPAQUE((void *)(size_t)number), RD_KAFKA_V_END);
      if (error) {
        fprintf(stderr, "produce: %s\n", rd_kafka_err2str(error));
        break;
      }
      number++;
    }
    rd_kafka_poll(client, 5);
  }
  int left = rd_kafka_flush(client, flush_ms);
  printf("sent %d\n", number);
  fflush(stdout);
  if (left) die("flush", "records are left after the timeout");
  _exit(0);
}

int main(int argc, char **argv) {
  const char *lines = getenv("LINES");
  hex_lines = lines && strcmp(lines, "hex") == 0;
  if (argc == 6 && !strcmp(argv[1], "produce")) return produce(argv[2], argv[3], argv[4], atoi(argv[5]));
  if (argc == 5 && !strcmp(argv[1], "read")) return read_all(argv[2], argv[3], atoi(argv[4]));
  if (argc == 5 && !strcmp(argv[1], "load")) return load(argv[2], argv[3], argv[4]);
  fprintf(stderr, "see the top of librdkafka.c\n");
  return 2;
}
