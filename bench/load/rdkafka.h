/* What the load programs over librdkafka share: making a client from "property=value" settings. */
#ifndef RDKAFKA_H
#define RDKAFKA_H
#include "load.h"
#include <librdkafka/rdkafka.h>

static inline void set(rd_kafka_conf_t *conf, const char *key, const char *value) {
  char problem[512];
  if (rd_kafka_conf_set(conf, key, value, problem, sizeof problem) != RD_KAFKA_CONF_OK) die(key, problem);
}

/* Client settings are given as "-X property=value", as with kcat. */
static inline rd_kafka_conf_t *new_conf(char **argv) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "client.id", "load");
  set(conf, "broker.address.family", "v4");
  char bootstrap[32];
  snprintf(bootstrap, sizeof bootstrap, "127.0.0.1:%d", (int)number(argv, "port", NULL));
  set(conf, "bootstrap.servers", bootstrap);
  for (char **arg = argv + 1; *arg; arg++) {
    if (strcmp(*arg, "-X") || !arg[1]) continue;
    char setting[512];
    snprintf(setting, sizeof setting, "%s", *++arg);
    char *value = strchr(setting, '=');
    if (!value) die(setting, "not a setting");
    *value = 0;
    set(conf, setting, value + 1);
  }
  return conf;
}

static inline rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf) {
  char problem[512];
  rd_kafka_t *client = rd_kafka_new(type, conf, problem, sizeof problem);
  if (!client) die("rd_kafka_new", problem);
  return client;
}

/* Asks for the topic, so that what is measured begins with a client that knows its leaders. */
static inline void await_topic(rd_kafka_t *client, rd_kafka_topic_t *topic) {
  const struct rd_kafka_metadata *metadata;
  rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, topic, &metadata, 30000);
  if (error) die("Metadata", rd_kafka_err2str(error));
  rd_kafka_metadata_destroy(metadata);
}
#endif
