// Records that user space adds to the event stream: a fixed part, then a JSON text
// (include/sonde/abi.h).
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#include <time.h>

#include "sonde/abi.h"

namespace sonde {

// `record` is one whose fixed part ends with json_len; its header is filled in here.
template <typename Record>
std::vector<std::byte> json_record(Record record, uint16_t kind, uint32_t tgid,
                                   std::string_view json) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  record.header.kind = kind;
  record.header.version = SONDE_ABI_VERSION;
  record.header.size = static_cast<uint32_t>(sizeof(record) + json.size());
  record.header.time_ns =
      static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  record.header.tgid = tgid;
  record.header.tid = tgid;
  record.json_len = static_cast<uint32_t>(json.size());
  std::vector<std::byte> bytes(record.header.size);
  std::memcpy(bytes.data(), &record, sizeof(record));
  std::memcpy(bytes.data() + sizeof(record), json.data(), json.size());
  return bytes;
}

}  // namespace sonde
