/* Kafka's frames, as far as a generator of load needs them: Produce v7 and Fetch v11, the last versions without tagged
 * fields that today's brokers answer, and batches of magic 2. A batch is made once; its base offset, which the broker
 * writes, is not covered by its checksum, so that the same bytes can be sent again and again. */
#ifndef KAFKA_FRAMES_H
#define KAFKA_FRAMES_H
#include "load.h"
#include <sys/time.h>

enum { produce_key = 0, fetch_key = 1, produce_version = 7, fetch_version = 11 };
enum { correlation_id_at = 8, batch_header_bytes = 61 };

typedef struct {
  uint8_t *bytes;
  size_t size;
} buffer_t;

static inline void put_int(buffer_t *to, uint64_t value, int width) {
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) to->bytes[to->size++] = (uint8_t)(value >> shift);
}

static inline void put_bytes(buffer_t *to, const void *bytes, size_t size) {
  memcpy(to->bytes + to->size, bytes, size);
  to->size += size;
}

static inline void put_string(buffer_t *to, const char *text) {
  put_int(to, strlen(text), 2);
  put_bytes(to, text, strlen(text));
}

static inline void put_varint(buffer_t *to, int64_t value) {
  uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
  for (; zigzag > 127; zigzag >>= 7) to->bytes[to->size++] = (uint8_t)(zigzag | 128);
  to->bytes[to->size++] = (uint8_t)zigzag;
}

static inline int64_t get_int(const uint8_t *bytes, int width) {
  uint64_t value = bytes[0] & 128 ? ~(uint64_t)0 : 0;
  for (int i = 0; i < width; i++) value = value << 8 | bytes[i];
  return (int64_t)value;
}

