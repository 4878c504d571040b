/* What the machine itself does, as a ceiling for the rest: bytes through one connection of the loopback, bytes appended to
 * a file (page cache, as the brokers write), bytes copied in memory, and a small message there and back at a fixed rate.
 *
 *   limits folder= [blockBytes=65536] [appendBytes=1e9] [seconds=1] [rate=2000] [bytes=1024] */
#define _GNU_SOURCE
#include "latencies.h"
#include "sockets.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { piece_bytes = 262144, copy_bytes = 64 << 20 };

/* Forks a peer that is connected to the caller and ends with it. */
static int connected_child(void (*peer)(int fd, size_t bytes), size_t bytes, pid_t *pid) {
  int port, listener = listen_on_any(&port);
  *pid = fork();
  if (*pid < 0) die_errno("fork");
  if (*pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    peer(connect_to(port), bytes);
    _exit(0);
  }
  int fd = accept(listener, NULL, NULL);
  if (fd < 0) die_errno("accept");
  set_no_delay(fd);
  close(listener);
  return fd;
}

static void end_child(int fd, pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  close(fd);
}

static void send_forever(int fd, size_t block_bytes) {
  uint8_t *block = allocate(block_bytes);
  for (;;) write_fully(fd, block, block_bytes);
}

static double loopback_mb_per_second(double seconds, size_t block_bytes) {
  pid_t pid;
  int fd = connected_child(send_forever, block_bytes, &pid);
  uint8_t *piece = allocate(piece_bytes);
  uint64_t bytes = 0, start = now_ns(), end = start + (uint64_t)(seconds * 1e9), now = start;
  for (; now < end; now = now_ns()) {
    ssize_t count = read(fd, piece, piece_bytes);
    if (count <= 0) die_errno("read");
    bytes += (uint64_t)count;
  }
  end_child(fd, pid);
  return (double)bytes / 1e6 / ((double)(now - start) / 1e9);
}

static double append_mb_per_second(const char *folder, size_t block_bytes, double append_bytes) {
  char path[4096];
  snprintf(path, sizeof path, "%s/append", folder);
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
  if (fd < 0) die_errno(path);
  uint8_t *block = allocate(block_bytes);
  fill_text(block, block_bytes, 1);
  uint64_t start = now_ns();
  double bytes = 0;
  for (; bytes < append_bytes; bytes += (double)block_bytes) write_fully(fd, block, block_bytes);
  double seconds = (double)(now_ns() - start) / 1e9;
  close(fd);
  unlink(path);
  return bytes / 1e6 / seconds;
}

static double copy_mb_per_second(double seconds) {
  uint8_t *from = allocate(copy_bytes), *to = allocate(copy_bytes);
  memset(from, 1, copy_bytes);
  memset(to, 1, copy_bytes);
  uint64_t start = now_ns(), end = start + (uint64_t)(seconds * 1e9), now = start;
  double bytes = 0;
  for (; now < end; now = now_ns()) {
    memcpy(to, from, copy_bytes);
    __asm__ volatile("" ::"r"(to) : "memory");
    bytes += copy_bytes;
  }
  return bytes / 1e6 / ((double)(now - start) / 1e9);
}

static void echo_forever(int fd, size_t bytes) {
  uint8_t *message = allocate(bytes);
  for (;;) {
    read_fully(fd, message, bytes);
    write_fully(fd, message, bytes);
  }
}

static void print_round_trips(double seconds, double rate, size_t bytes) {
  pid_t pid;
  int fd = connected_child(echo_forever, bytes, &pid);
  uint8_t *message = allocate(bytes);
  size_t total = (size_t)(seconds * rate);
  latencies_t latencies = {allocate(total * sizeof(uint64_t)), 0};
  prctl(PR_SET_TIMERSLACK, 1);
  uint64_t start = now_ns();
  for (size_t i = 0; i < total; i++) {
    uint64_t due = start + (uint64_t)((double)i * 1e9 / rate);
    struct timespec time = {.tv_sec = (time_t)(due / 1000000000u), .tv_nsec = (long)(due % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
    write_fully(fd, message, bytes);
    read_fully(fd, message, bytes);
    latencies.values[latencies.count++] = now_ns() - due;
  }
  print_latencies("roundTrip", &latencies);
  end_child(fd, pid);
}

int main(int argc, char **argv) {
  (void)argc;
  size_t block_bytes = (size_t)number(argv, "blockBytes", "65536");
  double seconds = number(argv, "seconds", "1");
  printf("{\"loopbackMbPerSecond\":%.1f,", loopback_mb_per_second(seconds, block_bytes));
  printf("\"appendMbPerSecond\":%.1f,",
         append_mb_per_second(option(argv, "folder", NULL), block_bytes, number(argv, "appendBytes", "1e9")));
  printf("\"copyMbPerSecond\":%.1f,", copy_mb_per_second(seconds / 2));
  fflush(stdout);
  print_round_trips(seconds, number(argv, "rate", "2000"), (size_t)number(argv, "bytes", "1024"));
  printf("}\n");
  return 0;
}
