/* What the load programs share: options "name=value", time, and the line of JSON that each prints at its end. */
#ifndef LOAD_H
#define LOAD_H
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static inline void die(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static inline void die_errno(const char *what) { die(what, strerror(errno)); }

static inline void *allocate(size_t size) {
  void *memory = calloc(1, size);
  if (!memory) die("allocate", "no memory");
  return memory;
}

/* The value of "name=value" among the arguments; without a default it must be there. */
static inline const char *option(char **argv, const char *name, const char *otherwise) {
  size_t length = strlen(name);
  for (char **arg = argv + 1; *arg; arg++)
    if (!strncmp(*arg, name, length) && (*arg)[length] == '=') return *arg + length + 1;
  if (!otherwise) die(name, "this option is missing");
  return otherwise;
}

static inline double number(char **argv, const char *name, const char *otherwise) {
  const char *text = option(argv, name, otherwise);
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end) die(name, "not a number");
  return value;
}

static inline uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Processor time of this program so far, all threads. */
static inline double cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Text as of a service's log: words of a small vocabulary and numbers, so that compression finds what it finds there. */
static inline void fill_text(uint8_t *bytes, size_t size, uint64_t seed) {
  static const char *words[] = {"{\"user\":", "\"order\":", "\"GET /api/v1/items/", "\"status\":200,", "\"region\":\"eu-",
                                "\"latencyMs\":", "\"ok\":true,", "\"amount\":"};
  uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  for (size_t at = 0; at < size;) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    char piece[64];
    int length = snprintf(piece, sizeof piece, "%s%x,", words[state >> 61], (unsigned)(state >> 32));
    for (int i = 0; i < length && at < size; i++) bytes[at++] = (uint8_t)piece[i];
  }
}

static inline void print_throughput(uint64_t records, uint64_t bytes, uint64_t requests, double seconds) {
  printf("{\"records\":%llu,\"bytes\":%llu,\"requests\":%llu,\"seconds\":%.6f,\"cpuSeconds\":%.3f}\n",
         (unsigned long long)records, (unsigned long long)bytes, (unsigned long long)requests, seconds, cpu_seconds());
}
#endif
