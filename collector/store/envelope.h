// Reads what agents send: one JSON envelope a line, each an alert, an activity record or a
// heartbeat.
//
// Hostile input: every value is checked for type and size, nothing is assumed to be there, and a
// line that does not fit is refused with a reason that quotes none of its values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/alert.h"

namespace sonde::store {

struct EnvelopeLimits {
  size_t line_bytes = 1 << 20;
  size_t depth = 64;
  size_t entities = 64;
  size_t coverage = 4096;
  size_t counters = 512;
};

struct Usage {
  std::string kind;  // application, provider, model, tool, mcp_server, key
  std::string name;
};

// Metadata of one exchange.
struct Activity {
  std::string exchange_id;
  int64_t time_ms = 0;
  std::string agent_id;
  std::string host;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
  std::vector<Usage> uses;
  std::string record;  // the JSON object as sent
};

struct Heartbeat {
  std::string agent_id;
  std::string hostname;
  std::string version;
  std::string kernel;
  int64_t started_ms = 0;
  int64_t covered = 0;
  int64_t not_covered = 0;
  std::string counters;        // JSON object, checked
  std::string coverage;        // JSON array, checked
  int64_t policy_version = 0;  // that holds; 0: none
  int64_t policy_refused = 0;  // a later one that does not hold
  std::string policy_trouble;  // and why
};

using Envelope = std::variant<NewAlert, Activity, Heartbeat>;

// Owns the JSON parser's memory, so that a batch allocates once. One thread at a time.
class EnvelopeReader {
 public:
  explicit EnvelopeReader(EnvelopeLimits limits = {});
  ~EnvelopeReader();
  EnvelopeReader(EnvelopeReader&&) noexcept;
  EnvelopeReader& operator=(EnvelopeReader&&) noexcept;

  // Bytes that must be readable behind a line (the parser reads in blocks).
  static constexpr size_t kPadding = 64;

  // `line` without its newline, followed by kPadding readable bytes of any value. `sender` is the
  // agent id that authentication proved; a record that names another one is refused.
  Result<Envelope> read(std::string_view line, std::string_view sender);

 private:
  struct Parsers;
  EnvelopeLimits limits_;
  std::unique_ptr<Parsers> parsers_;
};

// RFC 3339 ("2026-11-23T07:00:00.123456Z", or with an offset) to milliseconds since 1970.
Result<int64_t> parse_rfc3339_ms(std::string_view text);

}  // namespace sonde::store
