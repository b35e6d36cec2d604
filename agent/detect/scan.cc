#include "agent/detect/scan.h"

#include <nlohmann/json.hpp>

#include "agent/detect/finding_json.h"

namespace sonde::detect {

Result<std::string> scan_line(Engine& engine, std::string_view line) {
  using nlohmann::ordered_json;
  const Result<llm::Exchange> exchange = parse_scan_line(line);
  if (!exchange.ok()) return tl::unexpected(exchange.error());
  const Inspection inspection = engine.inspect(*exchange);

  ordered_json out;
  const ordered_json source = ordered_json::parse(line, nullptr, false);
  if (const auto id = source.find("id"); id != source.end()) out["id"] = *id;
  out["scores"] = to_json(inspection.scores);
  out["findings"] = ordered_json::array();
  for (const Finding& finding : inspection.findings) out["findings"].push_back(to_json(finding));
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace sonde::detect