static inline void set_int32(uint8_t *bytes, uint32_t value) {
  for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline uint32_t crc32c(const uint8_t *bytes, size_t size) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < size; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

static inline size_t varint_bytes(int64_t value) {
  uint8_t scratch[10];
  buffer_t buffer = {scratch, 0};
  put_varint(&buffer, value);
  return buffer.size;
}

/* Records without keys. */
static inline void put_batch(buffer_t *to, int records, size_t value_bytes) {
  uint8_t *batch = to->bytes + to->size;
  struct timeval now;
  gettimeofday(&now, NULL);
  uint64_t timestamp_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_usec / 1000;
  put_int(to, 0, 8); /* base offset */
  put_int(to, 0, 4); /* length, below */
  put_int(to, (uint64_t)-1, 4);
  put_int(to, 2, 1); /* magic */
  put_int(to, 0, 4); /* checksum, below */
  put_int(to, 0, 2); /* attributes */
  put_int(to, (uint64_t)records - 1, 4);
  put_int(to, timestamp_ms, 8);
  put_int(to, timestamp_ms, 8);
  put_int(to, (uint64_t)-1, 8); /* producer id, epoch, sequence: none */
  put_int(to, (uint64_t)-1, 2);
  put_int(to, (uint64_t)-1, 4);
  put_int(to, (uint64_t)records, 4);
  for (int i = 0; i < records; i++) {
    /* Attributes, timestamp delta, no key and no headers are a byte each. */
    put_varint(to, (int64_t)(4 + varint_bytes(i) + varint_bytes((int64_t)value_bytes) + value_bytes));
    put_int(to, 0, 1);
    put_varint(to, 0);
    put_varint(to, i);
    put_varint(to, -1);
    put_varint(to, (int64_t)value_bytes);
    fill_text(to->bytes + to->size, value_bytes, (uint64_t)i);
    to->size += value_bytes;
    put_varint(to, 0);
  }
  size_t size = (size_t)(to->bytes + to->size - batch);
  set_int32(batch + 8, (uint32_t)(size - 12));
  set_int32(batch + 17, crc32c(batch + 21, size - 21));
}

static inline size_t batch_size(int records, size_t value_bytes) {
  buffer_t batch = {allocate((size_t)records * (value_bytes + 32) + 1024), 0};
  put_batch(&batch, records, value_bytes);
  free(batch.bytes);
  return batch.size;
}

static inline void put_request_header(buffer_t *to, int key, int version) {
  put_int(to, 0, 4); /* size, set by end_request */
  put_int(to, (uint64_t)key, 2);
  put_int(to, (uint64_t)version, 2);
  put_int(to, 0, 4); /* correlation id */
  put_string(to, "load");
}

static inline void end_request(buffer_t *to) { set_int32(to->bytes, (uint32_t)(to->size - 4)); }

/* A Produce of one batch to one partition; the batch is at its end. */
static inline buffer_t produce_request(const char *topic, int partition, int acks, int records, size_t value_bytes) {
  buffer_t to = {allocate((size_t)records * (value_bytes + 32) + 1024), 0};
  put_request_header(&to, produce_key, produce_version);
  put_int(&to, (uint64_t)-1, 2); /* no transaction */
  put_int(&to, (uint64_t)acks, 2);
  put_int(&to, 30000, 4);
  put_int(&to, 1, 4);
  put_string(&to, topic);
  put_int(&to, 1, 4);
  put_int(&to, (uint64_t)partition, 4);
  size_t size_at = to.size;
  put_int(&to, 0, 4);
  put_batch(&to, records, value_bytes);
  set_int32(to.bytes + size_at, (uint32_t)(to.size - size_at - 4));
  end_request(&to);
  return to;
}

/* Of the answer to `produce_request`, with its size in front. */
static inline size_t produce_answer_bytes(const char *topic) { return 4 + 4 + 4 + 2 + strlen(topic) + 4 + 4 + 2 + 24 + 4; }
static inline size_t produce_error_at(const char *topic) { return 4 + 4 + 4 + 2 + strlen(topic) + 4 + 4; }

/* A Fetch of one partition, outside of any session; the offset is at *offset_at. */
static inline buffer_t fetch_request(const char *topic, int partition, int max_bytes, size_t *offset_at) {
  buffer_t to = {allocate(1024), 0};
  put_request_header(&to, fetch_key, fetch_version);
  put_int(&to, (uint64_t)-1, 4); /* a consumer */
  put_int(&to, 500, 4);          /* max wait, min bytes, max bytes */
  put_int(&to, 1, 4);
  put_int(&to, (uint64_t)max_bytes, 4);
  put_int(&to, 0, 1);  /* read uncommitted */
  put_int(&to, 0, 4);  /* no session */
  put_int(&to, (uint64_t)-1, 4);
  put_int(&to, 1, 4);
  put_string(&to, topic);
  put_int(&to, 1, 4);
  put_int(&to, (uint64_t)partition, 4);
  put_int(&to, (uint64_t)-1, 4); /* leader epoch: not known */
  *offset_at = to.size;
  put_int(&to, 0, 8);
  put_int(&to, (uint64_t)-1, 8);
  put_int(&to, (uint64_t)max_bytes, 4);
  put_int(&to, 0, 4); /* nothing forgotten */
  put_string(&to, "");
  end_request(&to);
  return to;
}

/* Dies if there is an error code other than 0. */
static inline void check_error(const char *api, const uint8_t *at) {
  char text[32];
  snprintf(text, sizeof text, "answered with error %d", (int)get_int(at, 2));
  if (get_int(at, 2)) die(api, text);
}

/* Where in a Fetch answer, its size in front, the size of the records is; dies on an error in it. */
static inline size_t fetch_records_at(const uint8_t *answer, const char *topic) {
  size_t at = 4 + 4 + 4 + 2 + 4 + 4 + 2 + strlen(topic) + 4 + 4;
  check_error("Fetch", answer + 12);
  check_error("Fetch", answer + at);
  at += 2 + 24;
  int64_t aborted = get_int(answer + at, 4);
  return at + 4 + (aborted > 0 ? (size_t)aborted * 16 : 0) + 4;
}
#endif
