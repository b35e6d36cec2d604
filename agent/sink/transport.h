// One request to the collector and its answer.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sonde::sink {

struct Answer {
  int status = 0;
  std::string body;  // cut at 1 MiB
  std::optional<std::chrono::seconds> retry_after;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // POSTs NDJSON to /api/v1/ingest. An error means that there was no answer.
  virtual Result<Answer> post(std::string_view ndjson) = 0;
  // Any thread: a post() under way, and all later ones, end at once with an error.
  virtual void cancel() = 0;
};

}  // namespace sonde::sink
