/* Sends ready-made Produce requests as fast as they are answered: what a broker takes when no client library is in the way.
 *
 *   raw-produce port= topic= [partitions=1] [records=60] [bytes=1024] [acks=1] [connections=1] [inFlight=5] [seconds=5]
 *               [maxBytes=4e9]
 *
 * Connection i writes to partition i modulo partitions. With port=0 the answers come from a broker that does nothing: the
 * machine's own limit for such requests. */
#include "null-broker.h"

typedef struct {
  int fd;
  uint8_t *copies; /* inFlight copies of the request, one after the other, to be sent with one call */
  size_t sending, sent; /* bytes of what is being sent */
  uint32_t next_id, expected_id;
  int in_flight, is_writable_wanted;
  uint8_t received[65536];
  size_t received_bytes;
} connection_t;

static int in_flight_max, epoll_fd;
static size_t request_bytes, answer_bytes, error_at;
static uint64_t requests_max, requests_sent, requests_answered;

static void send_more(connection_t *at) {
  if (at->sent == at->sending) {
    int count = in_flight_max - at->in_flight;
    if ((uint64_t)count > requests_max - requests_sent) count = (int)(requests_max - requests_sent);
    if (count <= 0) return;
    for (int i = 0; i < count; i++)
      set_int32(at->copies + (size_t)i * request_bytes + correlation_id_at, at->next_id++);
    at->sending = (size_t)count * request_bytes;
    at->sent = 0;
    at->in_flight += count;
    requests_sent += (uint64_t)count;
  }
  ssize_t count = write(at->fd, at->copies + at->sent, at->sending - at->sent);
  if (count < 0 && errno != EAGAIN) die_errno("write");
  if (count > 0) at->sent += (size_t)count;
  int is_wanted = at->sent < at->sending;
  if (is_wanted != at->is_writable_wanted)
    watch(epoll_fd, at->fd, is_wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, at, EPOLL_CTL_MOD);
  at->is_writable_wanted = is_wanted;
}

static void receive(connection_t *at) {
  ssize_t count = read(at->fd, at->received + at->received_bytes, sizeof at->received - at->received_bytes);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) die("read", "the broker closed the connection");
  at->received_bytes += (size_t)count;
  size_t from = 0;
  for (; at->received_bytes - from >= answer_bytes; from += answer_bytes) {
    const uint8_t *answer = at->received + from;
    if ((size_t)get_int(answer, 4) != answer_bytes - 4) die("Produce", "the answer has another size");
    if ((uint32_t)get_int(answer + 4, 4) != at->expected_id++) die("Produce", "the answer is to another request");
    check_error("Produce", answer + error_at);
    at->in_flight--;
    requests_answered++;
  }
  memmove(at->received, at->received + from, at->received_bytes - from);
  at->received_bytes -= from;
}

int main(int argc, char **argv) {
  (void)argc;
  const char *topic = option(argv, "topic", NULL);
  int port = (int)number(argv, "port", NULL), partitions = (int)number(argv, "partitions", "1");
  int records = (int)number(argv, "records", "60"), connections = (int)number(argv, "connections", "1");
  size_t value_bytes = (size_t)number(argv, "bytes", "1024");
  double seconds = number(argv, "seconds", "5"), max_bytes = number(argv, "maxBytes", "4e9");
  in_flight_max = (int)number(argv, "inFlight", "5");
  answer_bytes = produce_answer_bytes(topic);
  error_at = produce_error_at(topic);
  epoll_fd = epoll_create1(0);
  connection_t *all = allocate((size_t)connections * sizeof *all);
  for (int i = 0; i < connections; i++) {
    buffer_t request = produce_request(topic, i % partitions, (int)number(argv, "acks", "1"), records, value_bytes);
    request_bytes = request.size;
    all[i].copies = allocate((size_t)in_flight_max * request_bytes);
    for (int copy = 0; copy < in_flight_max; copy++)
      memcpy(all[i].copies + (size_t)copy * request_bytes, request.bytes, request_bytes);
    free(request.bytes);
  }
  if (port == 0) port = start_null_broker(request_bytes, answer_bytes);
  for (int i = 0; i < connections; i++) {
    all[i].fd = connect_to(port);
    set_nonblocking(all[i].fd);
    watch(epoll_fd, all[i].fd, EPOLLIN, &all[i], EPOLL_CTL_ADD);
  }
  requests_max = (uint64_t)(max_bytes / (double)request_bytes);
  uint64_t start = now_ns(), end = start + (uint64_t)(seconds * 1e9), done = start;
  for (int i = 0; i < connections; i++) send_more(&all[i]);
  while (requests_answered < requests_sent) {
    struct epoll_event events[128];
    int count = epoll_wait(epoll_fd, events, 128, -1);
    for (int i = 0; i < count; i++) {
      connection_t *at = events[i].data.ptr;
      if (events[i].events & ~(uint32_t)EPOLLOUT) receive(at);
      send_more(at);
    }
    done = now_ns();
    if (done >= end) requests_max = requests_sent;
  }
  uint64_t sent_records = requests_answered * (uint64_t)records;
  print_throughput(sent_records, sent_records * value_bytes, requests_answered, (double)(done - start) / 1e9);
  return 0;
}
