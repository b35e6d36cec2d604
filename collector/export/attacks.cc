#include "collector/export/attacks.h"

#include <nlohmann/json.hpp>

namespace sonde::exporting {
namespace {

using Json = nlohmann::json;

constexpr size_t kUidBytes = 32;

Json attacks_in(const std::string& ocsf) {
  const Json json = Json::parse(ocsf, nullptr, false);
  const Json::json_pointer path("/finding_info/attacks");
  if (!json.is_object() || !json.contains(path) || !json[path].is_array()) return Json::array();
  return json[path];
}

// {uid, name}; "" where the entry names none.
std::pair<std::string, std::string> technique_of(const Json& attack) {
  for (const char* key : {"sub_technique", "technique"}) {
    if (!attack.is_object() || !attack.contains(key) || !attack[key].is_object()) continue;
    const Json& technique = attack[key];
    const auto text = [&technique](const char* member) {
      const auto found = technique.find(member);
      return found != technique.end() && found->is_string() ? found->get<std::string>() : "";
    };
    std::string uid = text("uid");
    if (uid.empty() || uid.size() > kUidBytes) continue;
    std::string name = text("name");
    return {uid, name.empty() ? uid : name};
  }
  return {};
}

}  // namespace

std::map<std::string, std::string> techniques(const std::string& ocsf) {
  std::map<std::string, std::string> found;
  for (const Json& attack : attacks_in(ocsf)) {
    auto [uid, name] = technique_of(attack);
    if (!uid.empty()) found.emplace(std::move(uid), std::move(name));
  }
  return found;
}

Json attacks_of(const std::vector<std::string>& ocsf) {
  std::map<std::string, Json> found;
  for (const std::string& text : ocsf) {
    for (const Json& attack : attacks_in(text)) {
      if (auto [uid, name] = technique_of(attack); !uid.empty()) found.emplace(uid, attack);
    }
  }
  Json attacks = Json::array();
  for (auto& [uid, attack] : found) attacks.push_back(std::move(attack));
  return attacks;
}

}  // namespace sonde::exporting
