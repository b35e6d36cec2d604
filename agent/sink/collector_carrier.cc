#include "agent/sink/collector_carrier.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sonde::sink {
namespace {

using Json = nlohmann::json;
using Verdict = Carried::Verdict;

// Statuses that speak of the content; all others may pass (RFC 9110, 15): authentication can be
// put right, a route or proxy comes back, 429 and 5xx say so themselves.
bool refuses_content(int status) {
  return status == 400 || status == 413 || status == 415 || status == 422;
}

std::string_view refusal_hint(int status) {
  switch (status) {
    case 401:
    case 403:
      return "check the agent's certificate or token";
    case 404:
    case 405:
      return "check collector.url";
    default:
      return "it will be tried again";
  }
}

uint64_t count_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

Carried try_again(std::string trouble) {
  Carried carried;
  carried.verdict = Verdict::kTryAgain;
  carried.trouble = std::move(trouble);
  return carried;
}

// Whatever answers 200 is believed only if it accounts for every line.
Carried read_result(const Answer& answer, size_t sent) {
  const Json result = Json::parse(answer.body, nullptr, false);
  const auto rejected = result.is_object() ? result.find("rejected") : result.end();
  if (!result.is_object() || rejected == result.end() || !rejected->is_array()) {
    return try_again("what answers is no collector: check collector.url");
  }
  Carried carried;
  // The list of lines is cut by the collector; the count is not.
  carried.refused = std::max<uint64_t>(count_of(result, "rejected_count"), rejected->size());
  const uint64_t stored = count_of(result, "accepted") + count_of(result, "duplicates");
  if (stored + carried.refused != sent) {
    // A record that is not one line, say: bisecting finds it.
    carried.verdict = Verdict::kRefused;
    return carried;
  }
  for (const Json& line : *rejected) {
    const uint64_t number = line.is_object() ? count_of(line, "line") : 0;
    if (number >= 1 && number <= sent) carried.refused_at.push_back(number - 1);
  }
  return carried;
}

}  // namespace

Carried CollectorCarrier::carry(std::span<const Record> records) {
  body_.clear();
  for (const Record& record : records) append_envelope(record, body_);
  const auto answer = transport_->post(body_);
  if (!answer.ok()) return try_again(answer.error().message);
  if (answer->status == 200) return read_result(*answer, records.size());
  Carried carried = try_again(
      fmt::format("the collector answers {}: {}", answer->status, refusal_hint(answer->status)));
  if (refuses_content(answer->status)) carried.verdict = Verdict::kRefused;
  carried.wait = answer->retry_after.value_or(std::chrono::seconds(0));
  return carried;
}

}  // namespace sonde::sink
