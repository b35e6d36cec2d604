#include "collector/app/demo_conversation.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

namespace sonde::collector {
namespace {

using Json = nlohmann::json;

size_t code_points(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string kind_of(const Json& message) {
  const std::string zone = message["zone"];
  if (zone == "system" || zone == "developer") return "instructions";
  if (zone == "tool") return "tool_result";
  return zone == "assistant" && message.contains("tool") ? "tool_call" : "message";
}

// `place`: [index of the message, text in it].
Json span_of(const Json& scenario, const Json& place) {
  const std::string whole = scenario["messages"][place[0].get<size_t>()]["text"];
  const std::string segment = place[1];
  const size_t start = code_points(std::string_view(whole).substr(0, whole.find(segment)));
  return {{"start", start}, {"end", start + code_points(segment)}};
}

}  // namespace

Json demo_conversation(const Json& scenario, const std::string& level) {
  Json conversation = Json::array();
  const Json& messages = scenario["messages"];
  for (size_t i = 0; i < messages.size(); ++i) {
    const Json& message = messages[i];
    const std::string text = message["text"];
    Json shown = {{"message_index", i},
                  {"zone", message["zone"]},
                  {"kind", kind_of(message)},
                  {"length", code_points(text)}};
    if (message.contains("tool")) shown["tool"] = message["tool"];
    for (const auto& [key, mark] : {std::pair("evidence", "suspicious"), {"cause", "cause"}}) {
      if (!scenario.contains(key) || scenario[key][0] != Json(i)) continue;
      shown[mark] = true;
      shown["highlight"] = span_of(scenario, scenario[key]);
    }
    if (level == "full" || shown.contains("highlight")) shown["text"] = text;
    conversation.push_back(std::move(shown));
  }
  return conversation;
}

Json demo_evidence(const Json& scenario) {
  const Json& place = scenario["evidence"];
  Json evidence = span_of(scenario, place);
  evidence["text"] = place[1];
  evidence["highlight"] = {{"start", 0}, {"end", code_points(place[1].get<std::string>())}};
  evidence["message_index"] = place[0];
  return evidence;
}

}  // namespace sonde::collector
