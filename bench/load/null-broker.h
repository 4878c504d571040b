/* A broker that answers each Produce at once and keeps nothing: what is left is the sender, the kernel and the wire. It
 * knows how long the requests are, and so only counts bytes. */
#ifndef NULL_BROKER_H
#define NULL_BROKER_H
#include "sockets.h"
#include <signal.h>
#include <sys/prctl.h>

enum { null_piece_bytes = 262144, null_answers_max = 4096 };

typedef struct {
  int fd;
  uint64_t received, answered;
} null_connection_t;

static inline void answer_all(null_connection_t *at, size_t request_bytes, buffer_t *answers, size_t answer_bytes) {
  while (at->answered < at->received / request_bytes) {
    answers->size = 0;
    for (int i = 0; i < null_answers_max && at->answered < at->received / request_bytes; i++) {
      uint8_t *answer = answers->bytes + answers->size;
      memset(answer, 0, answer_bytes);
      set_int32(answer, (uint32_t)(answer_bytes - 4));
      set_int32(answer + 4, (uint32_t)at->answered++);
      answers->size += answer_bytes;
    }
    write_fully(at->fd, answers->bytes, answers->size);
  }
}

static inline void serve_null(int listener, size_t request_bytes, size_t answer_bytes) {
  uint8_t *piece = allocate(null_piece_bytes);
  buffer_t answers = {allocate(null_answers_max * answer_bytes), 0};
  int epoll = epoll_create1(0);
  watch(epoll, listener, EPOLLIN, NULL, EPOLL_CTL_ADD);
  for (;;) {
    struct epoll_event events[128];
    int count = epoll_wait(epoll, events, 128, -1);
    for (int i = 0; i < count; i++) {
      null_connection_t *at = events[i].data.ptr;
      if (!at) {
        at = allocate(sizeof *at);
        at->fd = accept(listener, NULL, NULL);
        set_no_delay(at->fd);
        watch(epoll, at->fd, EPOLLIN, at, EPOLL_CTL_ADD);
        continue;
      }
      ssize_t size = read(at->fd, piece, null_piece_bytes);
      if (size <= 0) _exit(0);
      at->received += (uint64_t)size;
      answer_all(at, request_bytes, &answers, answer_bytes);
    }
  }
}

/* Starts it in a child, which ends with the caller; returns its port. */
static inline int start_null_broker(size_t request_bytes, size_t answer_bytes) {
  int port, listener = listen_on_any(&port);
  pid_t child = fork();
  if (child < 0) die_errno("fork");
  if (child > 0) {
    close(listener);
    return port;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  serve_null(listener, request_bytes, answer_bytes);
  _exit(0);
}
#endif
