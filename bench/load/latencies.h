/* Latencies in nanoseconds, kept one by one, and their percentiles. */
#ifndef LATENCIES_H
#define LATENCIES_H
#include "load.h"

typedef struct {
  uint64_t *values;
  size_t count;
} latencies_t;

static int compare_latencies(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static inline double latency_us(const latencies_t *sorted, double quantile) {
  size_t index = (size_t)((double)sorted->count * quantile);
  if (!sorted->count) die("latencies", "there are none");
  return (double)sorted->values[index < sorted->count ? index : sorted->count - 1] / 1e3;
}

/* "NAME":{"p50":...} in microseconds. */
static inline void print_latencies(const char *name, latencies_t *of) {
  qsort(of->values, of->count, sizeof *of->values, compare_latencies);
  printf("\"%s\":{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}", name, latency_us(of, 0.5), latency_us(of, 0.99),
         latency_us(of, 0.999), latency_us(of, 1));
}
#endif
