#include "agent/attach/report_codec.h"

#include <nlohmann/json.hpp>

namespace sonde::attach {
namespace {

using Json = nlohmann::json;

// Raised whenever a locator would answer differently, or the format changes.
constexpr int kVersion = 3;

Json encode(const FunctionSite& site) {
  Json returns = Json::array();
  for (const ReturnSite& site_return : site.returns) {
    returns.push_back({site_return.file_offset, site_return.shared});
  }
  return {{"function", static_cast<int>(site.function)},
          {"symbol", site.symbol},
          {"address", site.address},
          {"offset", site.file_offset},
          {"returns", std::move(returns)},
          {"refused", site.returns_refused},
          {"evidence", site.evidence}};
}

Json encode(const TlsTarget& target) {
  Json functions = Json::array();
  for (const FunctionSite& site : target.functions) functions.push_back(encode(site));
  return {{"stack", static_cast<int>(target.stack)},
          {"flavour", target.flavour},
          {"version", target.version},
          {"located_by", static_cast<int>(target.located_by)},
          {"functions", std::move(functions)},
          {"evidence", target.evidence}};
}

// The enumerator of a number; one that is not below `last` or equal to it is no report's.
template <typename Enum>
Enum decode_enum(const Json& json, Enum last) {
  const auto value = json.get<uint8_t>();
  if (value > static_cast<uint8_t>(last))
    throw Json::out_of_range::create(401, "enumerator", &json);
  return static_cast<Enum>(value);
}

FunctionSite decode_site(const Json& json) {
  FunctionSite site{.function = decode_enum(json.at("function"), Function::kRingChachaOpen),
                    .symbol = json.at("symbol"),
                    .address = json.at("address"),
                    .file_offset = json.at("offset"),
                    .returns_refused = json.at("refused"),
                    .evidence = json.at("evidence")};
  for (const Json& item : json.at("returns")) {
    site.returns.push_back({item.at(0).get<uint64_t>(), item.at(1).get<bool>()});
  }
  return site;
}

TlsTarget decode_target(const Json& json) {
  TlsTarget target{.stack = decode_enum(json.at("stack"), Stack::kRustls),
                   .flavour = json.at("flavour"),
                   .version = json.at("version"),
                   .located_by = decode_enum(json.at("located_by"), LocatedBy::kAead),
                   .evidence = json.at("evidence")};
  for (const Json& item : json.at("functions")) target.functions.push_back(decode_site(item));
  return target;
}

}  // namespace

std::string encode_report(const LocateReport& report) {
  Json json{{"version", kVersion}, {"build_id", report.build_id}, {"machine", report.machine}};
  json["targets"] = Json::array();
  for (const TlsTarget& target : report.targets) json["targets"].push_back(encode(target));
  json["refusals"] = Json::array();
  for (const Refusal& refusal : report.refusals) {
    json["refusals"].push_back({static_cast<int>(refusal.stack), refusal.reason});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<LocateReport> decode_report(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("version") != kVersion) return std::nullopt;
    LocateReport report{.build_id = json.at("build_id"), .machine = json.at("machine")};
    for (const Json& item : json.at("targets")) report.targets.push_back(decode_target(item));
    for (const Json& item : json.at("refusals")) {
      report.refusals.push_back({decode_enum(item.at(0), Stack::kRustls), item.at(1)});
    }
    return report;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace sonde::attach
