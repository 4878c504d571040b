/* Reads one partition again and again, a number of batches with each request, from one connection, without looking at them.
 *
 *   raw-fetch port= topic= batches= [records=60] [bytes=1024] [batchesPerFetch=17] [inFlight=2] [seconds=5]
 *
 * The partition was filled by raw-produce with `batches` batches of the same records and bytes, so that the offset of the
 * next piece is known before the last one has come. Seventeen batches of 60 KiB are a mebibyte. */
#include "sockets.h"

enum { piece_bytes = 262144, header_bytes_max = 512 };

int main(int argc, char **argv) {
  (void)argc;
  const char *topic = option(argv, "topic", NULL);
  int records = (int)number(argv, "records", "60"), in_flight_max = (int)number(argv, "inFlight", "2");
  int batches_per_fetch = (int)number(argv, "batchesPerFetch", "17");
  int max_bytes = batches_per_fetch * (int)batch_size(records, (size_t)number(argv, "bytes", "1024"));
  uint64_t records_per_fetch = (uint64_t)(records * batches_per_fetch);
  uint64_t fetches = (uint64_t)number(argv, "batches", NULL) / (uint64_t)batches_per_fetch;
  if (!fetches) die("batches", "there are too few");
  double seconds = number(argv, "seconds", "5");
  size_t offset_at;
  buffer_t request = fetch_request(topic, 0, max_bytes, &offset_at);
  uint8_t *piece = allocate(piece_bytes);
  int fd = connect_to((int)number(argv, "port", NULL));
  uint64_t sent = 0, answered = 0, start = now_ns(), end = start + (uint64_t)(seconds * 1e9);
  int is_over = 0;
  while (!is_over || answered < sent) {
    for (; !is_over && sent - answered < (uint64_t)in_flight_max; sent++) {
      buffer_t offset = {request.bytes, offset_at};
      put_int(&offset, sent % fetches * records_per_fetch, 8);
      set_int32(request.bytes + correlation_id_at, (uint32_t)sent);
      write_fully(fd, request.bytes, request.size);
    }
    size_t header_bytes = 4 + 4 + 4 + 2 + 4 + 4 + 2 + strlen(topic) + 4 + 4 + 2 + 24 + 4 + 4 + 4;
    read_fully(fd, piece, header_bytes);
    size_t records_at = fetch_records_at(piece, topic);
    if (records_at + 4 != header_bytes) die("Fetch", "the answer has another form");
    if ((uint32_t)get_int(piece + 4, 4) != (uint32_t)answered) die("Fetch", "the answer is to another request");
    if (get_int(piece + records_at, 4) != max_bytes) die("Fetch", "the answer has another size");
    for (size_t left = (size_t)max_bytes; left;) {
      ssize_t count = read(fd, piece, left < piece_bytes ? left : piece_bytes);
      if (count <= 0) die_errno("read");
      left -= (size_t)count;
    }
    answered++;
    is_over = now_ns() >= end;
  }
  double elapsed = (double)(now_ns() - start) / 1e9;
  print_throughput(answered * records_per_fetch, answered * (uint64_t)max_bytes, answered, elapsed);
  return 0;
}
