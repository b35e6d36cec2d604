#include "agent/egress/otlp.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "agent/egress/webhook.h"

namespace sonde::egress {
namespace {

using Json = nlohmann::json;

Json attribute(const char* key, Json value) { return {{"key", key}, {"value", std::move(value)}}; }

void add_text(Json& attributes, const char* key, const std::string& value) {
  if (!value.empty()) attributes.push_back(attribute(key, {{"stringValue", value}}));
}

// SeverityNumber of the logs data model: INFO 9, WARN 13, ERROR 17, FATAL 21.
int severity_number(Severity severity) {
  switch (severity) {
    case Severity::kLow:
      return 10;
    case Severity::kMedium:
      return 13;
    case Severity::kHigh:
      return 17;
    case Severity::kCritical:
      return 19;
    case Severity::kFatal:
      return 21;
    default:
      return 9;
  }
}

// 64-bit integers are strings in the JSON mapping of protobuf.
std::string nanoseconds(int64_t milliseconds) { return std::to_string(milliseconds) + "000000"; }

Json log_record(const Record& record) {
  Json attributes = Json::array();
  add_text(attributes, "sonde.uid", record.uid);
  add_text(attributes, "sonde.title", record.title);
  add_text(attributes, "sonde.status", record.status);
  add_text(attributes, "sonde.application", record.application);
  add_text(attributes, "sonde.zone", record.zone);
  add_text(attributes, "sonde.incident", record.incident_uid);
  add_text(attributes, "host.name", record.host);
  add_text(attributes, "gen_ai.provider.name", record.provider);
  add_text(attributes, "gen_ai.request.model", record.model);
  if (record.kind == RecordKind::kAlert) {
    attributes.push_back(attribute("sonde.score", {{"doubleValue", record.score}}));
  }
  return {{"timeUnixNano", nanoseconds(record.time_ms)},
          {"observedTimeUnixNano", nanoseconds(record.observed_ms)},
          {"severityNumber", severity_number(record.severity)},
          {"severityText", to_string(record.severity)},
          {"eventName", "sonde." + record.name},
          {"body", {{"stringValue", record.json}}},
          {"attributes", std::move(attributes)}};
}

size_t rejected_records(const std::string& body) {
  const Json answer = Json::parse(body, nullptr, false);
  const Json::json_pointer path("/partialSuccess/rejectedLogRecords");
  if (!answer.is_object() || !answer.contains(path)) return 0;
  const Json& count = answer[path];
  if (count.is_number_unsigned()) return count.get<size_t>();
  size_t value = 0;
  if (count.is_string()) {
    const auto& text = count.get_ref<const std::string&>();
    std::from_chars(text.data(), text.data() + text.size(), value);
  }
  return value;
}

class OtlpTarget final : public Target {
 public:
  OtlpTarget(const OtlpConfig& config, std::unique_ptr<HttpClient> client)
      : config_(config), client_(std::move(client)), headers_(config.headers) {
    headers_.emplace_back("Content-Type: application/json");
  }

  Outcome send(std::span<const Record> records, const std::string&) override {
    const auto answer =
        client_->post(config_.url, headers_, otlp_request(records, config_.product));
    Outcome outcome = judge(answer);
    if (outcome.verdict == Verdict::kDelivered) {
      outcome.refused = std::min(rejected_records(answer->body), records.size());
    }
    return outcome;
  }

  void cancel() override { client_->cancel(); }

 private:
  const OtlpConfig config_;
  const std::unique_ptr<HttpClient> client_;
  std::vector<std::string> headers_;
};

}  // namespace

std::string otlp_request(std::span<const Record> records, const Product& product) {
  Json logs = Json::array();
  for (const Record& record : records) logs.push_back(log_record(record));
  Json resource = {{"attributes",
                    {attribute("service.name", {{"stringValue", product.name}}),
                     attribute("service.version", {{"stringValue", product.version}})}}};
  Json scope = {{"scope", {{"name", "sonde"}, {"version", product.version}}},
                {"logRecords", std::move(logs)}};
  const Json request = {{"resourceLogs", Json::array({{{"resource", std::move(resource)},
                                                       {"scopeLogs", Json::array({scope})}}})}};
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::unique_ptr<Target>> make_otlp_target(const OtlpConfig& config) {
  if (const std::string problem = url_problem(config.url); !problem.empty()) {
    return fail("url " + problem);
  }
  auto client = HttpClient::create(config.http);
  if (!client.ok()) return tl::unexpected<Error>(client.error());
  return std::unique_ptr<Target>(std::make_unique<OtlpTarget>(config, std::move(*client)));
}

}  // namespace sonde::egress
