#include "agent/sink/target_carrier.h"

#include <initializer_list>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sonde::sink {
namespace {

using Json = nlohmann::json;

const Json* find(const Json& json, std::initializer_list<const char*> path) {
  const Json* at = &json;
  for (const char* key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at;
}

std::string text(const Json& json, std::initializer_list<const char*> path) {
  const Json* found = find(json, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

int64_t integer(const Json& json, std::initializer_list<const char*> path) {
  const Json* found = find(json, path);
  return found != nullptr && found->is_number_integer() ? found->get<int64_t>() : 0;
}

Carried::Verdict verdict_of(egress::Verdict verdict) {
  switch (verdict) {
    case egress::Verdict::kDelivered:
      return Carried::Verdict::kDelivered;
    case egress::Verdict::kTryAgain:
      return Carried::Verdict::kTryAgain;
    case egress::Verdict::kRefused:
      return Carried::Verdict::kRefused;
  }
  return Carried::Verdict::kTryAgain;
}

}  // namespace

egress::Record to_egress(const Record& record) {
  egress::Record out;
  out.json = record.json;
  const Json json = Json::parse(record.json, nullptr, false);
  if (!json.is_object()) return out;
  out.uid = text(json, {"finding_info", "uid"});
  out.time_ms = integer(json, {"time"});
  out.observed_ms = out.time_ms;
  out.name = text(json, {"unmapped", "sonde", "alert"});
  out.title = text(json, {"finding_info", "title"});
  // OCSF counts informational as 1.
  out.severity = static_cast<Severity>(static_cast<int64_t>(record.severity) + 1);
  out.status = "new";
  out.host = text(json, {"device", "hostname"});
  out.application = text(json, {"unmapped", "sonde", "application"});
  out.provider = text(json, {"ai_model", "ai_provider"});
  out.model = text(json, {"ai_model", "name"});
  out.zone = text(json, {"unmapped", "sonde", "zone"});
  out.evidence = text(json, {"unmapped", "sonde", "evidence", "text"});
  const Json* score = find(json, {"unmapped", "sonde", "score"});
  if (score != nullptr && score->is_number()) out.score = score->get<double>();
  return out;
}

Carried TargetCarrier::carry(std::span<const Record> records) {
  std::vector<egress::Record> batch;
  batch.reserve(records.size());
  for (const Record& record : records) batch.push_back(to_egress(record));
  // The same records sent again have the same name.
  const std::string delivery =
      fmt::format("{}-{}-{}-{}", name_, batch.front().uid, batch.back().uid, batch.size());
  const egress::Outcome outcome = target_->send(batch, delivery);
  Carried carried;
  carried.verdict = verdict_of(outcome.verdict);
  carried.trouble = outcome.trouble;
  carried.wait = outcome.wait;
  carried.refused = outcome.refused;
  return carried;
}

}  // namespace sonde::sink
