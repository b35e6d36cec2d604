// The spool's files as a crash, a bad disk or a stranger may leave them.
#include <cstdint>
#include <string_view>

#include "agent/sink/spool_format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sonde::sink;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  SegmentHeader header;
  decode_segment_header(bytes, header);
  if (const auto cursor = decode_cursor(bytes)) {
    if (encode_cursor(*cursor) != bytes) __builtin_trap();
  }
  for (size_t at = 0; at < bytes.size();) {
    EntryView entry;
    if (decode_entry(bytes.substr(at), entry) == EntryState::kEntry) {
      if (entry.size > bytes.size() - at) __builtin_trap();
      at += entry.size;
    } else {
      const size_t next = find_entry(bytes, at + 1);
      if (next == std::string_view::npos) break;
      at = next;
    }
  }
  return 0;
}
