// An event stream, whole and byte by byte: the events must be the same.
#include <cstdint>
#include <cstdlib>

#include "agent/http/sse.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const sonde::Bytes stream = std::as_bytes(std::span(data, size));
  const sonde::Limits limits;
  sonde::http::SseParser whole(limits);
  sonde::http::SseParser cut(limits);
  std::vector<sonde::http::SseEvent> a;
  std::vector<sonde::http::SseEvent> b;
  whole.consume(stream, a);
  whole.finish(a);
  for (size_t i = 0; i < stream.size(); ++i) cut.consume(stream.subspan(i, 1), b);
  cut.finish(b);
  if (a.size() != b.size()) std::abort();
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].data != b[i].data || a[i].event != b[i].event || a[i].id != b[i].id) std::abort();
  }
  return 0;
}
