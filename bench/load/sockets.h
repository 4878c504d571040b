/* Sockets on 127.0.0.1. */
#ifndef SOCKETS_H
#define SOCKETS_H
#include "kafka-frames.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void set_no_delay(int fd) {
  int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static inline int connect_to(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) die_errno("connect");
  set_no_delay(fd);
  return fd;
}

static inline int listen_on_any(int *port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 128) ||
      getsockname(fd, (struct sockaddr *)&address, &size))
    die_errno("listen");
  *port = ntohs(address.sin_port);
  return fd;
}

static inline void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

static inline void watch(int epoll, int fd, uint32_t events, void *context, int operation) {
  struct epoll_event event = {.events = events, .data.ptr = context};
  if (epoll_ctl(epoll, operation, fd, &event)) die_errno("epoll_ctl");
}

static inline void read_fully(int fd, uint8_t *bytes, size_t size) {
  while (size) {
    ssize_t count = read(fd, bytes, size);
    if (count <= 0) die_errno("read");
    bytes += count;
    size -= (size_t)count;
  }
}

static inline void write_fully(int fd, const uint8_t *bytes, size_t size) {
  while (size) {
    ssize_t count = write(fd, bytes, size);
    if (count < 0) die_errno("write");
    bytes += count;
    size -= (size_t)count;
  }
}
#endif
