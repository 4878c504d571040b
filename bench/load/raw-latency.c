/* Latency at a fixed rate: requests are sent when they are due, whether or not the ones before are answered, and counted
 * from when they were due, so that a broker that stalls is charged for all that should have come meanwhile.
 *
 *   raw-latency port= topic= [rate=2000] [records=1] [bytes=1024] [acks=-1] [seconds=10] [warmUp=2]
 *
 * The topic is new and has one partition. One connection produces, another one reads with long polls: since the first one
 * keeps its order, an offset tells which request a record was in, and so when that was due. */
#define _GNU_SOURCE
#include "latencies.h"
#include "sockets.h"
#include <sys/prctl.h>

enum { fetch_bytes_max = 1 << 20, received_max = 2 << 20, id_of_fetch = 7 };

static uint64_t start_ns, period_ns, total, warm_up_total, records_per_request;
static latencies_t acknowledged, end_to_end;

static void count_latency(latencies_t *to, uint64_t index, uint64_t now) {
  if (index >= warm_up_total) to->values[to->count++] = now - (start_ns + index * period_ns);
}

typedef struct {
  int fd;
  uint8_t *bytes;
  size_t size;
} stream_t;

/* Reads what is there; returns the size of the first frame with its size in front, 0 if it is not whole. */
static size_t next_frame(stream_t *from, size_t at) {
  if (from->size - at < 4) return 0;
  size_t size = 4 + (size_t)get_int(from->bytes + at, 4);
  if (size > received_max) die("answer", "too large");
  return from->size - at < size ? 0 : size;
}

static void fill(stream_t *from) {
  ssize_t count = read(from->fd, from->bytes + from->size, received_max - from->size);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) die("read", "the broker closed the connection");
  from->size += (size_t)count;
}

static void drop(stream_t *from, size_t count) {
  memmove(from->bytes, from->bytes + count, from->size - count);
  from->size -= count;
}

/* Counts the requests whose records have come, and returns the offset to read next. */
static uint64_t take_batches(const uint8_t *records, size_t size, uint64_t next_offset, uint64_t now) {
  for (size_t at = 0; size - at >= batch_header_bytes;) {
    size_t batch_bytes = 12 + (size_t)get_int(records + at + 8, 4);
    if (batch_bytes > size - at) break;
    if ((uint64_t)get_int(records + at, 8) != next_offset) die("Fetch", "the batch has another offset");
    count_latency(&end_to_end, next_offset / records_per_request, now);
    next_offset += (uint64_t)get_int(records + at + 23, 4) + 1;
    at += batch_bytes;
  }
  return next_offset;
}

static void send_fetch(int fd, buffer_t *request, size_t offset_at, uint64_t offset) {
  buffer_t to = {request->bytes, offset_at};
  put_int(&to, offset, 8);
  write_fully(fd, request->bytes, request->size);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *topic = option(argv, "topic", NULL);
  int port = (int)number(argv, "port", NULL);
  double rate = number(argv, "rate", "2000"), seconds = number(argv, "seconds", "10"), warm_up = number(argv, "warmUp", "2");
  records_per_request = (uint64_t)number(argv, "records", "1");
  buffer_t produce = produce_request(topic, 0, (int)number(argv, "acks", "-1"), (int)records_per_request,
                                     (size_t)number(argv, "bytes", "1024"));
  size_t offset_at, answer_bytes = produce_answer_bytes(topic), error_at = produce_error_at(topic);
  buffer_t fetch = fetch_request(topic, 0, fetch_bytes_max, &offset_at);
  set_int32(fetch.bytes + correlation_id_at, id_of_fetch);
  warm_up_total = (uint64_t)(rate * warm_up);
  total = warm_up_total + (uint64_t)(rate * seconds);
  acknowledged.values = allocate(total * sizeof(uint64_t));
  end_to_end.values = allocate(total * sizeof(uint64_t));
  stream_t producer = {connect_to(port), allocate(received_max), 0}, consumer = {connect_to(port), allocate(received_max), 0};
  set_nonblocking(producer.fd);
  int epoll = epoll_create1(0), is_writable_wanted = 0;
  watch(epoll, producer.fd, EPOLLIN, &producer, EPOLL_CTL_ADD);
  watch(epoll, consumer.fd, EPOLLIN, &consumer, EPOLL_CTL_ADD);
  prctl(PR_SET_TIMERSLACK, 1);
  send_fetch(consumer.fd, &fetch, offset_at, 0);
  period_ns = (uint64_t)(1e9 / rate);
  start_ns = now_ns() + 100000000;
  uint64_t begun = 0, answered = 0, next_offset = 0;
  size_t unsent = 0; /* bytes of request number `begun` - 1 that the socket has not taken */
  while (answered < total || next_offset < total * records_per_request) {
    uint64_t now = now_ns();
    while (unsent || (begun < total && start_ns + begun * period_ns <= now)) {
      if (!unsent) {
        set_int32(produce.bytes + correlation_id_at, (uint32_t)begun++);
        unsent = produce.size;
      }
      ssize_t count = write(producer.fd, produce.bytes + produce.size - unsent, unsent);
      if (count < 0 && errno != EAGAIN) die_errno("write");
      if (count < 0) break;
      unsent -= (size_t)count;
    }
    if ((unsent > 0) != is_writable_wanted) {
      is_writable_wanted = unsent > 0;
      watch(epoll, producer.fd, is_writable_wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, &producer, EPOLL_CTL_MOD);
    }
    now = now_ns();
    uint64_t due = begun < total ? start_ns + begun * period_ns : now + 1000000000u;
    uint64_t wait = unsent ? 1000000000u : due > now ? due - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u)};
    struct epoll_event events[2];
    int count = epoll_pwait2(epoll, events, 2, &timeout, NULL);
    if (count < 0) die_errno("epoll_pwait2");
    now = now_ns();
    for (int i = 0; i < count; i++) {
      if (!(events[i].events & ~(uint32_t)EPOLLOUT)) continue;
      stream_t *from = events[i].data.ptr;
      fill(from);
      size_t at = 0, size;
      for (; (size = next_frame(from, at)); at += size) {
        const uint8_t *answer = from->bytes + at;
        if (from == &producer) {
          if (size != answer_bytes) die("Produce", "the answer has another size");
          check_error("Produce", answer + error_at);
          if ((uint32_t)get_int(answer + 4, 4) != (uint32_t)answered) die("Produce", "the answer is to another request");
          count_latency(&acknowledged, answered++, now);
        } else {
          size_t records_at = fetch_records_at(answer, topic);
          int64_t bytes = get_int(answer + records_at, 4);
          if (bytes > 0) next_offset = take_batches(answer + records_at + 4, (size_t)bytes, next_offset, now);
          send_fetch(consumer.fd, &fetch, offset_at, next_offset);
        }
      }
      drop(from, at);
    }
  }
  printf("{");
  print_latencies("acknowledged", &acknowledged);
  printf(",");
  print_latencies("endToEnd", &end_to_end);
  printf(",\"cpuSeconds\":%.3f}\n", cpu_seconds());
  return 0;
}
