// An event stream, whole and byte by byte: the messages must be the same.
#include <cstdint>
#include <cstdlib>

#include "agent/llm/event_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const sonde::Bytes stream = std::as_bytes(std::span(data, size));
  const sonde::Limits limits;
  sonde::llm::EventStreamParser whole(limits);
  sonde::llm::EventStreamParser cut(limits);
  std::vector<sonde::llm::EventStreamMessage> a;
  std::vector<sonde::llm::EventStreamMessage> b;
  whole.consume(stream, a);
  for (size_t i = 0; i < stream.size(); ++i) cut.consume(stream.subspan(i, 1), b);
  if (a.size() != b.size()) std::abort();
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].type != b[i].type || a[i].payload != b[i].payload) std::abort();
  }
  return 0;
}
