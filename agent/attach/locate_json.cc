#include "agent/attach/locate_json.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sonde::attach {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const FunctionSite& site) {
  Json json{{"function", to_string(site.function)},
            {"symbol", site.symbol},
            {"address", site.address},
            {"file_offset", site.file_offset},
            {"evidence", site.evidence}};
  if (!needs_returns(site.function)) return json;
  Json offsets = Json::array();
  Json shared = Json::array();
  for (const ReturnSite& site_return : site.returns) {
    offsets.push_back(site_return.file_offset);
    if (site_return.shared) shared.push_back(site_return.file_offset);
  }
  json["return_offsets"] = std::move(offsets);
  if (!shared.empty()) json["shared_return_offsets"] = std::move(shared);
  if (!site.returns_refused.empty()) json["returns_refused"] = site.returns_refused;
  return json;
}

Json to_json(const TlsTarget& target) {
  Json json{{"stack", to_string(target.stack)}};
  if (!target.flavour.empty()) json["flavour"] = target.flavour;
  if (!target.version.empty()) json["version"] = target.version;
  json["located_by"] = to_string(target.located_by);
  json["evidence"] = target.evidence;
  Json functions = Json::array();
  for (const FunctionSite& site : target.functions) functions.push_back(to_json(site));
  json["functions"] = std::move(functions);
  return json;
}

}  // namespace

std::string to_json(const std::filesystem::path& file, const LocateReport& report) {
  Json json{{"schema", "sonde.locate/1"}, {"file", file.string()}, {"machine", report.machine}};
  if (!report.build_id.empty()) json["build_id"] = report.build_id;
  json["targets"] = Json::array();
  for (const TlsTarget& target : report.targets) json["targets"].push_back(to_json(target));
  json["refusals"] = Json::array();
  for (const Refusal& refusal : report.refusals) {
    json["refusals"].push_back({{"stack", to_string(refusal.stack)}, {"reason", refusal.reason}});
  }
  if (!report.nothing_found.empty()) json["reason"] = report.nothing_found;
  // A file name or a symbol may hold bytes that are no UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_text(const std::filesystem::path& file, const LocateReport& report) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{}: {}, build-id {}\n", file.string(), report.machine,
                 report.build_id.empty() ? "none" : report.build_id);
  for (const TlsTarget& target : report.targets) {
    fmt::format_to(out, "  {}{}{}{}{} located by {} ({})\n", to_string(target.stack),
                   target.flavour.empty() ? "" : "/", target.flavour,
                   target.version.empty() ? "" : " ", target.version, to_string(target.located_by),
                   target.evidence);
    for (const FunctionSite& site : target.functions) {
      fmt::format_to(out, "    {:<28} offset {:#x}", site.symbol, site.file_offset);
      for (size_t i = 0; i < site.returns.size(); ++i) {
        fmt::format_to(out, "{}{:#x}{}", i == 0 ? ", returns " : " ", site.returns[i].file_offset,
                       site.returns[i].shared ? "*" : "");
      }
      if (!site.returns_refused.empty()) {
        fmt::format_to(out, ", returns not decided: {}", site.returns_refused);
      }
      text += '\n';
    }
  }
  if (!report.nothing_found.empty()) fmt::format_to(out, "  {}\n", report.nothing_found);
  for (const Refusal& refusal : report.refusals) {
    fmt::format_to(out, "  {} refused: {}\n", to_string(refusal.stack), refusal.reason);
  }
  return text;
}

}  // namespace sonde::attach
